//! A peer that claims to hold entries that it does not have gains nothing, in an engine as nodes run it.

use crate::{
    admit::Author,
    config::Config,
    engine::Engine,
    entry::Kind,
    frame::{Brief, Frame, Heads, Push, Want},
    frontier::Branch,
    ids::{AuthorId, EntryId, PeerId, Seq},
    input::{Event, Input, Kept, Output, Purpose, Saying},
    limits::{BLOCK, CLAIMS_IN_VAIN, GAP_COUNTED, HEADS, LACKS_OF_ONE, NEWEST_PAGE, WANT_MS},
    log::{Head, Log, Span},
    rumor::{Policy, delegating::NOBODY},
    run::RawRun,
    sync::Pace,
    testing::{ROOM, Writer},
    time::{Now, Time},
    view::Shape,
};

const HUGE: Seq = 1 << 47;
const HONEST: PeerId = PeerId([2; 32]);
const LIAR: PeerId = PeerId([3; 32]);
const OTHER: PeerId = PeerId([4; 32]);

/// One node, linked with three peers.
struct Node {
    engine: Engine,
    ms: u64,
    out: Vec<Output>,
}

impl Node {
    fn new(kept: Vec<Kept>) -> Self {
        let config = Config {
            room: ROOM,
            me: PeerId([1; 32]),
            policy: Policy::Delegating(Default::default()),
            shape: Shape::Fixed(vec![HONEST, LIAR, OTHER]),
            pace: Pace { busy_ms: 1 << 40, quiet_ms: 1 << 40 },
            closed: None,
            fresh_author: true,
            crowd: Default::default(),
            trace: false,
            seed: 1,
        };
        let now = Now { ticks_ms: 0, wall_ms: 1_000_000 };
        let engine = Engine::new(config, Author::from_secret(&[9; 32]), kept, None, now);
        let mut node = Self { engine, ms: 0, out: Vec::new() };
        [HONEST, LIAR, OTHER].into_iter().for_each(|peer| node.input(Input::Up { peer, address: None }));
        node.out.clear();
        node
    }

    fn input(&mut self, input: Input) {
        let now = Now { ticks_ms: self.ms, wall_ms: 1_000_000 + self.ms };
        self.engine.handle(input, now, &mut self.out);
    }

    fn hear(&mut self, from: PeerId, frame: Frame) {
        self.input(Input::Received { from, frame });
    }

    fn pushed(&mut self, from: PeerId, run: &RawRun) {
        self.hear(from, Frame::Push(Push { push: 1, part: NOBODY, hops: 1, runs: vec![run.clone()] }));
    }

    fn listed(&mut self, from: PeerId, heads: Vec<Brief>) {
        self.hear(from, Frame::Heads(Heads { branch: Branch::ROOT, all: false, heads }));
    }

    fn wake_at(&mut self, ms: u64) {
        self.ms = ms;
        self.input(Input::Wake);
    }

    /// The entries shown since the last call: author and seq.
    fn shown(&mut self) -> Vec<(AuthorId, Seq, bool)> {
        let told = self.out.extract_if(.., |output| matches!(output, Output::Emit(Event::Shown { .. })));
        let place = |output| match output {
            Output::Emit(Event::Shown { entry, arrival, .. }) => {
                Some((entry.author, entry.seq, arrival == crate::input::Arrival::History))
            }
            _ => None,
        };
        told.filter_map(place).collect()
    }

    /// The wants that were sent since the last call.
    fn wants(&mut self) -> Vec<(PeerId, Want)> {
        let is_want = |output: &mut Output| matches!(output, Output::Send { frame: Frame::Want(_), .. });
        let sent = self.out.extract_if(.., is_want).filter_map(|output| match output {
            Output::Send { to, frame: Frame::Want(want) } => Some((to, want)),
            _ => None,
        });
        sent.collect()
    }

    /// To how many peers a run was pushed.
    fn pushes(&self, run: &RawRun) -> usize {
        let holds = |output: &&Output| match output {
            Output::Send { frame: Frame::Push(push), .. } => push.runs.contains(run),
            _ => false,
        };
        self.out.iter().filter(holds).count()
    }
}

