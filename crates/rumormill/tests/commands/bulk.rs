//! Many lines at once: `send` sends all of them, or reports those that it did not send.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use crate::{
    person::Person,
    space::{apart, shell},
};

/// Runs a command with this standard input.
fn with_input(mut command: Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A command that ends early leaves input unread.
    let _ = writer.join().unwrap();
    output
}

fn texts(ada: &Person) -> Vec<String> {
    let message = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let said = ada.lines(&["log", "lunch", "--json"]);
    let said = said.iter().map(message).filter(|message| message["kind"] == "text");
    said.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_others_are_sent() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    let fits = "f".repeat(8_192);
    for length in [8_193, 16 * 1024, 16 * 1024 + 5, 40_000, 1_000_000] {
        let before = texts(&ada).len();
        let input = format!("before\n\n{}\n{fits}\nafter", "x".repeat(length));
        let output = with_input(ada.command(&["send", "lunch"]), input.as_bytes());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("error[too-long]: 1 line is longer") && said.contains("line 3; 3 other lines"), "{said}");
        assert_eq!(texts(&ada)[before..], ["before", &fits, "after"], "{length}");
    }
    let only = with_input(ada.command(&["send", "lunch"]), "x".repeat(9_000).as_bytes());
    assert_eq!(only.status.code(), Some(2));
    assert!(String::from_utf8(only.stderr).unwrap().contains("error[too-long]"));
}

#[test]
fn a_chat_in_lines_refuses_a_line_that_is_too_long_and_goes_on() {
    let ada = Person::new();
    let long = "x".repeat(50_000);
    let input = format!("before\n{long}\n{}\nafter\n", "y".repeat(10_000));
    let output = with_input(ada.command(&["new", "lunch"]), input.as_bytes());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("error[too-long]").count(), 2, "{said}");
    assert!(said.contains("50000 bytes"), "{said}");
    assert_eq!(texts(&ada), ["before", "after"]);
}

#[test]
fn the_console_of_the_lab_refuses_a_line_that_is_too_long_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut proxy = Command::new(env!("CARGO_BIN_EXE_rumormill"));
    proxy.args(["lab", "proxy", "--dir"]).arg(dir.path());
    let input = format!("0 msg 1 {}\nhelp", "x".repeat(70_000));
    let output = with_input(proxy, input.as_bytes());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("error[").count(), 2, "the line, and that a command failed: {said}");
    assert!(said.contains("line 1: error[too-long]"), "{said}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("start process"), "the next line is done");
}

#[test]
fn a_full_disk_reports_how_many_lines_were_sent_and_how_to_go_on() {
    let ada = Person::new();
    // Lines of a kilobyte, more than the disk holds, and every tenth of the input empty.
    let script = r#"
        line=$(head -c 1000 /dev/zero | tr '\0' x)
        "$1" --loopback new lunch </dev/null >/dev/null 2>&1
        i=0; while [ $i -lt 6000 ]; do i=$((i + 1)); [ $((i % 10)) = 0 ] && echo || echo "$i $line"; done >"$2"
        "$1" --loopback send lunch <"$2"; echo "sent $?"
        "$1" --loopback doctor | grep ILL
        rm -f "$RUMORMILL_HOME"/ballast
        "$1" --loopback log lunch --json --last 1 | grep -o '"text":"[0-9]*'
        "$1" --loopback send lunch and more; echo "more $?""#;
    let mut send = shell(script, &ada.command(&[]));
    send.arg(ada.home.path().join("input")).stdin(Stdio::null());
    let home = ada.home.path().join("home");
    std::fs::create_dir(&home).unwrap();
    // A disk of four megabytes; one of them is freed afterwards.
    let disk = format!(
        "mount -t tmpfs -o size=4m,mode=0700 tmpfs {0} && head -c 1000000 /dev/zero >{0}/ballast && chmod 600 {0}/ballast",
        home.display()
    );
    let Some(output) = apart("--mount", &disk, &send) else { return };
    let (said, told) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert!(told.contains("sent 1\n"), "{told}{said}");
    assert!(said.contains("no room on the disk"), "{said}");
    let upto: u64 = said.split("up to line ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(said.contains(&format!("tail -n +{}", upto + 1)), "{said}");
    // The reported count matches the last line in the room.
    assert!(told.contains(&format!("\"text\":\"{upto}\n")), "{upto}: {told}");
    assert!(told.lines().any(|line| line.starts_with("ILL") && line.contains("disk")), "{told}");
    assert!(told.ends_with("more 0\n"), "it goes on when there is room: {told}{said}");
}

#[test]
fn a_process_that_ends_reports_how_many_lines_were_sent() {
    let ada = Person::new();
    let mut chat = ada.open(&["new", "lunch"]);
    chat.line();
    let mut send = ada.command(&["send", "lunch"]);
    let mut child = send.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Twice as many lines as are sent at once: when the last of them arrives, the first half has surely been sent. The
    // chat shows the newest of lines that come together, so no other line is sure to appear.
    (1..=256).for_each(|number| writeln!(stdin, "line {number}").unwrap());
    stdin.flush().unwrap();
    chat.until("line 256");
    drop(chat);
    // The next lines find no process.
    for number in 257..=1_000 {
        if writeln!(stdin, "line {number}").is_err() {
            break;
        }
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let upto: usize = said.split("up to line ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(upto == 128 || upto == 256, "{said}");
    assert!(said.contains(&format!("tail -n +{}", upto + 1)), "{said}");
    assert!(said.contains(&format!("whether line {} to {} were said is not known", upto + 1, upto + 128)), "{said}");
    assert!((upto..=upto + 128).contains(&texts(&ada).len()), "{said}");
}
