//! Serves `/v1` over a node, to the process itself, to other commands, and to pages and scripts.
//!
#![doc = include_str!("../README.md")]

mod answer;
mod api;
mod archive;
mod in_process;
mod limits;
mod lock;
mod passphrase;
mod secret;
mod serve;
mod told;

pub use self::{
    answer::Refusal,
    api::{Api, Typing, for_keepers, read_name, read_ticket, shares},
    archive::{
        checked::{checked, spoil},
        import::{broken, cut, parts, read_said},
        reader::{Bad, Piece, Reader, Verified},
    },
    limits::{EXPORT_PIECE_BYTES, EXPORT_PIECES},
    passphrase::{open_key, seal_key},
    serve::{Desk, Door, LINK, Link, Metrics, PageFile, PageSettings, Wanted},
    told::reached,
};