fn brief(author: AuthorId, next: Seq) -> Brief {
    Brief { author: author.prefix(), next, check: 7, cut: None }
}

/// Everything that a peer can claim of an author in a few bytes.
fn claim_all(node: &mut Node, of: AuthorId) {
    let me = node.engine.author();
    node.hear(LIAR, Frame::Known { next: HUGE });
    node.listed(LIAR, vec![brief(of, HUGE), brief(me, HUGE)]);
    node.hear(LIAR, Frame::Have { heads: vec![(of.prefix(), HUGE - 1), (me.prefix(), HUGE - 1)] });
    node.wake_at(node.ms + 1_000);
}

#[test]
fn ten_bytes_mute_nobody() {
    let (mut ada, mut bob) = (Writer::new(1), Writer::new(2));
    let question = bob.write(1, "where?");
    let answer = ada.write_seen(vec![vec![(bob.id(), 0)]], "here");
    let mut node = Node::new(vec![]);
    claim_all(&mut node, bob.id());
    claim_all(&mut node, ada.id());
    node.pushed(HONEST, &answer);
    assert_eq!(node.shown(), [], "an answer waits for its question");
    node.pushed(HONEST, &question);
    assert_eq!(node.shown(), [(bob.id(), 0, false), (ada.id(), 0, false)]);
    assert_eq!((node.pushes(&question), node.pushes(&answer)), (2, 2), "both go on as rumors");
    let saying = Saying { tag: 1, kind: Kind::TEXT, body: "mine".into() };
    node.input(Input::Say(vec![saying]));
    let pushed = node.out.iter().filter(|output| match output {
        Output::Send { frame: Frame::Push(push), .. } => push.runs[0].author() == node.engine.author(),
        _ => false,
    });
    assert_eq!(pushed.count(), 3, "and so do our own words");
    assert_eq!(node.engine.missing(), 0);
    assert!(!node.out.iter().any(|output| matches!(output, Output::Emit(Event::Missing { .. }))));
}

#[test]
fn what_is_missing_follows_from_what_is_signed() {
    let mut ada = Writer::new(1);
    let runs = ada.write_blocks(5_000, "x");
    let mut node = Node::new(vec![]);
    node.listed(LIAR, vec![brief(ada.id(), HUGE)]);
    node.listed(HONEST, vec![brief(ada.id(), 5_000)]);
    assert_eq!(node.engine.missing(), 0, "nobody proved anything");
    let page: Vec<RawRun> = runs[runs.len() - 5..].iter().rev().cloned().collect();
    let brought = page.iter().map(|run| run.entries().len()).sum::<usize>();
    let (_, want) = node.wants().into_iter().find(|(to, _)| *to == HONEST).unwrap();
    node.hear(HONEST, Frame::Runs { want: want.want, runs: page });
    assert_eq!(node.shown().len(), brought, "nothing of it waits");
    assert_eq!(node.engine.missing(), (5_000 - brought) as u64);
    // An author that signs at a huge seq proves little about its own log, and nothing about the others.
    let mut hostile = Writer::new(3);
    hostile.next = HUGE;
    let signed = hostile.write_blocks(2 * BLOCK, "x");
    node.listed(LIAR, vec![brief(hostile.id(), HUGE + 1)]);
    let wanted = |node: &mut Node, from: PeerId| {
        node.wants().into_iter().rfind(|(to, _)| *to == from).map(|(_, want)| want.want)
    };
    node.wake_at(WANT_MS + 1);
    node.listed(LIAR, vec![brief(hostile.id(), HUGE + 1)]);
    let want = wanted(&mut node, LIAR).unwrap();
    node.hear(LIAR, Frame::Runs { want, runs: signed.into_iter().rev().collect() });
    let missing = node.engine.missing();
    assert_eq!(missing, (5_000 - brought) as u64 + GAP_COUNTED);
}

