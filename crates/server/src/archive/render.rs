//! A room as lines of text or as a Markdown document. Edits are applied, retracted messages are marked, and no text of
//! people can control a terminal or act as markup.

use rumormill_api::{Elsewhere, Form, Named, act};
use rumormill_node::{
    Message, Room, What,
    proto::{
        content::{Imported, Target, Text},
        ids::AuthorId,
        time::Time,
        timeline::Place,
    },
};
use rumormill_text::{
    Clock, Names, clean, safe_name,
    show::{elsewhere, named},
    size, steers,
};

use super::export::Sink;
use crate::{
    Refusal,
    limits::{PAGE_LINES, QUOTED_CHARS},
    told::{called, deed_text, names},
};

/// Writes the messages of a room, all or from a time on.
pub(super) async fn write(
    room: &Room,
    (form, since_ms): (Form, Option<u64>),
    clock: &Clock,
    sink: &mut Sink,
) -> Result<(), Refusal> {
    room.nicks_found().await;
    let (names, name) = (names(room).await?, room.name());
    let earliest = |ms| Place { time: Time::from_ms(ms), author: AuthorId([0; 32]), seq: 0 };
    let (mut after, mut day) = (since_ms.map(earliest), String::new());
    if form == Form::Markdown {
        sink.put(&format!("# {}\n", escape(&clean(&name)))).await?;
    }
    loop {
        let rumormill_node::Page { messages, more } = room.messages_after(after, PAGE_LINES).await?;
        for message in &messages {
            let reply = quoted(room, &names, message).await?;
            let before = match message.what {
                What::Nick(_) => room.named_before(message.place).await?,
                _ => None,
            };
            let shown = Shown { room, name: &name, names: &names, clock, message, reply, before };
            let today = clock.day(message.place.time.ms());
            match form {
                Form::Markdown => {
                    if today != day {
                        sink.put(&format!("\n## {today}\n")).await?;
                    }
                    sink.put(&shown.markdown()).await?;
                }
                _ => sink.put(&shown.line()).await?,
            }
            day = today;
        }
        let Some(last) = messages.last().filter(|_| more) else { return Ok(()) };
        after = Some(last.place);
    }
}

/// The author of the answered message, and its beginning.
async fn quoted(room: &Room, names: &Names, message: &Message) -> Result<Option<(String, String)>, Refusal> {
    let What::Text(Text { reply_to: Some(target), .. }) = &message.what else { return Ok(None) };
    let Target { author, .. } = target;
    let text = match room.message(*target).await?.map(|message| message.what) {
        Some(What::Text(Text { text, .. }) | What::Imported(Imported { text, .. })) => {
            text.chars().take(QUOTED_CHARS).collect()
        }
        _ => String::new(),
    };
    Ok(Some((called(room, names, author), clean(&text))))
}

/// A message with everything needed to show it.
struct Shown<'a> {
    room: &'a Room,
    /// The room's name, which the founding of a closed room does not hold.
    name: &'a str,
    names: &'a Names,
    clock: &'a Clock,
    message: &'a Message,
    reply: Option<(String, String)>,
    /// The earlier name of somebody who changed it.
    before: Option<String>,
}

/// The content of a message.
enum Rendered {
    /// Words, perhaps imported.
    Words(Option<String>, String),
    /// An event.
    Act(String),
}

