//! C9: endless authors, some vouched for by an author who was vouched for once.

use rumormill_sim::study::{Lot, Table, crowd};

use crate::{Attack, Bound, Form, Outcome};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C9",
    name: "authors",
    says: "a member that got a reply once speaks under 1,000 new keys a second and mentions them all; newcomers are \
        read, honest nodes agree",
    defences: &["evict", "vouch", "share", "guest"],
    run,
};

fn run(form: Form) -> Outcome {
    let lot = Lot { quick: form == Form::Short, ..Lot::quick(1) };
    let tables = crowd::study(&lot).unwrap_or_else(|violation| panic!("{violation}"));
    let table = &tables[0];
    let mut outcome = Outcome::default();
    let newcomer = figure(table, "newcomer %") as u64;
    outcome.count("percentage of honest peers that show the newcomer", newcomer, Bound::AtLeast(95));
    outcome.count("percentage that show each member", figure(table, "members %") as u64, Bound::Is(100));
    let most = figure(table, "may be") as u64 + 64;
    outcome.count("authors held", figure(table, "authors") as u64, Bound::AtMost(most));
    let equal = figure(table, "equal ms");
    outcome.count("simulated milliseconds until all hold the same", equal as u64, Bound::AtMost(60_000));
    let calm = figure(table, "calm ms");
    let most = (1.2 * calm).max(calm + 10.0) as u64;
    outcome.count("simulated milliseconds that a line takes", figure(table, "flood ms") as u64, Bound::AtMost(most));
    outcome
}

fn figure(table: &Table, name: &str) -> f64 {
    let at = table.measures.iter().position(|measure| measure.name == name);
    at.map_or(f64::NAN, |at| table.rows[0].figures[at].most)
}