#[test]
fn a_liar_takes_the_newest_page_from_nobody() {
    let ada = Writer::new(1).id();
    let mut node = Node::new(vec![]);
    node.listed(LIAR, vec![brief(ada, HUGE)]);
    let first = node.wants();
    assert_eq!((first.len(), first[0].0, first[0].1.newest), (1, LIAR, NEWEST_PAGE as u32));
    node.hear(LIAR, Frame::Done { want: first[0].1.want });
    node.listed(HONEST, vec![brief(ada, 5_000)]);
    let pages: Vec<_> = node.wants().into_iter().filter(|(_, want)| want.newest > 0).collect();
    assert!(pages.len() == 1 || pages.iter().any(|(to, _)| *to == HONEST), "{pages:?}");
}

#[test]
fn whoever_has_much_that_is_old_is_asked_for_its_newest_page_once_and_keeps_its_credit() {
    let mut node = Node::new(vec![]);
    let known = Writer::new(2).write(1, "known to all");
    node.pushed(OTHER, &known);
    let (mut pages, mut most) = (0, 0);
    for _ in 0..10 {
        node.listed(HONEST, vec![brief(Writer::new(1).id(), 5_000)]);
        for (to, want) in node.wants() {
            if want.newest > 0 {
                pages += 1;
                node.hear(to, Frame::Runs { want: want.want, runs: vec![known.clone()] });
                node.hear(to, Frame::Done { want: want.want });
            }
            most = want.ranges.iter().map(|range| range.last - range.first + 1).sum::<u64>().max(most);
        }
    }
    assert_eq!(pages, 1);
    assert!(most >= 5_000, "it is asked for {most} at most");
}

#[test]
fn who_claims_in_vain_is_asked_for_a_block_at_a_time_until_it_delivers() {
    let mut ada = Writer::new(1);
    let mut node = Node::new(vec![]);
    let (mut asked, mut largest) = (0, Vec::new());
    node.listed(LIAR, vec![brief(ada.id(), HUGE), brief(Writer::new(2).id(), HUGE)]);
    for _ in 0..20 {
        let wants = node.wants();
        asked += wants.len();
        for (to, want) in wants {
            assert_eq!(to, LIAR);
            largest.push(
                want.ranges.iter().map(|range| range.last - range.first + 1).sum::<u64>() + u64::from(want.newest),
            );
            node.hear(LIAR, Frame::Done { want: want.want });
        }
        node.wake_at(node.ms + 10);
    }
    assert!(asked <= usize::from(CLAIMS_IN_VAIN) + 2, "{asked} wants for two claims");
    assert!(largest[usize::from(CLAIMS_IN_VAIN)..].iter().all(|entries| *entries <= BLOCK), "{largest:?}");
    node.listed(LIAR, vec![brief(ada.id(), HUGE)]);
    assert!(node.wants()[0].1.ranges[0].first > HUGE - 2 * BLOCK, "a block is all it is asked for");
    node.pushed(LIAR, &ada.write(1, "something"));
    node.wake_at(node.ms + WANT_MS + 1);
    node.listed(LIAR, vec![brief(Writer::new(2).id(), 5_000)]);
    assert!(node.wants().iter().any(|(_, want)| want.newest > 0), "it has brought something");
}

#[test]
fn a_want_that_brings_nothing_keeps_others_from_being_asked_for_two_seconds_at_most() {
    let mut ada = Writer::new(1);
    let runs = ada.write_blocks(600, "x");
    let mut node = Node::new(vec![]);
    node.listed(LIAR, vec![brief(ada.id(), 600)]);
    let (_, want) = node.wants().remove(0);
    node.listed(HONEST, vec![brief(ada.id(), 600)]);
    assert_eq!(node.wants(), [], "one peer is enough");
    node.hear(LIAR, Frame::Runs { want: want.want, runs: vec![runs[0].clone()] });
    for ms in (0..=WANT_MS + 200).step_by(100) {
        node.wake_at(ms);
        node.hear(LIAR, Frame::Runs { want: want.want, runs: vec![runs[0].clone()] });
    }
    node.listed(HONEST, vec![brief(ada.id(), 600)]);
    let wants = node.wants();
    assert_eq!((wants.len(), wants[0].0), (1, HONEST), "what was known already is no progress");
}

