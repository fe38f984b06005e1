//! Made-up input, by the hundred million: bytes for every decoder, and sequences of hostile frames for whole engines.
//!
//! A driver of its own, for what finds its way by coverage needs another compiler. Inputs are made from good ones by a few
//! changes each, and one that is answered in a way not seen before joins those that others are made from.

pub mod decoders;
pub mod sequences;