impl Shown<'_> {
    fn told(&self) -> Rendered {
        match &self.message.what {
            What::Text(text) => match act(&text.text) {
                Some(act) => Rendered::Act(clean(act)),
                None => Rendered::Words(None, text.text.clone()),
            },
            What::Imported(Imported { source, name, time_ms, text }) => {
                let from = Elsewhere { name: name.clone(), source: source.clone(), time_ms: *time_ms };
                Rendered::Words(Some(elsewhere(self.clock, &from, self.message.place.time.ms())), text.clone())
            }
            What::File(file) => {
                Rendered::Act(format!("offered the file {}, {}", safe_name(&file.name), size(file.size)))
            }
            What::Nick(nick) => Rendered::Act(self.named(nick).1),
            What::Topic(topic) => Rendered::Act(format!("set the topic: {}", clean(topic))),
            What::Founded(name) => {
                Rendered::Act(format!("founded the room {}", clean(if name.is_empty() { self.name } else { name })))
            }
            What::Act(says) => Rendered::Act(deed_text(says, |author| self.somebody(author))),
            What::Retracted => Rendered::Act("took back what was here".into()),
            What::Expired | What::Missing => Rendered::Act("said something that is gone".into()),
            What::Locked => Rendered::Act("said something that cannot be read here yet".into()),
            What::Damaged => Rendered::Act("said something that is damaged".into()),
        }
    }

    fn somebody(&self, author: &AuthorId) -> Named {
        Named {
            author: self.room.person(author).to_string().as_str().into(),
            nick: called(self.room, self.names, author),
        }
    }

    fn named(&self, nick: &str) -> (String, String) {
        let person = self.room.person(&self.message.place.author);
        named(self.names, &person.to_string().as_str().into(), self.before.as_deref(), nick)
    }

    fn who(&self) -> String {
        match &self.message.what {
            What::Nick(nick) => self.named(nick).0,
            _ => called(self.room, self.names, &self.message.place.author),
        }
    }

    /// Its reactions; a message that is gone has none.
    fn signs(&self) -> Vec<String> {
        let gone =
            matches!(self.message.what, What::Retracted | What::Expired | What::Missing | What::Locked | What::Damaged);
        let signs = self.message.reactions.iter().filter(|_| !gone);
        signs.map(|(sign, by)| format!("{} {}", clean(sign), by.len())).collect()
    }

    /// `2026-11-23 14:02 <alice> text`, or `2026-11-23 14:02 * alice did something`.
    fn line(&self) -> String {
        let ms = self.message.place.time.ms();
        let mut line = format!("{} {} ", self.clock.day(ms), self.clock.minutes(ms));
        line += &match self.told() {
            Rendered::Words(None, text) => format!("<{}> {}", self.who(), clean(&text)),
            Rendered::Words(Some(from), text) => format!("<{}> {from}: {}", self.who(), clean(&text)),
            Rendered::Act(act) => format!("* {} {act}", self.who()),
        };
        if let Some((nick, text)) = &self.reply {
            line += &format!("  (to {nick}: {text})");
        }
        if self.message.edited
            && !matches!(
                self.message.what,
                What::Retracted | What::Expired | What::Missing | What::Locked | What::Damaged
            )
        {
            line += "  (edited)";
        }
        self.signs().iter().for_each(|sign| line += &format!("  {sign}"));
        line + "\n"
    }

    fn markdown(&self) -> String {
        let minutes = self.clock.minutes(self.message.place.time.ms());
        let who = escape(&self.who());
        let (from, text) = match self.told() {
            Rendered::Words(from, text) => (from, text),
            Rendered::Act(act) => return format!("\n*{minutes} {who} {}*\n", escape(&act)),
        };
        let edited = if self.message.edited { " (edited)" } else { "" };
        let mut out = format!("\n**{who}** {minutes}{edited}\n\n");
        if let Some((nick, text)) = &self.reply {
            out += &format!("> **{}** {}\n\n", escape(nick), escape(text));
        }
        if let Some(from) = from {
            out += &format!("{}:\\\n", escape(&from));
        }
        out += &paragraph(&text);
        let signs: Vec<_> = self.signs().iter().map(|sign| escape(sign)).collect();
        if !signs.is_empty() {
            out += &format!("\n{}\n", signs.join(" · "));
        }
        out
    }
}

/// A text with its line breaks.
fn paragraph(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| escape(&clean(line))).filter(|line| !line.is_empty()).collect();
    lines.join("\\\n") + "\n"
}

/// A line with all markup escaped.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let line = line.trim();
    let listed = line.trim_start_matches(|char: char| char.is_ascii_digit()).starts_with(['.', ')']);
    for (at, char) in line.char_indices() {
        let begins = at == 0 && matches!(char, '+' | '-' | '=');
        let numbers = listed && matches!(char, '.' | ')');
        let marks = matches!(
            char,
            '\\' | '`'
                | '*'
                | '_'
                | '{'
                | '}'
                | '['
                | ']'
                | '('
                | ')'
                | '<'
                | '>'
                | '#'
                | '|'
                | '~'
                | '&'
                | '!'
                | '$'
                | '^'
        );
        if begins || numbers || marks {
            out.push('\\');
        }
        if !steers(char) {
            out.push(char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_texts_is_escaped() {
        let cases = [
            ("**bold** _it_ `code`", r"\*\*bold\*\* \_it\_ \`code\`"),
            ("# no heading", r"\# no heading"),
            ("- no list", r"\- no list"),
            ("1. no list", r"1\. no list"),
            ("> no quote <script>", r"\> no quote \<script\>"),
            ("[a](javascript:b)", r"\[a\]\(javascript:b\)"),
            ("    no code", "no code"),
            ("a - b. c", "a - b. c"),
            ("===", r"\==="),
            ("a\u{202e}b", "ab"),
        ];
        for (text, expected) in cases {
            assert_eq!(escape(text), expected, "{text}");
        }
        assert_eq!(paragraph("one\n\n two\n"), "one\\\ntwo\n");
    }
}
