//! How fast a newcomer fetches a room into its home, and in how many bytes.
//!
//! `cargo run --release -p rumormill-node --example catch_up -- 100000 200 DIR` makes two homes in DIR, which must be
//! empty: one with so many entries of so many bytes, and one that fetches them over loopback.

#![allow(clippy::print_stdout, reason = "this is what it is for")]

use std::{path::PathBuf, time::Instant};

use bytes::Bytes;
use rumormill_node::{Home, Node, Settings};
use rumormill_proto::entry::Kind;

/// Entries said at once.
const AT_ONCE: usize = 1000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [entries, size, dir] = &arguments[..] else { return Err("ENTRIES BYTES DIR".into()) };
    let (entries, size, dir): (usize, usize, PathBuf) = (entries.parse()?, size.parse()?, dir.into());

    let old = Node::open(at(dir.join("old"))).await?;
    let there = old.create("history").await?;
    let start = Instant::now();
    let mut random = blake3::Hasher::new().finalize_xof();
    for _ in 0..entries / AT_ONCE {
        let body = || {
            // Six bits of entropy in each letter: text does not compress better than this.
            let mut body = vec![0; size];
            random.fill(&mut body);
            body.iter_mut().for_each(|byte| *byte = b' ' + (*byte & 63));
            (Kind::TEXT, Bytes::from(body))
        };
        there.say_all(std::iter::repeat_with(body).take(AT_ONCE).collect()).await?;
    }
    println!("said     {:9.0} entries/s", entries as f64 / start.elapsed().as_secs_f64());
    let cpu = cpu_seconds();

    let new = Node::open(at(dir.join("new"))).await?;
    let start = Instant::now();
    let here = new.join(&there.ticket()).await?;
    let mut first_page = None;
    loop {
        let renewed = here.renewed();
        let status = here.status();
        if first_page.is_none() && status.entries >= 100 {
            first_page = Some(start.elapsed());
        }
        if status.entries > entries as u64 / AT_ONCE as u64 * AT_ONCE as u64 {
            break;
        }
        renewed.await;
    }
    let seconds = start.elapsed().as_secs_f64();
    let bytes = here.status().traffic.bytes_in as f64;
    println!("first    {:9.0} ms until a page is there", first_page.unwrap_or_default().as_secs_f64() * 1000.0);
    println!("fetched  {:9.0} entries/s in {seconds:.2} s", entries as f64 / seconds);
    println!("cpu      {:9.2} s at both nodes together", cpu_seconds() - cpu);
    println!("bytes    {:9.1} an entry of {size}", bytes / entries as f64);
    new.close().await;
    old.close().await;
    Ok(())
}

/// What this process has taken so far, on Linux: a shared machine says little by the clock.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn at(home: PathBuf) -> Settings {
    let mut settings = Settings::memory();
    settings.home = Home::Dir(home);
    settings
}
