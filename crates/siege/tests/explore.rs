//! Every order in which three peers can receive the four entries of each case.

use rumormill_siege::explore::{Orders, cases, explore};

#[test]
fn whatever_the_order_all_end_with_the_same() {
    for case in cases() {
        assert_eq!(explore(&case, Orders::Whole), 24 * 25 * 26 / 6, "{}", case.name);
    }
}
