//! A channel of a Mattermost bulk export: one object a line.

use std::path::Path;

use serde_json::Value;

use super::{Failure, Out, Refused, Said, Stopped, each_event};
use crate::{commands::Progress, failure::Exit, limits::FOREIGN_SORTED};

const SOURCE: &str = "Mattermost";

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let (mut at, mut refused, mut channel, mut another) = (0, false, None, None);
    each_event(path, &[], progress, &mut |event| {
        at += 1;
        let post = match event["type"].as_str() {
            Some("post") => &event["post"],
            Some("direct_post") => &event["direct_post"],
            Some(_) => {
                out.left_out("people, channels and settings");
                return true;
            }
            None => {
                out.malformed(at);
                return true;
            }
        };
        let of = (post["team"].to_string(), post["channel"].to_string(), post["channel_members"].to_string());
        another = Some(of.clone()).filter(|of| channel.get_or_insert_with(|| of.clone()) != of);
        if another.is_some() {
            return false;
        }
        let replies = post["replies"].as_array().into_iter().flatten().take(FOREIGN_SORTED);
        for (post, lead) in std::iter::once((post, "")).chain(replies.map(|reply| (reply, "↳ "))) {
            match said(post, lead) {
                Some(said) => refused |= out.say(&said).is_err(),
                None => out.malformed(at),
            }
        }
        !refused
    })?;
    if let (Some(one), Some(other)) = (channel, another) {
        return Err(Stopped::Failed(Failure {
            exit: Exit::Usage,
            code: "channel".into(),
            what: format!("{} holds several channels, {} and {} among them", path.display(), one.1, other.1),
            help: "keep the lines of one channel, and import that file".into(),
        }));
    }
    if refused { Err(Refused.into()) } else { Ok(()) }
}

fn said(post: &Value, lead: &str) -> Option<Said> {
    let (name, time_ms) = (post["user"].as_str()?.to_owned(), post["create_at"].as_u64()?);
    let files = post["attachments"].as_array().into_iter().flatten().filter_map(|file| file["path"].as_str());
    let files = files.map(|file| format!("[file: {}]", file.rsplit('/').next().unwrap_or(file)));
    let mut pieces: Vec<String> = post["message"].as_str().map(str::to_owned).into_iter().chain(files).collect();
    for attachment in post.pointer("/props/attachments").and_then(Value::as_array).into_iter().flatten() {
        let words = ["pretext", "title", "text"].iter().filter_map(|at| attachment[*at].as_str());
        pieces.extend(words.map(str::to_owned));
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    let text = if pieces.is_empty() { String::new() } else { format!("{lead}{}", pieces.join("\n")) };
    Some(Said { source: SOURCE.into(), name, time_ms, text })
}
