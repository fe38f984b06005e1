//! Stories of closed rooms in which a crash, a backup or a long sleep comes at the worst moment.

mod support;

use rumormill_proto::{entry::Kind, governance::Role};
use rumormill_sim::{Nature, Stage, Story, World};
use support::{end, room_of, texts, words};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// How many entries of a kind the store of a peer holds of another's log.
fn written(room: &World, at: usize, other: usize, kind: Kind) -> usize {
    let author = room.author(other);
    room.held(at).iter().filter(|line| line.place.author == author && line.kind == kind).count()
}

#[test]
fn a_crash_leaves_an_ending_with_its_epoch_or_neither() -> Story {
    for stage in [Stage::BeforeAppend, Stage::BeforeSend, Stage::BeforeEmit] {
        let mut room = room_of(3)?;
        room.say(1, "before");
        end(&mut room)?;
        let epochs = written(&room, 0, 0, Kind::EPOCH);
        room.crash_in_turn(0, stage);
        room.remove(0, 2);
        room.run_ms(1_000)?;
        assert!(room.is_crashed(0), "{stage:?}");
        let is_done = usize::from(stage != Stage::BeforeAppend);
        let kept = [Kind::REMOVE, Kind::EPOCH].map(|kind| written(&room, 0, 0, kind));
        assert_eq!(kept, [is_done, epochs + is_done], "{stage:?}");
        // The others cannot have it before its author has.
        let told = [1, 2, 3].map(|peer| written(&room, peer, 0, Kind::REMOVE));
        assert!(told.iter().all(|told| *told <= is_done), "{stage:?}: {told:?}");
        room.restart(0);
        room.run_ms(30_000)?;
        if is_done == 0 {
            room.remove(0, 2);
        }
        end(&mut room)?;
        room.say(1, "after");
        end(&mut room)?;
        assert_eq!((texts(&room, 2), texts(&room, 3).len()), (vec!["before".into()], 2), "{stage:?}");
        assert_eq!(written(&room, 3, 0, Kind::EPOCH), epochs + 1, "one epoch answers it: {stage:?}");
        room.who_is_out_reads_nothing()?;
    }
    Ok(())
}

#[test]
fn a_governor_that_slept_for_two_months_and_meets_the_forger_first_chooses_no_branch() -> Story {
    let mut room = room_of(5)?;
    room.appoint(0, 1, Role::Moderator);
    room.settle()?;
    room.appoint(0, 3, Role::CoOwner);
    room.say(1, "before");
    end(&mut room)?;
    room.pause(3);
    // Nobody is there for two months.
    let others = [0, 1, 2, 4, 5];
    others.iter().for_each(|peer| room.crash(*peer));
    room.run_ms(60 * DAY_MS)?;
    others.iter().for_each(|peer| room.restart(*peer));
    room.run_ms(30_000)?;
    let (fork, backup) = (room.written(1), room.backup(1));
    room.remove(1, 2);
    room.say(1, "I removed them");
    room.run_ms(3 * HOUR_MS)?;
    assert!(!room.is_member(4, 2) && room.is_member(3, 2), "who sleeps has not heard of it");
    // The moderator begins anew where that was not said yet, and tells another story to whoever wakes.
    room.crash(1);
    room.turn_into(1, Nature::Hand);
    room.partition(&[&[1, 3], &[0, 2, 4, 5]]);
    room.restart_from(1, backup);
    room.resume(3);
    room.run_ms(30_000)?;
    let author = room.author(1);
    room.fork_by_hand(1, fork, words("I never did that", 4));
    room.run_ms(30_000)?;
    assert_eq!((room.held_of(3, &author).len() as u64, room.is_member(3, 2)), (fork + 4, true), "the forger was first");
    room.crash(1);
    room.heal();
    room.run_ms(10 * 60_000)?;
    end(&mut room)?;
    for peer in [0, 3, 4, 5] {
        assert!(!room.is_member(peer, 2), "what the moderator did stands at {peer}");
        assert_eq!(written(&room, peer, 3, Kind::VOUCH), 0, "who slept vouches for nothing");
        assert_eq!(written(&room, peer, 0, Kind::VOUCH), 1, "whoever held it for an hour does");
    }
    Ok(())
}

#[test]
fn an_owner_who_restores_last_months_backup_offline_and_writes_takes_nothing_back() -> Story {
    let mut room = room_of(5)?;
    room.appoint(0, 1, Role::CoOwner);
    room.settle()?;
    room.appoint(0, 2, Role::CoOwner);
    end(&mut room)?;
    let backup = room.backup(0);
    room.remove(0, 3);
    room.say(0, "behind the backup");
    room.run_ms(3 * HOUR_MS)?;
    end(&mut room)?;
    room.crash(0);
    room.partition(&[&[0], &[1, 2, 3, 4, 5]]);
    // Its log is written twice from here on.
    room.turn_into(0, Nature::Hand);
    room.restart_from(0, backup);
    room.run_ms(60_000)?;
    assert!(room.is_member(0, 3) && texts(&room, 0).is_empty());
    room.appoint(0, 4, Role::CoOwner);
    room.say(0, "from the backup");
    room.run_ms(60_000)?;
    assert_eq!((texts(&room, 0), room.refused(0)), (vec!["from the backup".into()], None));
    room.heal();
    room.run_ms(10 * 60_000)?;
    end(&mut room)?;
    let role = |room: &World, at: usize, of: usize| room.seats(at).get(&room.author(of)).and_then(|seat| seat.role);
    for peer in [1, 2, 4, 5] {
        assert!(!room.is_member(peer, 3), "what the owner had done stands at {peer}");
        assert_eq!((texts(&room, peer), role(&room, peer, 4)), (vec!["behind the backup".into()], None));
    }
    // The room goes on under those whom the owner had appointed, and the owner's key does nothing more.
    let newcomer = room.join_by(&[1, 5], 1)[0];
    room.run_ms(2_000)?;
    room.admit(1, newcomer);
    end(&mut room)?;
    assert!(room.is_member(5, newcomer) && texts(&room, newcomer) == ["behind the backup"]);
    Ok(())
}
