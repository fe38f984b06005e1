//! The quick form of every study: it runs, and its figures are as expected on any machine.

#![allow(clippy::panic, reason = "a figure that is not there fails the test")]

use rumormill_sim::{
    Story,
    study::{
        self, Figure, Lot, Table, crash,
        difference::FlatVector,
        pair::Ours,
        spread::{self, Contender, Point, Senders},
    },
};

/// The figure in a study's table under these keys.
fn figure(table: &Table, keys: &[&str], measure: &str) -> Figure {
    table.figure(keys, measure).unwrap_or_else(|| panic!("no {measure} of {keys:?} in\n{table}"))
}

#[test]
fn mongering_leaves_what_the_paper_says() -> Story {
    let table = study::demers::study(&Lot::quick(8))?.remove(0);
    println!("{table}");
    // Rows for which 300 peers give the same as 1,000.
    let rows = [
        ("1: push, feedback, counter", "1"),
        ("1: push, feedback, counter", "2"),
        ("1: push, feedback, counter", "3"),
        ("2: push, blind, coin", "2"),
        ("2: push, blind, coin", "3"),
        ("3: pull, feedback, counter", "1"),
        ("3: pull, feedback, counter", "2"),
    ];
    for (name, k) in rows {
        let both = |measure| ["ours", "paper"].map(|who| figure(&table, &[name, who, k], measure).mean);
        let ([residue, paper_residue], [traffic, paper_traffic]) = (both("residue"), both("traffic"));
        // Eight runs of 300: three times the standard error of their mean is a quarter of small residues, 0.04 of large
        // ones.
        let off = 0.002 + 0.04_f64.min(paper_residue / 4.0);
        assert!((residue - paper_residue).abs() < off, "{name} {k}: residue {residue}, not {paper_residue}");
        assert!((traffic - paper_traffic).abs() < 0.25, "{name} {k}: traffic {traffic}, not {paper_traffic}");
        assert!(figure(&table, &[name, "ours", k], "t_last").most < 60.0, "{name} {k}");
    }
    Ok(())
}

#[test]
fn a_healed_room_is_sent_little_more_than_it_missed() -> Story {
    let table = study::partition::study(&Lot::quick(2))?.remove(0);
    println!("{table}");
    assert!(figure(&table, &["1280"], "bytes over missing").most < 1.5, "{table}");
    Ok(())
}

#[test]
fn honest_peers_hear_each_other_among_false_ones() -> Story {
    let table = study::sybil::study(&Lot::quick(2))?.remove(0);
    println!("{table}");
    assert_eq!(figure(&table, &["16", "0"], "soon %").least, 100.0, "{table}");
    assert_eq!(figure(&table, &["16", "48"], "late %").least, 100.0, "{table}");
    let dialled = figure(&table, &["16", "48"], "dialled, worst %").most;
    assert!(dialled <= 50.0, "{dialled} % of the links that an honest peer made are false\n{table}");
    Ok(())
}

#[test]
fn who_is_answered_is_read_in_a_flood_of_authors() -> Story {
    let table = study::crowd::study(&Lot::quick(2))?.remove(0);
    println!("{table}");
    let of = |measure| figure(&table, &["6", "3000"], measure);
    assert_eq!((of("newcomer %").least, of("members %").least), (100.0, 100.0), "{table}");
    assert!(of("equal ms").most <= 60_000.0, "{table}");
    assert!(of("authors").most < of("may be").most + 64.0, "{table}");
    Ok(())
}

#[test]
fn an_idle_exchange_is_as_small_in_a_large_room_as_in_a_small_one() -> Story {
    let table = study::idle::study(&Lot::quick(2), &[&Ours, &FlatVector])?.remove(0);
    println!("{table}");
    for authors in ["10", "300"] {
        assert!(figure(&table, &["ours", authors], "one way").most <= 40.0, "{authors} authors");
    }
    assert!(figure(&table, &["flat vector", "300"], "bytes").least >= 300.0 * 33.0);
    Ok(())
}

