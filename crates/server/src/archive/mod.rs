//! Rooms outside the store: exports that still verify, exports to read, and imports.

pub(crate) mod checked;
pub(crate) mod export;
pub(crate) mod import;

mod line;
pub(crate) mod reader;
mod render;
#[cfg(test)]
mod tests;
