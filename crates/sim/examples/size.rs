//! The cost of simulating a room: founds one, lets a few peers speak, and prints time and memory.
//!
//! `cargo run --release -p rumormill-sim --example size -- PEERS [MESSAGES]`

#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::{env, error::Error, fs, time::Instant};

use rumormill_sim::World;

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = env::args().skip(1).map(|word| word.parse::<usize>());
    let peers = numbers.next().ok_or("how many peers?")??;
    let messages = numbers.next().unwrap_or(Ok(12))?;
    let began = Instant::now();
    let mut room = World::new(1).watching(&[]);
    room.found(peers);
    let links: usize = (0..peers).map(|peer| room.links(peer).len()).sum();
    report("founded", began, peers)?;
    println!("{:.1} links a peer", links as f64 / peers as f64);
    let (said, before) = (Instant::now(), room.traffic());
    for message in 0..messages {
        room.say(message * peers / messages.max(1), "can you hear me?");
        room.run_ms(500)?;
    }
    room.settle()?;
    report("spread", said, peers)?;
    let (copies, sent) = (room.traffic().copies - before.copies, room.traffic().frames - before.frames);
    println!("{:.4} copies a peer and message", copies as f64 / (peers * messages) as f64);
    println!(
        "{sent} frames, {:.0}/s, in {} ms of the room's time",
        sent as f64 / said.elapsed().as_secs_f64(),
        room.now_ms()
    );
    Ok(())
}

fn report(what: &str, since: Instant, peers: usize) -> Result<(), Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: usize = peak.unwrap_or("0").parse()?;
    let each = kilobytes * 1024 / peers;
    println!("{what}: {:.1} s, {} MB, {each} bytes a peer", since.elapsed().as_secs_f64(), kilobytes / 1024);
    Ok(())
}