#[test]
fn an_answer_to_a_want_of_much_is_history_only_when_it_is_much() {
    let (mut ada, mut bob) = (Writer::new(1), Writer::new(2));
    let question = bob.write(1, "where?");
    let answer = ada.write_seen(vec![vec![(bob.id(), 0)]], "here");
    let mut node = Node::new(vec![]);
    node.listed(LIAR, vec![brief(ada.id(), HUGE)]);
    let (_, want) = node.wants().remove(0);
    node.hear(LIAR, Frame::Runs { want: want.want, runs: vec![answer.clone()] });
    assert_eq!(node.shown(), []);
    node.pushed(HONEST, &question);
    assert_eq!(node.shown(), [(bob.id(), 0, false), (ada.id(), 0, false)]);
    assert_eq!(node.pushes(&answer), 2);
}

#[test]
fn announcements_of_what_nobody_has_take_no_place_of_others() {
    let mut bob = Writer::new(2);
    let zero = bob.write(1, "x");
    let mut node = Node::new(vec![]);
    for at in 0..100 {
        let heads = (0..HEADS as u64).map(|prefix| (at << 32 | prefix, HUGE)).collect();
        node.hear(LIAR, Frame::Have { heads });
    }
    let size = |node: &Node| node.engine.sizes().into_iter().find(|size| size.what.contains("announced")).unwrap();
    assert_eq!(size(&node).count, LACKS_OF_ONE);
    node.hear(LIAR, Frame::Have { heads: vec![(bob.id().prefix(), HUGE)] });
    node.hear(HONEST, Frame::Have { heads: vec![(bob.id().prefix(), 0)] });
    node.wake_at(151);
    let wants = node.wants();
    let of_bob = |to: PeerId| {
        wants
            .iter()
            .any(|(peer, want)| *peer == to && want.ranges.iter().any(|range| range.author == bob.id().prefix()))
    };
    assert!(of_bob(HONEST), "{wants:?}");
    let want = wants.iter().find(|(to, _)| *to == HONEST).unwrap().1.want;
    node.hear(HONEST, Frame::Runs { want, runs: vec![zero] });
    assert_eq!(node.shown().len(), 1);
}

/// Two authors that share eight bytes: ids that nobody has the keys of.
fn twins() -> [AuthorId; 2] {
    [1, 2].map(|last| {
        let mut id = AuthorId([7; 32]);
        id.0[31] = last;
        id
    })
}

fn kept(author: AuthorId, next: Seq) -> Kept {
    let head = Head {
        seq: next - 1,
        id: EntryId([author.0[31].wrapping_mul(16).wrapping_add(next as u8); 32]),
        time: Time::from_ms(next),
    };
    let span = Span { first: 0, prev: EntryId::default(), first_time: Time::from_ms(1), last: head };
    Kept { author, log: Log::restored(vec![span], None), vouches: vec![] }
}

fn all_heads(node: &Node) -> Frame {
    let brief_of = |(author, log): (&AuthorId, &Log)| Brief {
        author: author.prefix(),
        next: log.next(),
        check: crate::logs::Logs::check(log),
        cut: log.cut(),
    };
    let heads = node.engine.frontier().logs().map(brief_of).collect();
    Frame::Heads(Heads { branch: Branch::ROOT, all: true, heads })
}

/// For each author, whether a node that heard `theirs` does something that brings the peer what it lacks: serves it, or
/// shows the signed run from which the peer learns whom to ask for what.
fn told(node: &mut Node, theirs: Frame) -> (Vec<AuthorId>, Option<Frame>) {
    node.hear(HONEST, theirs);
    let mut told = Vec::new();
    let mut listed = None;
    while !node.out.is_empty() {
        for output in std::mem::take(&mut node.out) {
            match output {
                Output::Serve { ranges, .. } => told.extend(ranges.iter().map(|(author, ..)| *author)),
                Output::Recall(what) => {
                    told.extend(matches!(what.purpose, Purpose::Show(_)).then_some(what.author));
                    node.input(Input::Recalled { what, found: None });
                }
                Output::Send { frame: frame @ Frame::Heads(_), .. } => listed = Some(frame),
                _ => {}
            }
        }
    }
    told.sort();
    told.dedup();
    (told, listed)
}

