//! Imports from other systems in the many forms that they write: in each test somebody imports a file as it was found.

use std::fs;

use serde_json::{Value, json};

use crate::{foreign::imported, person::Person};

/// Somebody who imports one file after the other into one room.
struct Mover {
    ada: Person,
    seen: usize,
}

impl Mover {
    fn new() -> Self {
        let ada = Person::new();
        ada.found("lunch");
        Self { ada, seen: 0 }
    }

    /// Imports a file with this name and content; returns the report and the messages: name, seconds since the Unix
    /// epoch and text.
    fn moves(
        &mut self,
        file: &str,
        content: impl AsRef<[u8]>,
        zone: &str,
    ) -> (Vec<String>, Vec<(String, u64, String)>) {
        let path = self.ada.path(file);
        fs::write(&path, content).unwrap();
        let tells = self.ada.lines(&["import", "lunch", &path, "--zone", zone]);
        let all = imported(&self.ada);
        let new = all[self.seen..].iter().map(|(name, _, ms, text)| (name.clone(), ms / 1000, text.clone())).collect();
        self.seen = all.len();
        (tells, new)
    }

    /// Imports a file with the zone UTC, and checks the messages.
    fn brings(&mut self, file: &str, content: impl AsRef<[u8]>, expected: &[(&str, u64, &str)]) -> Vec<String> {
        let shown = String::from_utf8_lossy(content.as_ref()).into_owned();
        let (tells, new) = self.moves(file, content, "UTC");
        let expected: Vec<_> =
            expected.iter().map(|(name, at, text)| ((*name).to_owned(), *at, (*text).to_owned())).collect();
        assert_eq!(new, expected, "{tells:?}\n{shown}");
        tells
    }

    fn refuses(&self, file: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.ada.path(file);
        fs::write(&path, content).unwrap();
        self.ada.fails(&["import", "lunch", &path], 2)
    }
}

/// 2019-03-02, midnight, in UTC.
const DAY: u64 = 1_551_484_800;
const NOON: u64 = DAY + 14 * 3600 + 120;

#[test]
fn irssi_is_read_with_any_settings() {
    let day = "--- Log opened Sat Mar 02 13:55:01 2019\n";
    let both = [("mira", NOON, "hi"), ("tomas", NOON + 60, "ho")];
    for stamps in [
        "14:02<@mira> hi\n14:03< tomas> ho\n",
        "[14:02] <mira> hi\n[14:03] <+tomas> ho\n",
        "14:02:00 <mira:#lunch> hi\n14:03:00 <@tomas:#lunch> ho\n",
        "14.02 <mira> hi\n14.03 <tomas> ho\n",
        "02:02 PM <mira> hi\n02:03 PM <tomas> ho\n",
        "14:02 | <mira> hi\n14:03 | <tomas> ho\n",
        "14:02 [@mira] hi\n14:03 [ tomas] ho\n14:04 -!- mira [m@192.0.2.1] has quit [bye]\n",
        "14:02 mira> hi\n14:03 tomas> ho\n",
        "14:02 mira | hi\n14:03 tomas | ho\n",
        "14:02 mira: hi\n14:03 tomas: ho\n",
        "1551535320 <mira> hi\n1551535380 <tomas> ho\n",
        "2019-03-02T14:02:00+0000 <mira> hi\n2019-03-02T15:03:00+0100 <tomas> ho\n",
        "02/03/2019 14:02 <mira> hi\n02/03/2019 14:03 <tomas> ho\n",
        "Sat Mar  2 14:02:00 2019 <mira> hi\nSat Mar  2 14:03:00 2019 <tomas> ho\n",
    ] {
        // A message is imported only once, so somebody else imports the file.
        Mover::new().brings("in.log", format!("{day}{stamps}"), &both);
    }
}

