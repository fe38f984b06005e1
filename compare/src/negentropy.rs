//! Range-based set reconciliation by the `negentropy` crate, over the same entries.

use ::negentropy::{Error, Id, Negentropy, NegentropyStorageVector};
use rumormill_sim::{
    Story, Violation,
    study::difference::{Contender, Difference, Part, Said},
};

/// Number of messages after which it counts as endless: a set of a million is split six times.
const STEPS: usize = 100;

/// The lacking peer asks, as clients do, and frames may have any size. Times are in seconds, as in its usual
/// application, and ids are the 32 bytes that it requires.
pub(crate) struct Reconciliation;

impl Contender for Reconciliation {
    fn name(&self) -> &str {
        "negentropy 0.5"
    }

    fn compare(&self, difference: &Difference) -> Story<Said> {
        let broken = |sentence| {
            let (property, seed) = ("negentropy finds what is missing", difference.seed);
            Violation { property, sentence, seed, at_us: 0, test: String::new() }
        };
        let (said, found) = reconcile(difference).map_err(|error| broken(error.to_string()))?;
        let missing: usize = difference.parts.iter().map(|part| part.items.len() - part.held).sum();
        if found == missing { Ok(said) } else { Err(broken(format!("{found} found of {missing}"))) }
    }
}

/// The traffic, and the number of missing entries found.
fn reconcile(difference: &Difference) -> Result<(Said, usize), Error> {
    let mut lacking = Negentropy::owned(storage(difference, |part| part.held)?, 0)?;
    let mut whole = Negentropy::owned(storage(difference, |part| part.items.len())?, 0)?;
    let (mut said, mut have, mut need) = (Said::default(), Vec::new(), Vec::new());
    let mut query = Some(lacking.initiate()?);
    for _ in 0..STEPS {
        let Some(asked) = query.take() else { break };
        let answer = whole.reconcile(&asked)?;
        said.bytes[0] += asked.len();
        said.bytes[1] += answer.len();
        said.frames += 2;
        query = lacking.reconcile_with_ids(&answer, &mut have, &mut need)?;
    }
    Ok((said, need.len()))
}

/// The first `count` entries of each log.
fn storage(difference: &Difference, count: impl Fn(&Part) -> usize) -> Result<NegentropyStorageVector, Error> {
    let mut storage = NegentropyStorageVector::new();
    for part in &difference.parts {
        for item in &part.items[..count(part)] {
            storage.insert(item.ms / 1_000, Id::from_byte_array(item.id.0))?;
        }
    }
    storage.seal()?;
    Ok(storage)
}
