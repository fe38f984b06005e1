//! Attacks on a room, as programs. Each is a row of a table: the threat, what the attacker does, the verdict, and the
//! defences without which the verdict is another.
//!
//! # To add an attack
//!
//! 1. Write `src/attacks/NAME.rs` with a constant [`Attack`] and its function `run`, and add the module to the list in
//!    `src/attacks/mod.rs`. Nothing else needs to know of it.
//! 2. Choose where it happens:
//!    - [`engines`]: engines driven by hand in virtual time, with hostile peers that say whatever the attack wants. For
//!      everything that time or numbers make too long in reality, and for counts. Start from [`engines::Engines::new`].
//!    - [`nodes`]: real nodes on loopback, and hostile peers that speak the protocol over the real transport, see [`rogue`].
//!      For places, queues, disks, delivery and memory. Start from [`nodes::besiege`].
//!    - [`product`]: the program itself, for its doors on this machine: HTTP, consoles, what is typed. It must have been built
//!      beside this program, as `make test` and `make siege` do.
//!    - the simulator: where there is a nature of liar or a study for it already, run that.
//! 3. Return an [`Outcome`]: counts with their bounds, and where nodes take part what [`nodes::besiege`] measured. A count
//!    is work done for an input, places held, bytes kept, entries of others handled before an honest one, lines that
//!    arrived, digests that are equal. Never time: [`Form::Short`] runs in `make test` on any machine.
//! 4. Where the product asks `defence::is_on("name")`, put `name` into [`Attack::defences`]. The tests run the short form
//!    once as the product is, and once for each of these with the defence off: that run must break a count. A defence
//!    that no attack names fails the tests.
//! 5. Where a test elsewhere holds a threat already, add a line to [`attacks::HELD`] instead of an attack.
//! 6. `cargo run -p rumormill-siege -- rows` gives it a row in `docs/security.md`; a test holds that it has one.
//!
//! A defence is off for a whole process, so each run is a child process:
//!
//! ```text
//! cargo run -p rumormill-siege -- list
//! cargo run -p rumormill-siege -- run places --short                   met
//! cargo run -p rumormill-siege -- run places --short --without places  not met: the defence is seen to work
//! cargo run --release -p rumormill-siege -- table                      all in full, into docs/security.md; `make siege`
//! cargo run -p rumormill-siege -- table --short                        all in short, printed only
//! ```
//!
//! Keep a short form below three seconds: all of them and their mutants run in `make test`.

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

/// One row: what is tried, against what, and what stops it.
pub struct Attack {
    /// The threat's name in the list of threats, as "V1".
    pub threat: &'static str,
    /// The attack's own name, which is its file's.
    pub name: &'static str,
    /// What the attacker does and what must hold nevertheless, in one line.
    pub says: &'static str,
    /// The switches of `defence::is_on` that this attack proves.
    pub defences: &'static [&'static str],
    /// Carries it out.
    pub run: fn(Form) -> Outcome,
}

/// A threat that a test elsewhere holds.
pub struct Held {
    /// The threat's name.
    pub threat: &'static str,
    /// What is tried.
    pub says: &'static str,
    /// The test's file below the root, and the function in it.
    pub test: (&'static str, &'static str),
}