#[test]
fn irssi_dates_are_read_in_any_language_and_from_file_names() {
    let mut ada = Mover::new();
    let log = "--- Log geöffnet Sa Mär 02 13:55:01 2019\n14:02 < mira> erstens\n\
               --- Tag geändert So Mär 03 2019\n14:02 < mira> zweitens\n\
               --- Päivä vaihtui ma 4. maaliskuuta 2019\n14:02 < mira> drittens\n\
               14:03 < mira> mehr\ndavon\n14:04 < mira> genug\n";
    let days = [
        ("mira", NOON, "erstens"),
        ("mira", NOON + 86_400, "zweitens"),
        ("mira", NOON + 2 * 86_400, "drittens"),
        ("mira", NOON + 2 * 86_400 + 60, "mehr\ndavon"),
        ("mira", NOON + 2 * 86_400 + 120, "genug"),
    ];
    ada.brings("in.log", log, &days);
    ada.brings("#lunch.2019-03-02.log", "14:02 <mira> by its name\n", &[("mira", NOON, "by its name")]);
    let refused = ada.refuses("lunch.log", "14:02 <mira> on no day\n");
    assert!(refused.contains("1 without a date in the file or its name"), "{refused}");
}

#[test]
fn weechat_is_read_with_custom_prefixes_and_timestamps() {
    let mut ada = Mover::new();
    let log = "2019-03-02 14:02:00\t****  Beginning of log  ****\n\
               2019-03-02 14:02:00\t→\tmira (~m@192.0.2.1) has joined #lunch\n\
               2019-03-02 14:02:00\tℹ\tTopic for #lunch is \"food\"\n\
               2019-03-02 14:02:00\t<@mira>\tone\n\
               2019-03-02 14:02:01\t_\tI am called so\n\
               2019-03-02 14:02:02\t✎\tmira waves\n\
               2019-03-02 14:02:03\t\u{3}4--\tNotice(bob): soup\n";
    let said = [("mira", NOON, "one"), ("_", NOON + 1, "I am called so"), ("mira", NOON + 2, "* mira waves")];
    let tells = ada.brings("a.weechatlog", log, &said);
    assert!(tells.iter().any(|line| line == "left out: 3 joins, leaves and other changes, 1 notices"), "{tells:?}");
    let log = "2019-03-02T14:02:00.123456Z\tmira\tin London\n2019-03-02 14:02:01 +01:00\tmira\tin Paris\n\
               2019-03-02 14:02:02 EST\tmira\tin New York\nSat, 02 Mar 2019 14:02:03\tmira\tat home\n\
               1551535324\tmira\tin numbers\n02.03.19 14:02:05\tmira\tin points\n";
    let said = [
        ("mira", NOON, "in London"),
        ("mira", NOON + 1 - 3600, "in Paris"),
        ("mira", NOON + 2 + 5 * 3600, "in New York"),
        ("mira", NOON + 3, "at home"),
        ("mira", NOON + 4, "in numbers"),
        ("mira", NOON + 5, "in points"),
    ];
    let tells = ada.brings("b.weechatlog", log, &said);
    assert!(tells.iter().any(|line| line.starts_with("dates were read as day, month, year")), "{tells:?}");
}

#[test]
fn other_clients_and_bouncers_are_read() {
    let mut ada = Mover::new();
    let lounge = "[2019-03-02T14:02:00.000Z] <@alice> see: this\n[2019-03-02T14:02:01.000Z] * @bob waves\n\
                  [2019-03-02T14:02:02.000Z] -alice- soup\n[2019-03-02T14:02:03.000Z] *** bob (b@192.0.2.1) left (bye)\n";
    ada.brings("lounge.log", lounge, &[("alice", NOON, "see: this"), ("bob", NOON + 1, "* @bob waves")]);
    let hexchat = "**** PROTOKOLL BEGINNT AM Sa Mär  2 13:55:01 2019\n\nMär 02 14:02:00 *\tbob (b@192.0.2.1) ist da\n\
                   Mär 02 14:02:00 <bob>\tMahlzeit\nMär 02 14:02:01 *\tbob has quit smoking\n\
                   Mär 02 14:02:02 *\tbob has quit (bye)\nMär 02 14:02:02 -bob-\tsoup\n\
                   **** PROTOKOLL ENDET AM Sa Mär  2 15:00:00 2019\n";
    ada.brings("hexchat.log", hexchat, &[("bob", NOON, "Mahlzeit"), ("bob", NOON + 1, "* bob has quit smoking")]);
    let znc = "[14:02:00] <alice> {\"ts\": \"1.2\"} is no JSON\n[14:02:01] * bob has left the building\n";
    let said = [("alice", NOON, "{\"ts\": \"1.2\"} is no JSON"), ("bob", NOON + 1, "* bob has left the building")];
    ada.brings("2019-03-02.log", znc, &said);
}

