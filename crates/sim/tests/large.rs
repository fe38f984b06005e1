//! Rooms too large for a full mesh, where the engine has to choose whom to know.

use rumormill_sim::{Story, World, seeds};

#[test]
fn in_a_large_room_everybody_hears_everybody() -> Story {
    const PEERS: usize = 100;
    let mut room = World::new(seeds::seed()).watching(&[]);
    for _ in 0..PEERS / 20 {
        room.join(20);
        room.run_ms(1_000)?;
    }
    room.run_ms(10_000)?;
    let before = room.traffic();
    for speaker in (0..PEERS).step_by(PEERS / 10) {
        room.say(speaker, "can you hear me?");
        room.run_ms(200)?;
    }
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 10);
    let copies = room.traffic().copies - before.copies;
    assert!(copies <= 2 * 10 * PEERS as u64, "{copies} copies of ten entries among {PEERS} peers");
    Ok(())
}
