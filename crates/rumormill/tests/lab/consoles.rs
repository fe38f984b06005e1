//! The lab with consoles that others wrote strictly to the console interface.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::stage::{self, Lab, PATIENCE};

const CONSOLES: [&str; 3] = ["threads.py", "selecting.py", "spinning.py"];

/// The messages of a log, in any order.
fn messages(log: &str) -> BTreeSet<&str> {
    log.split(',').collect()
}

fn all_equal(logs: &[String], want: &[&str]) {
    for log in logs {
        assert_eq!(log, &logs[0]);
        assert_eq!(messages(log), want.iter().copied().collect());
    }
}

#[test]
fn four_processes_show_one_log_to_every_console() {
    for console in CONSOLES {
        let lab = Lab::new(4);
        let logs = lab.console(
            console,
            "0 start 4 $0\n1 start 4 $1\n2 start 4 $2\n3 start 4 $3\n\
             0 msg 1 alpha\n1 msg 2 beta\n2 msg 3 gamma\n3 msg 4 delta\n\
             0 get chatLog\n1 get chatLog\n2 get chatLog\n3 get chatLog\nexit\n",
        );
        assert_eq!(logs.len(), 4, "{console}: {logs:?}");
        all_equal(&logs, &["alpha", "beta", "gamma", "delta"]);
    }
}

#[test]
fn a_message_crosses_sixteen_processes_that_start_together_within_a_second() {
    let lab = Lab::new(16);
    for pid in 0..16 {
        lab.start(pid, 16);
    }
    // As a console does: sleeps a second, then connects once.
    sleep(Duration::from_secs(1));
    let mut first = lab.connect(0);
    let mut last = lab.connect(15);
    let began = Instant::now();
    // The line is complete when a message has crossed it.
    first.send(b"msg 1 hello\n").unwrap();
    last.log_until(|log| log == "chatLog hello");
    let formed = began.elapsed();
    first.send(b"msg 2 again\n").unwrap();
    sleep(Duration::from_secs(1));
    assert_eq!(last.log(), "chatLog hello,again");
    println!("a line of 16 formed and was crossed after {formed:?}");
    assert!(lab.stop());
    lab.all_ended();
}

#[test]
fn a_process_that_crashes_ten_times_has_everything_each_time() {
    let lab = Lab::new(3);
    let mut script = String::from("0 start 3 $0\n1 start 3 $1\n2 start 3 $2\n");
    let mut want = Vec::new();
    for round in 0..10 {
        script += &format!("1 msg {round} from1-{round}\n2 get chatLog\n1 crash\n0 msg {round} from0-{round}\n");
        script += "1 start 3 $1\n1 get chatLog\n";
        want.extend([format!("from1-{round}"), format!("from0-{round}")]);
    }
    script += "0 get chatLog\n2 get chatLog\nexit\n";
    let logs = lab.console("selecting.py", &script);
    assert_eq!(logs.len(), 22, "{logs:?}");
    for (round, log) in logs.iter().enumerate().take(20) {
        assert_eq!(log.split(',').count(), round + 1, "after round {}: {log}", round / 2);
    }
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    all_equal(&logs[19..], &want);
}

#[test]
fn a_cut_line_continues_in_both_halves_and_merges() {
    let lab = Lab::new(4);
    let logs = lab.console(
        "spinning.py",
        "0 start 4 $0\n1 start 4 $1\n2 start 4 $2\n3 start 4 $3\n0 msg 1 together\n3 get chatLog\n1 crash\n\
         0 msg 2 left\n2 msg 3 right\n3 msg 4 far\n0 get chatLog\n2 get chatLog\n3 get chatLog\n\
         1 start 4 $1\n1 msg 5 back\n0 get chatLog\n1 get chatLog\n2 get chatLog\n3 get chatLog\n",
    );
    assert_eq!(logs.len(), 8, "{logs:?}");
    assert_eq!(logs[0], "together");
    assert_eq!(logs[1], "together,left");
    all_equal(&logs[2..4], &["together", "right", "far"]);
    all_equal(&logs[4..], &["together", "left", "right", "far", "back"]);
}

#[test]
fn a_message_waits_for_neighbours_that_do_not_exist_yet() {
    let lab = Lab::new(3);
    let logs = lab.console(
        "threads.py",
        "2 start 3 $2\n2 msg 1 early\n2 get chatLog\n0 start 3 $0\n0 get chatLog\n1 start 3 $1\n0 get chatLog\nexit\n",
    );
    assert_eq!(logs, ["early", "<empty>", "early"]);
}

#[test]
fn a_room_that_all_left_starts_anew_and_a_script_prints_the_same_twice() {
    let lab = Lab::new(2);
    let script = "0 start 2 $0\n1 start 2 $1\n0 msg 1 one\n1 get chatLog\n0 crash\n1 crash\n\
                  0 start 2 $0\n1 start 2 $1\n1 get chatLog\n1 msg 2 two\n0 get chatLog\nexit\n";
    for _ in 0..2 {
        assert_eq!(lab.console("selecting.py", script), ["one", "<empty>", "two"]);
    }
}