#[test]
fn files_in_any_encoding_are_decoded() {
    let mut ada = Mover::new();
    let day = "--- Log opened Sat Mar 02 13:55:01 2019\n";
    let log = |line: &[u8]| [day.as_bytes(), b"14:02 <mira> ", line, b"\n"].concat();
    let mixed = [log("naïve UTF-8".as_bytes()).as_slice(), b"14:03 <j\xf6rg> gr\xfc\xdfe\n"].concat();
    ada.brings("mixed.log", mixed, &[("mira", NOON, "naïve UTF-8"), ("jörg", NOON + 60, "grüße")]);
    // КОИ-8 of a whole sentence: "привет, как дела сегодня".
    let koi8 = b"\xd0\xd2\xc9\xd7\xc5\xd4, \xcb\xc1\xcb \xc4\xc5\xcc\xc1 \xd3\xc5\xc7\xcf\xc4\xce\xd1";
    let tells = ada.brings("koi8.log", log(koi8), &[("mira", NOON, "привет, как дела сегодня")]);
    assert!(tells.iter().any(|line| line == "1 line was no UTF-8 and read as KOI8-U"), "{tells:?}");
    // "こんにちは" in seven bits, as Japanese channels wrote it.
    ada.brings("jis.log", log(b"\x1b$B$3$s$K$A$O\x1b(B!"), &[("mira", NOON, "こんにちは!")]);
    let wide =
        |text: &str, mark: &[u8]| [mark, &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat();
    let text = format!("{day}14:02 <mira> wide, marked\n");
    ada.brings("wide.log", wide(&text, b"\xff\xfe"), &[("mira", NOON, "wide, marked")]);
    let text = format!("{day}14:02 <mira> wide, unmarked\n");
    ada.brings("wide.log", wide(&text, b""), &[("mira", NOON, "wide, unmarked")]);
    let text = format!("\u{feff}{day}14:02 <\u{3}12mira\u{3}> \u{3}4,1red\u{f} and \u{1b}[1;31mbold\u{1b}[0m\r\n");
    ada.brings("colours.log", text, &[("mira", NOON, "red and bold")]);
    let slack = json!([{"type": "message", "user": "U1", "text": "\u{3}4red", "ts": "1551535320.000100"}]).to_string();
    ada.brings("slack.json", wide(&slack, b"\xff\xfe"), &[("U1", NOON, "red")]);
}

#[test]
fn times_without_a_zone_are_reported() {
    let mut ada = Mover::new();
    let zoned = "2019-10-27 02:30:00 +0200\tmira\tfirst\n2019-10-27T01:30:00Z\tmira\tsecond\n";
    let (tells, said) = ada.moves("zoned.weechatlog", zoned, "Europe/Berlin");
    assert_eq!(said.iter().map(|(_, at, _)| *at).collect::<Vec<_>>(), [1_572_136_200, 1_572_139_800]);
    assert_eq!(tells.len(), 1, "no zone was guessed: {tells:?}");
    let local = "2019-10-27 02:30:00\tmira\ttwice\n2019-03-31 02:30:00\tmira\tnever\n2019-10-27 12:00:00\tmira\tonce\n";
    let (tells, _) = ada.moves("local.weechatlog", local, "Europe/Berlin");
    let zone = "times without a zone were read in the zone Europe/Berlin; --zone names another";
    let unsure = "2 messages are of an hour that comes twice or never there; of two, the earlier one was taken";
    assert_eq!(tells[1..], [zone, unsure]);
}

#[test]
fn whatsapp_is_read_from_phones_of_any_region() {
    let mut ada = Mover::new();
    let chats = [
        "[02.03.19, 14:02:00] Alice: de\n[14.03.19, 14:02:00] Alice: x\n",
        "3/2/19, 2:02\u{202f}PM - Alice: us\n3/14/19, 2:02\u{202f}PM - Alice: x\n",
        "02/03/2019, 14:02 - Alice: uk\n14/03/2019, 14:02 - Alice: x\n",
        "2019-03-02, 2:02 p.m. - Alice: ca\n2019-03-14, 2:02 p.m. - Alice: x\n",
        "2.3.2019 klo 14.02 - Alice: fi\n14.3.2019 klo 14.02 - Alice: x\n",
        "2019년 3월 2일 오후 2:02, Alice : ko\n",
        "[2019/3/2 下午2:02:00] Alice: zh\n",
    ];
    for chat in chats {
        let (tells, said) = ada.moves("_chat.txt", chat, "UTC");
        assert_eq!((said[0].0.as_str(), said[0].1), ("Alice", NOON), "{chat} {tells:?}");
        assert!(!tells.iter().any(|line| line.starts_with("dates were")), "{tells:?}");
    }
    let chat = "02/03/2019, 14:02 - Messages are end-to-end encrypted.\n02/03/2019, 14:02 - Alice: one\n\ntwo\n\
                02/03/2019, 14:03 - Bob changed the subject to \"Lunch: now\"\n02/03/2019, 14:04 - Bob:\n\n";
    let tells = ada.brings("more.txt", chat, &[("Alice", NOON, "one\n\ntwo")]);
    assert_eq!(tells[1], "left out: 2 joins, leaves and other changes, 1 without text");
    assert!(tells[2].starts_with("dates were read as day, month, year; no date"), "{tells:?}");
}

#[test]
fn slack_messages_of_people_and_bots_are_complete() {
    let mut ada = Mover::new();
    let message = |more: Value| {
        let mut message = json!({"type": "message", "user": "U1", "ts": "1551535320.000100"});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        message
    };
    let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": "disk is full"},
        "fields": [{"type": "mrkdwn", "text": "host"}, {"type": "mrkdwn", "text": "<https://example.org|web 1>"}]});
    let rich = json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
        {"type": "text", "text": "see "}, {"type": "channel", "channel_id": "C1"}]}]});
    let cases = [
        (
            json!({"text": "New alert", "bot_id": "B1", "blocks": [section]}),
            "New alert\ndisk is full\nhost\nweb 1 (https://example.org)",
        ),
        (json!({"text": "see <#C1|general>", "blocks": [rich]}), "see #general"),
        (json!({"text": "", "subtype": "slackbot_response"}), ""),
        (json!({"text": "I answer", "subtype": "slackbot_response"}), "I answer"),
        (json!({"text": "", "attachments": [{"fallback": "only here"}]}), "only here"),
        (
            json!({"text": "", "attachments": [{"author_name": "Tom", "text": "shared", "footer": "in #general"}]}),
            "Tom\nshared\nin #general",
        ),
        (
            json!({"text": "", "files": [{"name": "notes.txt", "url_private": "https://example.org/n", "preview": "buy milk"}]}),
            "[file: notes.txt] https://example.org/n\nbuy milk",
        ),
        (json!({"subtype": "file_comment", "user": null, "comment": {"user": "U1", "comment": "nice"}}), "nice"),
        (json!({"text": "later", "thread_ts": "1551535000.000100"}), "↳ later"),
    ];
    for (more, text) in cases {
        let day = json!([message(more.clone()), message(json!({"text": "end", "ts": "1551535321.0"}))]).to_string();
        let (tells, said) = ada.moves("2019-03-02.json", &day, "UTC");
        let got: Vec<&str> = said.iter().map(|(_, _, text)| text.as_str()).filter(|text| *text != "end").collect();
        let expected: Vec<&str> = Some(text).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!(got, expected, "{more} {tells:?}");
        assert!(!text.is_empty() || tells.iter().any(|line| line == "left out: 1 without text"), "{tells:?}");
    }
    let newest_first = json!({"ok": true, "messages": [
        message(json!({"text": "b", "ts": "1551535322.0", "reactions": [{"name": "soup", "count": 1}]})),
        message(json!({"text": "a", "ts": 1_551_535_321.0})),
    ]});
    let tells = ada.brings("history.json", newest_first.to_string(), &[("U1", NOON + 1, "a"), ("U1", NOON + 2, "b")]);
    assert_eq!(tells[1], "left out: 1 reactions");
}

