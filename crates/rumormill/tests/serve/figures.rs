//! Metrics for Prometheus, and the figures that they come from.

#![expect(clippy::panic, reason = "a test ends where something is not as it must be")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Value, json};

use super::{
    Two,
    process::{self, Reply, Serving},
    two,
};

/// The value of each series.
fn series(metrics: &str) -> BTreeMap<String, f64> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
    };
    lines.map(read).collect()
}

/// The sum of all series of a metric.
fn sum(series: &BTreeMap<String, f64>, metric: &str) -> f64 {
    let of = |name: &str| name == metric || name.strip_prefix(metric).is_some_and(|rest| rest.starts_with('{'));
    let found: Vec<f64> = series.iter().filter(|(name, _)| of(name)).map(|(_, value)| *value).collect();
    assert!(!found.is_empty(), "no {metric}");
    found.iter().sum()
}

#[test]
fn metrics_tell_an_operator_how_the_rooms_fare_and_nothing_that_is_said() {
    let Two { ada, bob, .. } = two();
    ada.events().until("room", |event| event["room"]["peers"].as_array().is_some_and(|peers| peers.len() == 1));
    let reply = bob.get("/metrics");
    assert_eq!(reply.header("content-type").unwrap(), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let metrics = reply.body;
    assert!(metrics.ends_with("# EOF\n"));
    let at_bob = series(&metrics);
    for (metric, value) in [
        ("rumormill_peers", 1.0),
        ("rumormill_missing_entries", 0.0),
        ("rumormill_stopped", 0.0),
        ("rumormill_rejected_total", 0.0),
        ("rumormill_links{path=\"direct\"}", 1.0),
        ("rumormill_links{path=\"relayed\"}", 0.0),
        ("rumormill_received_datagram_bytes_total{path=\"relayed\"}", 0.0),
    ] {
        assert_eq!(sum(&at_bob, metric), value, "{metric}\n{metrics}");
    }
    for metric in [
        "rumormill_commit_seconds_count",
        "rumormill_commit_seconds_sum",
        "rumormill_home_bytes",
        "rumormill_disk_free_bytes",
        "rumormill_received_datagram_bytes_total{path=\"direct\"}",
        "rumormill_sent_datagram_bytes_total{path=\"direct\"}",
    ] {
        assert!(sum(&at_bob, metric) > 0.0, "{metric}\n{metrics}");
    }
    // Ada's name and what she said came either way; the founding entry is one of the past.
    let came = |by| sum(&at_bob, &format!("rumormill_{by}_lag_seconds_count"));
    assert!(came("rumor") + came("repair") >= 2.0, "{metrics}");
    for by in ["rumor_lag", "repair_lag", "commit"] {
        let all = sum(&at_bob, &format!("rumormill_{by}_seconds_bucket{{le=\"+Inf\"}}"));
        assert_eq!(all, sum(&at_bob, &format!("rumormill_{by}_seconds_count")), "{metrics}");
        let day = sum(&at_bob, &format!("rumormill_{by}_seconds_bucket{{le=\"86400.0\"}}"));
        assert_eq!(day, all, "no class holds more than was counted\n{metrics}");
    }
    let ticket = ada.get("/v1/rooms/lunch/ticket").ok()["ticket"].as_str().unwrap().to_owned();
    for hidden in ["lunch", "helo", "ada", &ticket] {
        assert!(!metrics.contains(hidden), "{hidden}\n{metrics}");
    }
}

#[test]
fn figures_and_metrics_agree() {
    let Two { bob, .. } = two();
    let before = series(&bob.get("/metrics").body);
    let figures = bob.get("/v1/figures").ok();
    let after = series(&bob.get("/metrics").body);
    let between = |metric: &str, value: &Value| {
        let value = value.as_f64().unwrap_or_else(|| panic!("{metric} in {figures}"));
        assert!(sum(&before, metric) <= value && value <= sum(&after, metric), "{metric}: {value}");
    };
    between("rumormill_commit_seconds_count", &figures["commits"]["count"]);
    between("rumormill_rumor_lag_seconds_count", &figures["rumor_lag"]["count"]);
    between("rumormill_up_seconds", &figures["up_s"]);
    between("rumormill_sent_datagram_bytes_total{path=\"direct\"}", &figures["carried"]["direct_out"]);
    let kinds: Vec<&str> =
        figures["rejected"].as_array().unwrap().iter().map(|of| of["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["malformed", "limit", "signature", "unlinked", "flood"]);
}

/// The number of series with one room more does not depend on who is in it or what they say.
#[test]
fn a_room_adds_thirteen_series() {
    let ada = Serving::start();
    let count = || series(&ada.get("/metrics").body).len();
    let none = count();
    assert!(none < 100, "{none}");
    for rooms in 1..=2 {
        ada.post("/v1/rooms", &json!({"name": format!("room {rooms}")})).ok();
        assert_eq!(count(), none + 13 * rooms);
    }
}

#[test]
fn metrics_need_the_token_unless_the_configuration_opens_them() {
    let ask = |ada: &Serving, path: &str, headers: &[(&str, String)]| -> Reply {
        let host = [("Host", format!("localhost:{}", ada.port()))];
        ada.ask_page("GET", path, &[&host, headers].concat(), "")
    };
    let ada = Serving::start();
    assert_eq!(ask(&ada, "/metrics", &[]).refused(401), "token");
    let token = std::fs::read_to_string(ada.home().join("token")).unwrap();
    let shown = [("Authorization", format!("Bearer {}", token.trim()))];
    assert!(ask(&ada, "/metrics", &shown).body.ends_with("# EOF\n"));

    let open = Serving::start_with("metrics = \"open\"");
    assert!(ask(&open, "/metrics", &[]).body.ends_with("# EOF\n"));
    assert_eq!(ask(&open, "/v1/figures", &[]).refused(401), "token");
    assert_eq!(ask(&open, "/v1/rooms", &[]).refused(401), "token");
    let foreign = [("Origin", "http://example.org".to_owned())];
    assert_eq!(ask(&open, "/metrics", &foreign).refused(403), "origin");
    let elsewhere = open.ask_page("GET", "/metrics", &[("Host", "example.org".to_owned())], "");
    assert_eq!(elsewhere.refused(421), "host");
}

/// The names of metrics in a text, without the endings of a histogram's series.
fn named(text: &str) -> BTreeSet<String> {
    let is_word = |char: char| char.is_ascii_lowercase() || char == '_';
    let words = text.split(|char| !is_word(char)).filter(|word| word.starts_with("rumormill_"));
    let name = |word: &str| {
        let of = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        of.unwrap_or(word).to_owned()
    };
    words.map(name).collect()
}

/// The queries in a dashboard.
fn queries(of: &Value, found: &mut Vec<String>) {
    match of {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
            Value::String(query) if key == "expr" || key == "query" => found.push(query.clone()),
            value => queries(value, found),
        }),
        Value::Array(all) => all.iter().for_each(|value| queries(value, found)),
        _ => {}
    }
}

#[test]
fn dashboard_alerts_and_manual_name_the_metrics_of_a_running_node() {
    let (ada, keeper) = (Serving::start(), Serving::start());
    ada.post("/v1/rooms", &json!({"name": "lunch"})).ok();
    let ticket = ada.post("/v1/rooms/lunch/tickets", &json!({"keeper": true, "uses": 1})).ok()["ticket"].clone();
    let room = keeper.post("/v1/rooms", &json!({"keeper": ticket})).ok()["id"].as_str().unwrap().to_owned();
    let keep = json!({"bytes": 1_000_000, "files": {"bytes": 3_000_000}});
    keeper.put(&format!("/v1/rooms/{room}/keep"), &keep).ok();
    let metrics = loop {
        let metrics = keeper.get("/metrics").body;
        if series(&metrics).contains_key(&format!("rumormill_kept_message_limit_bytes{{room=\"{}\"}}", &room[..8])) {
            break metrics;
        }
    };
    let served = named(&series(&metrics).into_keys().collect::<Vec<_>>().join("\n"));
    let read = |path: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
    };
    let mut asked = Vec::new();
    queries(&serde_json::from_str(&read("contrib/monitoring/grafana.json")).unwrap(), &mut asked);
    assert!(asked.len() > 20, "{asked:?}");
    let (shown, watched) = (named(&asked.join("\n")), named(&read("contrib/monitoring/alerts.yml")));
    assert!(watched.len() > 5, "{watched:?}");
    for (what, names) in [("the dashboard", &shown), ("the alerts", &watched)] {
        let unknown: Vec<_> = names.difference(&served).collect();
        assert!(unknown.is_empty(), "{what} name {unknown:?}\n{metrics}");
    }
    let operations = read("docs/operations.md");
    let (_, section) = operations.split_once("\n## Metrics\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    assert_eq!(named(section), served, "docs/operations.md names each metric");
    let alerts = read("contrib/monitoring/alerts.yml");
    let alerts = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        assert!(operations.contains(&format!("| `{alert}` |")), "docs/operations.md says what to do about {alert}");
    }
}

#[test]
fn top_prints_a_plain_table_into_a_pipe() {
    let Two { ada, bob, .. } = two();
    ada.events().until("room", |event| event["room"]["peers"].as_array().is_some_and(|peers| peers.len() == 1));
    let peer = ada.get("/v1/rooms/lunch").ok()["peers"][0]["peer"].as_str().unwrap()[..8].to_owned();
    for args in [&["top", "--once"][..], &["top"]] {
        let shown = ada.command(args);
        assert!(shown.status.success(), "{shown:?}");
        let table = String::from_utf8(shown.stdout).unwrap();
        let row = |begin: &str| table.lines().find(|row| row.starts_with(begin)).unwrap_or_else(|| panic!("{table}"));
        assert!(row("lunch ").ends_with("  well") && row(&peer).contains(" direct "), "{table}");
        assert!(row("commits ").contains("since the home was opened") && !table.contains('\u{1b}'), "{table}");
    }
    // Without a running process it reads the home, and creates none.
    drop(bob);
    let dir = tempfile::tempdir().unwrap();
    let none = process::rumormill(dir.path(), &["top", "--once"]).output().unwrap();
    assert!(none.status.success() && !dir.path().join("home").exists(), "{none:?}");
}
