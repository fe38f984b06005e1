//! Code that server, terminal and commands share to show things to people, or to keep small values for them.
//!
#![doc = include_str!("../README.md")]

mod asked;
mod clean;
mod clock;
mod file_name;
mod fit;
pub mod keepers;
mod kept;
pub mod limits;
mod lines;
mod pasted;
mod rooms;
mod rules;
pub mod show;
mod who;

pub use self::{
    asked::Search,
    clean::{clean, clean_name, escaped, steers},
    clock::Clock,
    file_name::{parts, safe_name, size},
    fit::fit,
    kept::Kept,
    lines::{Line, read_line},
    pasted::{find_ticket, holds_ticket},
    rooms::{beginnings, choose, founded, handing_over, title},
    rules::{DISPLAY_HELP, NO_RULES, RULES_HELP, displayed, held_back, read_display, read_rules, ruled, rules_here},
    show::VERIFIED,
    who::{Name, Named, Names, counts},
};
