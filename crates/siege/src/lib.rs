//! Attacks on a room, as programs. Each is a row of a table: the threat, what the attacker does, the verdict, and the
//! defences without which the verdict changes.
//!
//! # To add an attack
//!
//! 1. Write `src/attacks/NAME.rs` with a constant [`Attack`] and its function `run`, and add the module to the list in
//!    `src/attacks/mod.rs`. Nothing else needs to know of it.
//! 2. Choose its stage:
//!    - [`engines`]: engines driven by hand in virtual time, with hostile peers that send anything. For
//!      attacks that would take too long in real time, and for counts. Start from [`engines::Engines::new`].
//!    - [`nodes`]: real nodes on loopback, and hostile peers that speak the protocol over the real transport, see [`rogue`].
//!      For places, queues, disks, delivery and memory. Start from [`nodes::besiege`].
//!    - [`product`]: the program itself, for its inputs on this machine: HTTP, consoles, typed lines. It must have been
//!      built beside this program, as `make test` and `make siege` do.
//!    - the simulator: if it already has a nature of liar or a study for the attack, run that.
//! 3. Return an [`Outcome`]: counts with their bounds, and for real nodes the measurements of [`nodes::besiege`]. A
//!    count is work done for an input, places held, bytes kept, entries of others handled before an honest one, lines
//!    that arrived, digests that are equal. It is never a time: [`Form::Short`] runs in `make test` on any machine.
//! 4. If the product asks `defence::is_on("name")`, add `name` to [`Attack::defences`]. The tests run the short form
//!    once with all defences, and once for each of these without it: that run must break a count. A defence
//!    that no attack names fails the tests.
//! 5. If a test elsewhere already covers a threat, add a line to [`attacks::HELD`] instead of an attack.
//! 6. `cargo run -p rumormill-siege -- rows` adds its row to `docs/security.md`; a test checks that.
//!
//! A defence is off for a whole process, so each run is a child process:
//!
//! ```text
//! cargo run -p rumormill-siege -- list
//! cargo run -p rumormill-siege -- run places --short                   met
//! cargo run -p rumormill-siege -- run places --short --without places  not met: the defence works
//! cargo run --release -p rumormill-siege -- table                      all in full, into docs/security.md
//! cargo run -p rumormill-siege -- table --short                        the short form of all, printed only
//! ```
//!
//! Keep a short form below three seconds: `make test` runs all of them, and all mutants.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "an attack that cannot go on has failed")]

pub mod attacks;
pub mod dice;
pub mod engines;
pub mod explore;
pub mod fuzz;
pub mod nodes;
pub mod outcome;
pub mod pen;
pub mod process;
pub mod product;
pub mod rogue;
pub mod table;

pub use crate::outcome::{Bound, Count, Delivery, Form, Outcome, Verdict};

/// One row: an attack, its threat, and the defences that stop it.
pub struct Attack {
    /// The threat's name in the list of threats, such as "V1".
    pub threat: &'static str,
    /// The attack's name, equal to its file's.
    pub name: &'static str,
    /// What the attacker does and what must hold nevertheless, in one line.
    pub says: &'static str,
    /// The switches of `defence::is_on` that this attack proves necessary.
    pub defences: &'static [&'static str],
    /// Runs the attack.
    pub run: fn(Form) -> Outcome,
}

/// A threat that a test elsewhere covers.
pub struct Held {
    /// The threat's name.
    pub threat: &'static str,
    /// The attack in that test.
    pub says: &'static str,
    /// The test's file below the root, and its function.
    pub test: (&'static str, &'static str),
}
