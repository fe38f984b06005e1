//! Generated input, by the hundred million: bytes for every decoder, and sequences of hostile frames for whole engines.
//!
//! This is a driver of our own, because coverage-guided ones need another compiler. Inputs are made from valid ones by
//! a few changes each, and an input with a new result joins those that others are made from.

pub mod decoders;
pub mod sequences;
