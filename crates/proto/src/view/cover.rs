//! The part of the id space that the links cover, and the further links that are wanted.

use crate::{
    frontier::Branch,
    limits::{CHOSEN_LINKS, MESH_PEERS, RANDOM_LINKS},
};

/// Why a link is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It is in our neighbourhood.
    Near,
    /// There is no link into its branch yet.
    Branch,
    /// There are too few links besides one a branch.
    Anybody,
}

impl Need {
    /// All of them, the most important first.
    pub(super) const ALL: [Self; 3] = [Self::Near, Self::Branch, Self::Anybody];
}

/// Branches that one peer sees; their depth and last digit tell them apart.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Branches([u8; Branch::DEEPEST as usize + 1]);

impl Branches {
    /// Adds a branch; returns whether it was not there.
    pub(super) fn insert(&mut self, branch: Branch) -> bool {
        let new = !self.contains(branch);
        self.0[usize::from(branch.depth())] |= 1 << branch.digit();
        new
    }

    fn contains(&self, branch: Branch) -> bool {
        self.0[usize::from(branch.depth())] & 1 << branch.digit() != 0
    }

    fn len(&self) -> u32 {
        self.0.iter().map(|digits| digits.count_ones()).sum()
    }
}

/// The part that the links, and the dials under way, cover.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cover {
    /// Digits that our neighbourhood shares with us.
    near: u8,
    branches: Branches,
    links: usize,
    chosen: usize,
    /// By depth, how many links no stranger could have made: we chose them, or their peers have brought something.
    sound: [u8; Branch::DEEPEST as usize + 1],
}

impl Cover {
    pub(super) fn add(&mut self, branch: Branch, chosen: bool) {
        self.branches.insert(branch);
        self.links += 1;
        self.chosen += usize::from(chosen);
        if chosen {
            self.vouch(branch);
        }
    }

    /// The peer of a link into this branch that others chose has brought something.
    pub(super) fn vouch(&mut self, branch: Branch) {
        let sound = &mut self.sound[usize::from(branch.depth())];
        *sound = sound.saturating_add(1);
    }

    /// How many links beyond our neighbourhood no stranger could have made.
    fn sound(&self) -> usize {
        self.sound[..=usize::from(self.near)].iter().map(|links| usize::from(*links)).sum()
    }

    pub(super) fn with_near(self, near: u8) -> Self {
        Self { near, ..self }
    }

    /// Whether a link into this branch is wanted for that reason.
    pub(super) fn wants(&self, need: Need, branch: Branch) -> bool {
        match need {
            _ if self.near == 0 => need == Need::Near,
            _ if self.chosen >= CHOSEN_LINKS => false,
            Need::Near => branch.depth() > self.near,
            Need::Branch => !self.branches.contains(branch),
            Need::Anybody if branch.depth() <= self.near && self.sound() < RANDOM_LINKS => true,
            Need::Anybody => self.links < self.branches.len() as usize + RANDOM_LINKS,
        }
    }

    /// Whether a link into this branch is wanted for any reason.
    pub(super) fn wants_any(&self, branch: Branch) -> bool {
        Need::ALL.iter().any(|need| self.wants(*need, branch))
    }
}

/// The peers that have a link or may have one, counted by the digits they share with us.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    peers: [usize; Branch::DEEPEST as usize + 1],
    unlinked: [usize; Branch::DEEPEST as usize + 1],
}

impl Sharing {
    pub(super) fn add(&mut self, digits: u8, linked: bool) {
        self.peers[usize::from(digits)] += 1;
        self.unlinked[usize::from(digits)] += usize::from(!linked);
    }

    /// How many digits our neighbourhood shares with us, so few that as many peers as possible belong to it; and
    /// whether all of those are linked.
    pub(super) fn neighbourhood(&self) -> (u8, bool) {
        let (mut within, mut unlinked) = (0, 0);
        for digits in (0..=Branch::DEEPEST).rev() {
            let at = usize::from(digits);
            if within + self.peers[at] > MESH_PEERS {
                return ((digits + 1).min(Branch::DEEPEST), unlinked == 0 && digits < Branch::DEEPEST);
            }
            within += self.peers[at];
            unlinked += self.unlinked[at];
        }
        (0, unlinked == 0)
    }
}
