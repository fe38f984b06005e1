//! C1, S6 on real nodes: clocks that are hours and years apart: of two people, of most people, and of machines that
//! slept or were set back during a conversation.

use rumormill_node::{Room, Settings};
use rumormill_proto::clock::Whose;

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{Ears, Town, comes, run as run_nodes},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C1, S6",
    name: "hours",
    says: "real nodes: two clocks are an hour and a year apart, most clocks are wrong, machines sleep and clocks jump \
        back ten years; everybody reads everything, and learns whose clock looks wrong",
    defences: &[],
    run,
};

const HOUR_MS: i64 = 3_600_000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

/// A scene: how far clocks are ahead when people meet, and how far later; `None` when they do not change.
struct Scene {
    what: &'static str,
    begin: &'static [i64],
    then: Option<&'static [i64]>,
    /// How many people learn in the end that a clock looks wrong.
    told: u64,
}

const SCENES: &[Scene] = &[
    Scene { what: "an hour apart", begin: &[0, HOUR_MS], then: None, told: 2 },
    Scene { what: "the founder is an hour ahead", begin: &[HOUR_MS, 0], then: None, told: 2 },
    Scene { what: "a year apart", begin: &[0, -YEAR_MS], then: None, told: 2 },
    Scene { what: "three of four an hour ahead", begin: &[0, HOUR_MS, HOUR_MS, HOUR_MS], then: None, told: 4 },
    Scene { what: "both slept for eight hours", begin: &[0, 0], then: Some(&[8 * HOUR_MS, 8 * HOUR_MS]), told: 0 },
    Scene { what: "one woke with a clock eight hours ahead", begin: &[0, 0], then: Some(&[0, 8 * HOUR_MS]), told: 2 },
    Scene { what: "one was set back by ten years", begin: &[0, 0], then: Some(&[0, -10 * YEAR_MS]), told: 2 },
    Scene { what: "an hour ahead, and set right", begin: &[0, HOUR_MS], then: Some(&[0, 0]), told: 0 },
];

fn run(form: Form) -> Outcome {
    run_nodes(async {
        let mut outcome = Outcome::default();
        for scene in SCENES {
            play(scene, form, &mut outcome).await;
        }
        outcome
    })
}

async fn play(Scene { what, begin, then, told }: &Scene, form: Form, outcome: &mut Outcome) {
    let settings: Vec<Settings> = begin.iter().map(|_| Settings::memory()).collect();
    let clocks: Vec<_> = settings.iter().map(|settings| settings.clock.clone()).collect();
    let set = |ahead_ms: &[i64]| clocks.iter().zip(ahead_ms).for_each(|(clock, ahead_ms)| clock.set(*ahead_ms));
    set(begin);
    let town = Town::new(settings).await;
    let mut ears = Ears::new(&town);
    let lines = form.pick(2, 20);
    let each = (lines * begin.len() * (begin.len() - 1)) as u64;
    let (_, mut heard) = ears.talk(&town, lines).await;
    let mut said = each;
    if let Some(then) = then {
        set(then);
        heard += ears.talk(&town, lines).await.1;
        said += each;
    }
    let mut knowing = 0;
    for room in &town.rooms {
        knowing += u64::from(
            comes(room, |status| (status.skew.whose != Whose::Nobodys) == (*told > 0)).await && is_told(room),
        );
    }
    outcome.count(format!("{what}: lines read by others"), heard, Bound::Is(said));
    outcome.count(format!("{what}: people who learn of it"), knowing, Bound::Is(*told));
    outcome.count(format!("{what}: all hold the same"), u64::from(town.agrees().await), Bound::Is(1));
    town.close().await;
}

fn is_told(room: &Room) -> bool {
    room.status().skew.whose != Whose::Nobodys
}