#[test]
fn two_authors_with_one_prefix_are_told_apart() {
    let [x, y] = twins();
    // Our part of each log, and the peer's.
    let cases = [
        ([5, 3], [5, 0]),
        ([5, 3], [0, 3]),
        ([5, 3], [4, 3]),
        ([5, 3], [4, 0]),
        ([5, 3], [4, 4]),
        ([5, 3], [4, 2]),
        ([5, 5], [5, 0]),
        ([5, 5], [4, 5]),
        ([300, 200], [250, 0]),
        ([300, 200], [0, 0]),
    ];
    let node = |held: [Seq; 2]| {
        Node::new(
            [x, y]
                .into_iter()
                .zip(held)
                .filter(|(_, next)| *next > 0)
                .map(|(author, next)| kept(author, next))
                .collect(),
        )
    };
    for (ours, theirs) in cases {
        let (mut here, mut there) = (node(ours), node(theirs));
        let (by_us, listed) = told(&mut here, all_heads(&there));
        let by_them = listed.map(|listed| told(&mut there, listed).0).unwrap_or_default();
        for (at, author) in [x, y].into_iter().enumerate() {
            if theirs[at] < ours[at] && theirs != [0, 0] {
                assert!(by_us.contains(&author), "{ours:?} {theirs:?}: they lack {author:?}, and get {by_us:?}");
            }
            if ours[at] < theirs[at] {
                assert!(by_them.contains(&author), "{ours:?} {theirs:?}: we lack {author:?}, and get {by_them:?}");
            }
        }
    }
}

#[test]
fn heads_of_two_authors_whom_nobody_here_knows_are_wanted() {
    let mut node = Node::new(vec![]);
    let [x, y] = twins();
    node.listed(HONEST, vec![brief(x, 5), brief(y, 3)]);
    let wants = node.wants();
    assert_eq!((wants.len(), wants[0].1.ranges[0].first), (1, 0));
    assert!(wants[0].1.ranges[0].last >= 4);
}

#[test]
fn a_want_by_prefix_is_served_from_both_logs() {
    let [x, y] = twins();
    let mut node = Node::new(vec![kept(x, 5), kept(y, 3)]);
    let range = crate::frame::Range { author: x.prefix(), first: 0, last: 64 };
    node.hear(HONEST, Frame::Want(Want { want: 1, newest: 0, ranges: vec![range] }));
    let served = node.out.iter().find_map(|output| match output {
        Output::Serve { ranges, .. } => Some(ranges.clone()),
        _ => None,
    });
    assert_eq!(served, Some(vec![(x, 0, 4), (y, 0, 2)]));
}

#[test]
fn a_signed_entry_of_a_log_that_shares_its_prefix_is_asked_for_from_the_bottom() {
    // The author whose words come has a key. The other has none, and shares eight bytes with it.
    let mut ada = Writer::new(1);
    let mut twin = ada.id();
    twin.0[31] ^= 1;
    let runs = ada.write_blocks(300, "x");
    let last = runs.last().unwrap();
    let mut node = Node::new(vec![kept(twin, 200)]);
    node.hear(HONEST, Frame::Evidence { run: last.clone() });
    let mut held = 0;
    for step in 1..=4 {
        node.wake_at(step * 1_000);
        let wants = node.wants();
        let Some((to, want)) = wants.first() else { break };
        assert_eq!((*to, want.ranges.len(), want.ranges[0].first), (HONEST, 1, held));
        assert!(want.ranges[0].last - want.ranges[0].first <= 3 * BLOCK, "the other's log is served too: {want:?}");
        let serves = |run: &&RawRun| (want.ranges[0].first..=want.ranges[0].last).contains(&run.last());
        let served: Vec<RawRun> = runs.iter().filter(serves).rev().cloned().collect();
        node.hear(HONEST, Frame::Runs { want: want.want, runs: served });
        node.hear(HONEST, Frame::Done { want: want.want });
        held = node.engine.frontier().log(&ada.id()).map_or(0, Log::next);
    }
    assert_eq!(held, 300);
    // An entry that names either author is satisfied.
    let comment = Writer::new(2).write_seen(vec![vec![(ada.id().min(twin), 199), (ada.id().max(twin), 199)]], "both");
    node.shown();
    node.pushed(HONEST, &comment);
    assert_eq!(node.shown().len(), 1);
}