#[test]
fn finding_out_what_is_missing_costs_what_is_missing() -> Story {
    let tables = study::repair::study(&Lot::quick(4), &[&Ours, &FlatVector])?;
    tables.iter().for_each(|table| println!("{table}"));
    let (everyday, large) = (&tables[0], &tables[1]);
    assert!(figure(everyday, &["ours", "1 of 1,000 by 100"], "bytes").mean <= 200.0);
    assert!(figure(everyday, &["ours", "1,000 of 2,000 by 10"], "an entry").mean <= 0.5);
    for place in ["recent", "scattered"] {
        let one = figure(large, &["ours", place, "1"], "bytes").mean;
        assert!(one < figure(large, &["flat vector", place, "1"], "bytes").mean / 10.0, "{place}: {one}");
        let twice = figure(large, &["ours", place, "100"], "brought twice %").most;
        assert!(twice <= 5.0, "{place}: {twice} % was brought though it was held");
    }
    Ok(())
}

#[test]
fn one_copy_a_peer_and_few_hops_are_enough() -> Story {
    let ours = spread::Ours::all();
    let point = |peers| Point {
        peers,
        latency_ms: (100, 100),
        senders: Senders::Changing,
        resend_percent: 0,
        warm_up: 1,
        rounds: 5,
    };
    let table = spread::table(&Lot::quick(2), &[&ours[0] as &dyn Contender], &[point(20), point(100), point(400)])?;
    println!("{table}");
    for (peers, hops) in [("20", 1.0), ("100", 2.0), ("400", 3.0)] {
        let figure = |measure| figure(&table, &["delegating", peers, "100", "changing", "0"], measure);
        assert_eq!(figure("reached").least, 1.0, "{peers}");
        assert!(figure("copies").most <= 1.05, "{peers}: {:.3} copies", figure("copies"));
        assert!(figure("worst ms").most <= 100.0 * hops, "{peers}: {:.0} ms", figure("worst ms"));
    }
    Ok(())
}

#[test]
fn a_line_names_the_one_before_however_many_talk() -> Story {
    let table = study::talk::study(&Lot::quick(2))?.remove(0);
    println!("{table}");
    for peers in ["4", "16"] {
        let of = |talk| ["bytes", "names"].map(|measure| figure(&table, &[talk, peers], measure));
        let ([by_turns, names], [brisk, _], [one, _]) = (of("by turns"), of("by turns, brisk"), of("one"));
        assert_eq!((names.least, names.most), (1.0, 1.0), "{table}");
        assert!(by_turns.most < one.least + 40.0 && brisk.most < one.least + 80.0, "{table}");
    }
    assert_eq!(figure(&table, &["all at once", "16"], "names").mean, 15.0, "nothing of what all said is left out");
    Ok(())
}

#[test]
fn what_the_transport_sends_again_comes_late_and_comes() -> Story {
    let ours = spread::Ours::all();
    let contenders: Vec<_> = ours.iter().map(|ours| ours as &dyn Contender).collect();
    for row in spread::study(&Lot::quick(1), &contenders)?.remove(0).rows {
        let reached = row.figures[7];
        assert!(row.keys[0] != "delegating" || reached.least == 1.0, "{row:?}");
    }
    Ok(())
}

#[test]
fn survivors_hear_each_other_again() -> Story {
    let ours = spread::Ours::all();
    let table = crash::study(&Lot::quick(2), &[&ours[0]])?.remove(0);
    println!("{table}");
    for row in &table.rows {
        let figure = |measure| table.figure(&row.keys.iter().map(String::as_str).collect::<Vec<_>>(), measure);
        assert_eq!(figure("30th").map(|figure| figure.least), Some(1.0), "{row:?}");
        assert_eq!(figure("eventually").map(|figure| figure.least), Some(1.0), "{row:?}");
    }
    Ok(())
}

#[test]
fn broadcasts_need_few_messages_and_no_hub() -> Story {
    let table = study::glomers::study(&Lot::quick(1))?.remove(0);
    println!("{table}");
    for (policy, messages, most_ms) in [("delegating", 15.0, 105.0), ("delegating, gathering 150 ms", 3.0, 700.0)] {
        assert_eq!(figure(&table, &[policy], "stable").least, 1.0, "{policy}");
        assert!(figure(&table, &[policy], "messages/op").most <= messages, "{policy}");
        assert!(figure(&table, &[policy], "most ms").most <= most_ms, "{policy}");
    }
    Ok(())
}

#[test]
fn whoever_is_removed_reads_nothing_that_is_said_a_few_round_trips_later() -> Story {
    let table = study::removal::study(&Lot::quick(2))?.remove(0);
    println!("{table}");
    for keepers in ["none", "one"] {
        let last = figure(&table, &["12", keepers], "last ms");
        assert!(last.most <= 1_000.0, "{table}");
    }
    Ok(())
}
