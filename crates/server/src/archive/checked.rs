//! Converts the findings of a check into the types of the API.

use rumormill_api::{AuthorHex, Check, Damage};
use rumormill_node::{CheckReport, Fault, Problem};

/// Converts a report, without the names of people.
pub fn checked(report: &CheckReport) -> Check {
    let damage = |problem: &Problem| Damage {
        author: AuthorHex(problem.author.to_string()),
        nick: String::new(),
        first: problem.first,
        last: problem.last,
        what: match problem.fault {
            Fault::Missing => "missing".into(),
            Fault::Refused(why) => why.to_string(),
            fault => format!("{fault:?}").to_lowercase(),
        },
    };
    Check {
        clean: report.is_clean(),
        entries: report.entries,
        signatures: report.signatures,
        wanted: report.wanted,
        damaged: report.problems.iter().map(damage).collect(),
        unlisted: report.unlisted,
        file: report.file.clone(),
    }
}

/// Adds a problem that is not in the report.
pub fn spoil(check: &mut Check, what: String) {
    check.clean = false;
    check.file.push(what);
}
