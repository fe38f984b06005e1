//! Bounds of the epochs of a closed room, their secrets and their boxes.

/// Epochs that one act says it follows. 32 bytes each; two people who remove somebody at the same time make two to follow.
pub const ACT_EPOCHS: usize = 16;

/// Secrets that a node holds of a closed room: one for each person that was removed in years. 64 bytes each, 256 KiB.
pub const EPOCHS: usize = 4_096;

/// Secrets among them that no act names so far: those of the acts that are on their way, and of epochs whose act fell. A
/// newcomer is handed secrets before acts.
pub const EPOCHS_UNNAMED: usize = 1_024;

/// Epochs whose ids begin alike, of which each is tried: two take 2^32 work to make.
pub const EPOCHS_ALIKE: usize = 4;

/// Boxes in one act: 112 bytes each, 4.5 of the 8 KiB of [`BODY_BYTES`](super::BODY_BYTES).
pub const ACT_BOXES: usize = 40;

/// Secrets of earlier epochs in one act, sealed: 3 KiB beside [`ACT_BOXES`].
pub const BOXED_SECRETS: usize = 96;

/// Milliseconds after which members write the boxes that somebody lacks and that whoever should have written them did not:
/// most people who let somebody in are heard of by then. Each waits up to twice as long, so that mostly one of them does.
pub const BOXES_MS: u64 = 3_600_000;

/// Steps from epochs to those they follow, in search of one that answers every ending: a thousand epochs, each of them
/// with 64 steps.
pub const EPOCH_STEPS: usize = 65_536;

/// Secrets in one frame: 32 kB.
pub const SECRETS_FRAME: usize = 1_024;

/// Milliseconds after which a secret that an act names is asked for: it comes before the act, unless a frame was lost.
pub const SECRETS_ASK_MS: u64 = 2_000;

/// How often the pause between two such questions doubles, up to two minutes: nobody may have the secret any more.
pub const SECRETS_ASKED: u32 = 6;

/// Milliseconds for which words wait for an epoch that somebody else makes: twice a round trip around the world, and
/// what people do not wait for.
pub const EPOCH_MS: u64 = 1_000;