#[test]
fn a_crash_is_sudden_and_later_commands_are_dropped() {
    let lab = Lab::new(2);
    lab.start(0, 2);
    let mut one = lab.connect(0);
    one.send(b"msg 1 a\ncrash...\nmsg 2 b\nget chatLog\n").unwrap();
    assert_eq!(one.line(), "");
    lab.all_ended();
    lab.start(0, 2);
    assert!(!lab.connect(0).log().contains('b'));
}

#[test]
fn a_second_console_hears_the_same() {
    let lab = Lab::new(1);
    lab.start(0, 1);
    let (mut one, mut two) = (lab.connect(0), lab.connect(0));
    assert_eq!(one.log(), "chatLog <empty>");
    one.send(b"msg 1 hello, all of you\nmsg 2 again\n").unwrap();
    assert_eq!(one.log(), "chatLog hello, all of you,again");
    assert_eq!(two.log(), "chatLog hello, all of you,again");
    let six = std::net::TcpStream::connect(("::1", lab.port));
    assert!(six.is_ok() || std::net::TcpListener::bind(("::1", 0)).is_err(), "{six:?}");
}

#[test]
fn stopall_ends_only_its_own_lab() {
    let lab = Lab::new(4);
    assert!(lab.stop(), "none to stop is no failure");
    let other = tempfile::tempdir().unwrap();
    let mut kept = lab
        .command(stage::PROGRAM)
        .args(["lab", "process", "3", "4", &(lab.port + 3).to_string(), "--dir"])
        .arg(other.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for pid in 0..3 {
        lab.start(pid, 4);
    }
    for pid in 0..4 {
        // The answer comes from inside the room, long after the start of the process was recorded.
        assert_eq!(lab.connect(pid).log(), "chatLog <empty>");
    }
    assert!(lab.stop());
    lab.all_ended();
    assert_eq!(lab.connect(3).log(), "chatLog <empty>", "another lab's process goes on");
    assert!(lab.stop());
    kept.kill().unwrap();
    kept.wait().unwrap();
}

#[test]
fn the_trace_shows_the_protocol_and_may_be_ignored() {
    let lab = Lab::new(2);
    let mut traced = lab
        .command("./process")
        .args(["0", "2", &lab.port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    lab.start(1, 2);
    let mut one = lab.connect(1);
    one.send(b"msg 1 hello\n").unwrap();
    let mut zero = lab.connect(0);
    zero.log_until(|log| log.contains("hello"));
    zero.send(b"msg 2 world\n").unwrap();
    let mut told = BufReader::new(traced.stderr.take().unwrap()).lines().map(Result::unwrap);
    let words = [
        "link to p1 is up",
        "of p0 is in the log: world",
        "rumor sent to p1",
        "anti-entropy with p1",
        "status from p1",
    ];
    for words in words {
        assert!(told.any(|line| line.contains(" p0 ") && line.contains(words)), "{words}");
    }
    // More lines than the pipe and the trace queue hold together, and nobody reads them.
    for number in 0..4_000 {
        zero.send(format!("msg {number} {}\n", "x".repeat(100)).as_bytes()).unwrap();
    }
    one.log_until(|log| log.split(',').count() == 4_002);
    assert!(lab.stop());
    traced.wait().unwrap();
    assert!(told.filter(|line| line.contains("xxxx")).count() < 4_000, "what nobody reads is dropped");
}

#[test]
fn our_console_reports_the_line_that_failed() {
    let lab = Lab::new(2);
    let well = lab.proxy("0 start 2 $0\n1 start 2 $1\n0 msg 1 hello, you\n1 get chatLog\nstatus\nexit\n");
    assert!(well.status.success(), "{}", String::from_utf8_lossy(&well.stderr));
    let said = String::from_utf8(well.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "hello, you");
    assert!(lines[1].starts_with("0 of 2: running") && lines[2].starts_with("1 of 2: running"), "{lines:?}");

    let ill = lab.proxy("0 start 2 $0\n1 msg 1 nobody\n0 dance\n0 crash\n0 start 2 $0\n0 get chatLog\n");
    assert_eq!(ill.status.code(), Some(1));
    assert_eq!(String::from_utf8(ill.stdout).unwrap(), "<empty>\n");
    let told = String::from_utf8(ill.stderr).unwrap();
    assert!(told.contains("line 2: error[command]: process 1 does not run"), "{told}");
    assert!(told.contains("line 3: error[command]: unknown command"), "{told}");
}

#[test]
fn our_console_drives_a_lab_that_starts_at_once() {
    let lab = Lab::new(3);
    let port = lab.port.to_string();
    let mut start = lab.command(stage::PROGRAM);
    let output = stage::fed(start.args(["lab", "start", "3", "--port", &port]), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);
    let output = lab.proxy("0 msg 1 hello\n2 get chatLog\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "hello\n");
    let deadline = Instant::now() + PATIENCE;
    while std::net::TcpStream::connect(("127.0.0.1", lab.port)).is_ok() {
        assert!(Instant::now() < deadline, "the end of the script ends the lab");
    }
}
