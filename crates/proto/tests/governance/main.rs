//! The governance of closed rooms: the faults of earlier drafts as stories, the laws of the fold over random worlds,
//! every order of arrival of four acts, and worlds that the model of the fold printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// Shared with the example that folds such worlds by the hundred thousand.
#[allow(dead_code)]
#[path = "../../examples/fold/world.rs"]
mod world;

mod admission;
mod books;
mod closing;
mod forks;
mod laws;
mod orders;
mod people;
mod ranks;
mod removal;
mod rules;
mod words;
mod worlds;