#[test]
fn a_slack_channel_is_read_past_a_broken_day() {
    let ada = Mover::new();
    let dir = ada.ada.path("general");
    fs::create_dir(&dir).unwrap();
    let day = |name: &str, text: &str| fs::write(format!("{dir}/{name}"), text).unwrap();
    day("2019-03-01.json", "");
    day("2019-03-02.json", r#"[{"type": "message", "user": "U1", "text": "one", "ts": "1551535320.0"}]"#);
    day("2019-03-03.json", r#"[{"type": "message", "user": "U1", "text": "two", "ts": "1551621720.0"}, {"ty"#);
    day("2019-03-04.json", r#"[{"type": "message", "user": "U1", "text": "three", "ts": "1551708120.0"}]"#);
    day("canvas.json", "[{\"title\": \"plan\"}]");
    let said = ada.ada.fails(&["import", "lunch", &dir], 2);
    assert!(said.contains("2019-03-03.json"), "{said}");
    let texts: Vec<String> = imported(&ada.ada).into_iter().map(|(.., text)| text).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let output = ada.ada.run(&["import", "lunch", &dir]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("left out: 1 files that cannot be read, 1 files without a date"), "{told}");
}

fn matrix(more: &Value) -> Value {
    let mut event = json!({"type": "m.room.message", "sender": "@mira:example.org", "event_id": "$1",
        "origin_server_ts": NOON * 1000, "content": {"msgtype": "m.text", "body": "hi"}});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[test]
fn matrix_is_read_in_every_form() {
    let mut ada = Mover::new();
    let event = |text: &str| matrix(&json!({"content": {"msgtype": "m.text", "body": text}}));
    let invited = json!({"rooms": {"invite": {"!b:example.org": {"invite_state": {"events": [
            {"type": "m.room.name", "sender": "@mira:example.org", "content": {"name": "other"}}]}}},
        "join": {"!a:example.org": {"timeline": {"events": [event("a sync")]}}}}});
    let forms = [
        ("a list", json!([event("a list")]).to_string()),
        ("an export", json!({"room_name": "lunch", "messages": [event("an export")]}).to_string()),
        ("a page", json!({"start": "t1", "chunk": [event("a page")]}).to_string()),
        ("a sync", invited.to_string()),
        ("a line", event("a line").to_string()),
        ("printed", serde_json::to_string_pretty(&event("printed")).unwrap()),
        ("pages", format!("{}\n{}\n", json!({"chunk": [event("pages")]}), json!({"chunk": []}))),
        ("cut", format!("{}\n{{\"type\": \"m.room.mes", event("cut"))),
    ];
    for (text, file) in forms {
        ada.brings("matrix.json", file, &[("mira", NOON, text)]);
    }
    let printed = [event("p1"), event("p2")].map(|event| serde_json::to_string_pretty(&event).unwrap()).join("\n");
    ada.brings("printed.json", printed, &[("mira", NOON, "p1"), ("mira", NOON, "p2")]);
}

#[test]
fn matrix_messages_keep_edits_and_quotes() {
    let mut ada = Mover::new();
    let edit = |of: &str, text: &str| {
        json!({"event_id": "$e", "origin_server_ts": (NOON + 9) * 1000, "content": {"msgtype": "m.text",
            "body": format!("* {text}"), "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": of}}})
    };
    let reply = |body: &str| json!({"content": {"msgtype": "m.text", "body": body, "m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}});
    let cases = [
        (
            json!({"content": {"msgtype": "m.image", "body": "look", "filename": "soup.jpg"}}),
            Some("[image: soup.jpg] look"),
        ),
        (
            json!({"content": {"msgtype": "m.file", "body": "menu.pdf", "filename": "menu.pdf"}}),
            Some("[file: menu.pdf]"),
        ),
        (json!({"type": "m.sticker", "content": {"body": "soup"}}), Some("[sticker: soup]")),
        (json!({"content": {"msgtype": "m.text", "body": "> I said\nand say"}}), Some("> I said\nand say")),
        (reply("> <@bob:example.org> they said\n> more\n\n> my own quote\nanswer"), Some("> my own quote\nanswer")),
        (reply("> no fallback\nanswer"), Some("> no fallback\nanswer")),
        (
            json!({"type": "m.message", "content": {"m.text": [{"body": "<b>x</b>", "mimetype": "text/html"}, {"body": "x1"}]}}),
            Some("x1"),
        ),
        (
            json!({"type": "m.poll.start", "content": {"m.poll": {"question": {"m.text": [{"body": "soup?"}]},
            "answers": [{"m.id": "1", "m.text": [{"body": "yes"}]}]}}}),
            Some("[poll] soup?\n- yes"),
        ),
        (edit("$before", "the file begins behind it"), Some("the file begins behind it")),
        (json!({"type": "m.room.message", "content": {}}), None),
        (json!({"type": "m.poll.response", "content": {"m.selections": ["1"]}}), None),
        (json!({"content": {"msgtype": "m.bad.encrypted", "body": "** Unable to decrypt **"}}), None),
    ];
    for (more, text) in cases {
        let end = matrix(&json!({"event_id": "$end", "content": {"msgtype": "m.text", "body": "end"}}));
        let (tells, said) = ada.moves("matrix.json", json!([matrix(&more), end]).to_string(), "UTC");
        let got: Vec<&str> = said.iter().map(|(_, _, text)| text.as_str()).filter(|text| *text != "end").collect();
        assert_eq!(got, text.into_iter().collect::<Vec<_>>(), "{more} {tells:?}");
        assert_eq!(text.is_none(), tells.iter().any(|line| line.starts_with("left out: 1 ")), "{tells:?}");
    }
    let edited =
        json!([matrix(&json!({"content": {"msgtype": "m.text", "body": "hugnry"}})), matrix(&edit("$1", "hungry"))]);
    let tells = ada.brings("edited.json", edited.to_string(), &[("mira", NOON, "hungry")]);
    assert_eq!(tells[1], "left out: 1 edits, whose text is in the edited message");
}

#[test]
fn discord_telegram_mattermost_and_zulip_are_read_completely() {
    let mut ada = Mover::new();
    let discord = |more: Value| {
        let mut event = json!({"id": "1", "type": "Default", "timestamp": "2019-03-02T14:02:00+00:00", "content": "",
            "author": {"id": "1", "name": "alice", "nickname": "Alice"}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"guild": {}, "channel": {}, "messages": [event], "messageCount": 1}).to_string()
    };
    ada.brings(
        "d.json",
        discord(json!({"type": "20", "content": "a command's answer"})),
        &[("Alice", NOON, "a command's answer")],
    );
    let embed = json!({"embeds": [{"title": "Menu", "author": {"name": "cook"}, "footer": {"text": "since 1900"}, "fields": []}]});
    ada.brings("d.json", discord(embed), &[("Alice", NOON, "cook\nMenu\nsince 1900")]);
    let forwarded = json!({"forwardedMessage": {"content": "from there", "attachments": [], "embeds": []}});
    ada.brings("d.json", discord(forwarded), &[("Alice", NOON, "[forwarded]\nfrom there")]);

    let telegram = |more: Value| {
        let mut event = json!({"id": 1, "type": "message", "date": "2019-03-02T15:02:00", "date_unixtime": "1551535320",
            "from": "Alice", "from_id": "user1", "text": ""});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"name": "lunch", "type": "private_group", "id": 1, "messages": [event]})
    };
    let parts = json!({"text_entities": [{"type": "plain", "text": "only "}, {"type": "bold", "text": "there"}]});
    ada.brings("result.json", telegram(parts).to_string(), &[("Alice", NOON, "only there")]);
    let file = json!({"file": "(File not included. Change data exporting settings to download.)", "media_type": "voice_message"});
    ada.brings("result.json", telegram(file).to_string(), &[("Alice", NOON, "[voice message]")]);
    let one = json!({"about": "", "chats": {"list": [telegram(json!({"text": "all of an account"}))]}});
    ada.brings("result.json", one.to_string(), &[("Alice", NOON, "all of an account")]);
    let two = json!({"chats": {"list": [telegram(json!({"text": "x"})), telegram(json!({"text": "y"}))]}});
    assert!(ada.refuses("result.json", two.to_string()).contains("holds several chats"));

    let post = |channel: &str, more: Value| {
        let mut post =
            json!({"team": "t", "channel": channel, "user": "alice", "message": "", "create_at": NOON * 1000});
        post.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"type": "post", "post": post}).to_string()
    };
    let hook = json!({"props": {"override_username": "ci", "attachments": [{"title": "Build", "fields": [{"title": "took", "value": 3}]}]}});
    ada.brings("m.jsonl", post("lunch", hook), &[("ci", NOON, "Build\ntook: 3")]);
    let system = format!(
        "{}\n{}",
        post("lunch", json!({"type": "system_join_channel", "message": "joined"})),
        post("lunch", json!({"message": "hi"}))
    );
    let tells = ada.brings("m.jsonl", system, &[("alice", NOON, "hi")]);
    assert_eq!(tells[1], "left out: 1 joins, leaves and other changes");
    let several = format!("{}\n{}\n", post("lunch", json!({"message": "x"})), post("dinner", json!({"message": "y"})));
    assert!(ada.refuses("m.jsonl", several).contains("several channels, \"lunch\" and \"dinner\" among them"));

    let zulip = json!({"result": "success", "messages": [{"id": 1, "type": "stream", "stream_id": 5, "subject": "soup",
        "sender_full_name": "Alice", "timestamp": NOON, "content_type": "text/html", "content": "<p>salt &amp; <em>pepper</em></p>"}]});
    ada.brings("z.json", zulip.to_string(), &[("Alice", NOON, "[soup] salt & pepper")]);
    let realm = json!({"zerver_userprofile": [{"id": 7, "full_name": "Bob"}]}).to_string();
    fs::write(ada.ada.path("realm.json"), realm).unwrap();
    let export = json!({"zerver_message": [{"id": 1, "sender": 7, "recipient": 3, "subject": "", "date_sent": NOON as f64 + 0.5,
        "content": "/me waves"}], "zerver_usermessage": [{"id": 1, "message": 1}]});
    ada.brings("messages-000001.json", export.to_string(), &[("Bob", NOON, "* Bob waves")]);
}

#[test]
fn missing_escapes_and_broken_events_stop_no_import() {
    let mut ada = Mover::new();
    let telegram = |text: &str| {
        format!(
            "{{\"name\": \"lunch\", \"type\": \"private_group\", \"id\": 1, \"messages\": [\n{{\"id\": 1, \"type\": \"message\", \
             \"date\": \"2019-03-02T15:02:00\", \"date_unixtime\": \"1551535320\", \"from\": \"Älice\", \"text\": \"{text}\"}}\n]}}"
        )
    };
    for (text, said) in [
        ("a\u{1}b\u{8}c\u{b}d", "a\u{1}b\u{8}c\u{b}d"),
        ("one\ntwo", "one\ntwo"),
        ("half \\ud83d of it", "half \u{fffd} of it"),
        ("a \\q", "a \\q"),
    ] {
        ada.brings("result.json", telegram(text), &[("Älice", NOON, said)]);
    }
    // One truncated letter does not change the encoding of the file.
    let mut bytes = telegram("cut X").into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'X').unwrap();
    bytes[at] = 0xf0;
    let tells = ada.brings("result.json", bytes, &[("Älice", NOON, "cut \u{fffd}")]);
    assert_eq!(tells[1], "the file was read as UTF-8, where some bytes are none");
    let lines = [matrix(&json!({"content": {"msgtype": "m.text", "body": "one"}})).to_string(), "Y".into()].join("\n");
    let raw = matrix(&json!({"content": {"msgtype": "m.text", "body": "twZo"}})).to_string().replace('Z', "\u{2}");
    ada.brings("lines.jsonl", lines.replace('Y', &raw), &[("mira", NOON, "one"), ("mira", NOON, "two")]);
}

#[test]
fn a_file_without_a_chat_is_refused() {
    let ada = Mover::new();
    let cases: [(&str, &[u8], &str); 7] = [
        ("a.gz", b"\x1f\x8b\x08\x00rest", "is compressed"),
        ("a.zip", b"PK\x03\x04rest", "unpack it"),
        ("a.db", b"SQLite format 3\0rest", "is a database"),
        ("empty.log", b"", "is empty"),
        ("users.json", br#"[{"id": "U1", "name": "mira"}]"#, "has an unknown format"),
        ("a.log", b"hello\nworld\n", "has an unknown format"),
        ("a.log", b"[see \"messages\" there]\n", "has an unknown format"),
    ];
    for (name, content, told) in cases {
        let said = ada.refuses(name, content);
        assert!(said.contains(told), "{name}: {said}");
    }
    let silent = "--- Log opened Sat Mar 02 13:55:01 2019\n14:02 -!- mira [m@192.0.2.1] has joined #lunch\n";
    let said = ada.refuses("silent.log", silent);
    assert!(said.contains("error[nothing]") && said.contains("left out: 1 joins"), "{said}");
    let said = ada.ada.fails(&["import", "lunch", "/dev/null"], 2);
    assert!(said.contains("is a pipe or a device"), "{said}");
}

#[test]
fn long_input_is_split_within_bounded_memory() {
    let mut ada = Mover::new();
    let line = "x".repeat(1000);
    let log =
        format!("--- Log opened Sat Mar 02 13:55:01 2019\n14:02 <mira> begin\n{}", format!("{line}\n").repeat(300));
    let (_, said) = ada.moves("long.log", log, "UTC");
    assert_eq!(said.iter().map(|(_, _, text)| text.matches('x').count()).sum::<usize>(), 300_000);
    let event = matrix(&json!({"content": {"msgtype": "m.text", "body": "y".repeat(300_000)}}));
    let (_, said) = ada.moves("long.json", json!([event]).to_string(), "UTC");
    assert_eq!(said.iter().map(|(_, _, text)| text.len()).sum::<usize>(), 300_000);
    let deep = format!("[{{\"type\": \"m.room.message\", \"x\": {}", "[".repeat(500_000));
    assert!(ada.refuses("deep.json", deep).contains("error["));
}

#[test]
fn a_dry_run_checks_our_own_export() {
    let ada = Mover::new();
    ada.ada.say("lunch", "one\ntwo\n");
    let file = ada.ada.path("lunch.jsonl");
    ada.ada.lines(&["export", "lunch", "--to", &file]);
    let tells = ada.ada.lines(&["import", "lunch", &file, "--dry-run"]);
    assert!(tells[0].ends_with("would be imported; nothing was"), "{tells:?}");
    let text = fs::read_to_string(&file).unwrap().replace("two", "too");
    fs::write(&file, text).unwrap();
    let said = ada.ada.fails(&["import", "lunch", &file, "--dry-run"], 4);
    assert!(said.contains("error[integrity]"), "{said}");
}
