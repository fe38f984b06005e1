//! A switch for each defence, so that the siege can show that its attack succeeds without it.
//!
//! Product code asks [`is_on`] where a defence decides. The feature `mutants`, which no product enables, lets a program
//! switch one defence off when it begins; without the feature the question is a constant.

/// Whether the defence of this name is in force.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn is_on(_name: &str) -> bool {
    true
}

/// Whether the defence of this name is in force.
#[cfg(feature = "mutants")]
pub fn is_on(name: &str) -> bool {
    switch::OFF.get().is_none_or(|off| *off != name)
}

#[cfg(feature = "mutants")]
pub use switch::switch_off;

#[cfg(feature = "mutants")]
mod switch {
    use std::sync::OnceLock;

    pub(super) static OFF: OnceLock<String> = OnceLock::new();

    /// Switches one defence off for the rest of this process; later calls change nothing.
    pub fn switch_off(name: &str) {
        OFF.get_or_init(|| name.to_owned());
    }
}
