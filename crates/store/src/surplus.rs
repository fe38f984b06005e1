//! Selects the files that a home no longer keeps.

use std::{cmp::Reverse, collections::BTreeMap};

use rumormill_proto::ids::{AuthorId, RoomId};

use crate::{
    KeepFiles,
    files::{HeldFile, RoomFile},
    limits::{AUTHOR_FILE_BYTES, HOME_FILE_BYTES, HOME_FILES},
};

/// Counts of newer files, and whether one of them exceeded the bounds: then all older files do too.
#[derive(Default)]
struct Count {
    files: u64,
    bytes: u64,
    over: bool,
}

impl Count {
    fn takes(&mut self, held: &HeldFile, keep: &KeepFiles, now_ms: u64) -> bool {
        let above = |count: u64, bound: Option<u64>| bound.is_some_and(|bound| count > bound);
        self.files += 1;
        self.bytes += held.size;
        self.over |= above(now_ms.saturating_sub(held.came_ms), keep.age_ms)
            || above(self.files, keep.count)
            || above(self.bytes, keep.bytes);
        !self.over
    }
}

/// Selects the files of `held` to remove: those over the bounds of their room or of the home, or over the share of
/// every author who offers them. `keeps` has the bounds of rooms that set some, and `offers` the authors of each file;
/// our own files have none and use nobody's share. The oldest go first.
pub fn surplus(
    mut held: Vec<HeldFile>,
    keeps: &BTreeMap<RoomId, KeepFiles>,
    offers: &BTreeMap<RoomFile, Vec<AuthorId>>,
    now_ms: u64,
) -> Vec<RoomFile> {
    held.sort_by_key(|held| Reverse((held.came_ms, held.file)));
    let home = KeepFiles { age_ms: None, count: Some(HOME_FILES as u64), bytes: Some(HOME_FILE_BYTES) };
    let share = KeepFiles { bytes: Some(AUTHOR_FILE_BYTES), ..KeepFiles::default() };
    let (mut all, mut counts) = (Count::default(), BTreeMap::<RoomId, Count>::new());
    let mut taken = BTreeMap::<AuthorId, Count>::new();
    let mut keeps_it = |held: &HeldFile| {
        let keep = keeps.get(&held.file.room).copied().unwrap_or_default();
        // An author who offers the same file as others takes no space from them.
        let by = offers.get(&held.file).map_or(&[][..], Vec::as_slice);
        let shared = by.is_empty() || by.iter().any(|by| taken.entry(*by).or_default().takes(held, &share, now_ms));
        shared && counts.entry(held.file.room).or_default().takes(held, &keep, now_ms) && all.takes(held, &home, now_ms)
    };
    held.iter().filter(|held| !keeps_it(held)).map(|held| held.file).collect()
}

#[cfg(test)]
mod tests {
    use rumormill_proto::ids::FileId;

    use super::*;

    const ROOM: RoomId = RoomId([1; 32]);
    const OTHER: RoomId = RoomId([2; 32]);

    fn file(room: RoomId, at: u8, size: u64) -> HeldFile {
        HeldFile { file: RoomFile { room, hash: FileId([at; 32]) }, size, came_ms: u64::from(at) * 10 }
    }

    fn hashes(going: &[RoomFile]) -> Vec<u8> {
        going.iter().map(|file| file.hash.0[0]).collect()
    }

    fn check(keep: KeepFiles, expected: &[u8]) {
        let held = (1..=4).map(|at| file(ROOM, at, u64::from(at) * 100)).chain([file(OTHER, 9, 1000)]).collect();
        let going = surplus(held, &BTreeMap::from([(ROOM, keep)]), &BTreeMap::new(), 50);
        assert_eq!(hashes(&going), expected, "{keep:?}");
    }

    #[test]
    fn what_came_first_goes_first_from_its_own_room() {
        let none = KeepFiles::default();
        check(none, &[]);
        check(KeepFiles { age_ms: Some(20), ..none }, &[2, 1]);
        check(KeepFiles { count: Some(1), ..none }, &[3, 2, 1]);
        check(KeepFiles { count: Some(0), ..none }, &[4, 3, 2, 1]);
        check(KeepFiles { bytes: Some(899), ..none }, &[2, 1]);
        check(KeepFiles { bytes: Some(700), ..none }, &[2, 1]);
        check(KeepFiles { bytes: Some(699), ..none }, &[3, 2, 1]);
    }

    #[test]
    fn a_home_is_bounded_whatever_its_rooms_keep() {
        let largest = HOME_FILE_BYTES / 2;
        let held = [(ROOM, 1), (OTHER, 2), (ROOM, 3), (OTHER, 4)].map(|(room, at)| file(room, at, largest)).into();
        assert_eq!(hashes(&surplus(held, &BTreeMap::new(), &BTreeMap::new(), 0)), [2, 1]);
    }

    #[test]
    fn one_author_s_files_push_out_its_own_and_nobody_else_s() {
        let (ann, loud) = (AuthorId([1; 32]), AuthorId([2; 32]));
        let large = AUTHOR_FILE_BYTES / 2;
        let held: Vec<_> = [(1, 100), (2, large), (3, large), (4, large)].map(|(at, size)| file(ROOM, at, size)).into();
        let check = |by: [Vec<AuthorId>; 4], expected: &[u8], why| {
            let offers = held.iter().zip(by).map(|(held, by)| (held.file, by)).collect();
            assert_eq!(hashes(&surplus(held.clone(), &BTreeMap::new(), &offers, 0)), expected, "{why}");
        };
        check([vec![ann], vec![loud], vec![loud], vec![loud]], &[2], "the last file was requested");
        check([vec![loud], vec![loud], vec![loud], vec![loud]], &[2, 1], "the oldest goes first");
        check(
            [vec![ann, loud], vec![loud], vec![loud], vec![loud]],
            &[2],
            "a second author of the same file takes no space from others",
        );
        check([vec![], vec![], vec![], vec![]], &[], "ours");
    }
}
