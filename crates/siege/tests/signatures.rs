//! V14: the one verdict on signatures, compared with the vectors of Project Wycheproof.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a test")]

use rumormill_proto::{admit::verify, ids::AuthorId, run::Signature};
use wycheproof::{TestResult, eddsa};

#[test]
fn every_vector_gets_the_verdict_it_says() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        let author = AuthorId(group.key.pk.as_slice().try_into().unwrap());
        for test in group.tests {
            let signature = <&Signature>::try_from(&test.sig[..]);
            let taken = signature.is_ok_and(|signature| verify(&author, &test.msg, signature).is_ok());
            // A strict verdict refuses signatures that some accept.
            assert_eq!(taken, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            if taken { valid += 1 } else { invalid += 1 }
        }
    }
    assert!(valid > 50 && invalid > 50, "{valid} taken, {invalid} refused");
}
