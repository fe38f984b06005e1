//! Private rooms: whom `/msg` means, and the requests of others, in the lines that the whole screen and the line mode show.

use rumormill_api::{Named, Request, Room, endpoints};
use rumormill_client::{Client, Error};
use rumormill_text::clean_name;
use rumormill_text::limits::NICK_CHARS;

use crate::limits::REQUESTS_LISTED;

/// What follows `/requests`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// Nothing: list them.
    List,
    /// `open NAME`.
    Open(String),
    /// `decline NAME`.
    Decline(String),
}

/// The people and the words of `/msg NAME[,NAME…] [WORDS]`; a name with blanks stands in double quotes. Nobody if no
/// name is there.
pub fn addressed(rest: &str) -> (Vec<String>, &str) {
    let (mut people, mut rest) = (Vec::new(), rest.trim());
    loop {
        let (name, left) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some(quoted) => quoted,
            None => rest.split_at(rest.find([',', ' ', '\n']).unwrap_or(rest.len())),
        };
        if !name.trim().is_empty() {
            people.push(name.trim().to_owned());
        }
        match left.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return (people, left.trim()),
        }
    }
}

/// Reads what follows `/requests`; `None` if it is something else.
pub(crate) fn requested(rest: &str) -> Option<Requested> {
    match rest.split_once(' ') {
        None if rest.is_empty() => Some(Requested::List),
        Some(("open", name)) => Some(Requested::Open(name.trim().to_owned())),
        Some(("decline", name)) => Some(Requested::Decline(name.trim().to_owned())),
        _ => None,
    }
}

/// Begins or finds the private room with people of a room, and says words there.
///
/// # Errors
/// What the node refuses.
pub(crate) async fn begin(client: &Client, room: &str, (people, words): (&[String], &str)) -> Result<Room, Error> {
    let asked = rumormill_api::NewPrivate { people: people.to_vec() };
    let private = client.call(&endpoints::BEGIN_PRIVATE, &[room], &[], &asked).await?;
    if !words.is_empty() {
        client.room(private.id.as_str()).say(words).await?;
    }
    Ok(private)
}

/// One request as a line: `anna out of lunch, with ben  1a0c39ec`.
pub fn line(request: &Request) -> String {
    let id = request.id.as_str().get(..8).unwrap_or_default();
    format!("{}  {id}", says(request))
}

/// The lines of all requests, and what to do about them.
pub(crate) fn lines(requests: &[Request]) -> Vec<String> {
    if requests.is_empty() {
        return vec!["nobody asks you into a private room".into()];
    }
    let more = requests.len().saturating_sub(REQUESTS_LISTED);
    let more = (more > 0).then(|| format!("and {more} more"));
    let help =
        "/requests open NAME enters it; /requests decline NAME does not list it any more, and tells nobody".into();
    requests.iter().take(REQUESTS_LISTED).map(line).chain(more).chain([help]).collect()
}

/// What a request says when it comes.
pub(crate) fn told(request: &Request) -> String {
    let name = name(&request.from);
    format!("{} asks you to talk privately; /requests open {name} enters that room", says(request))
}

fn says(request: &Request) -> String {
    let with: Vec<String> = request.with.iter().map(name).collect();
    let with = if with.is_empty() { String::new() } else { format!(", with {}", with.join(", ")) };
    format!("{} out of {}{with}", name(&request.from), rumormill_text::title(&request.of_name))
}

fn name(named: &Named) -> String {
    clean_name(&named.nick, NICK_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_line_means() {
        let cases: [(&str, &[&str], &str); 7] = [
            ("anna", &["anna"], ""),
            ("anna see you at noon", &["anna"], "see you at noon"),
            ("anna,ben hello, all", &["anna", "ben"], "hello, all"),
            ("anna, ben  hi", &["anna", "ben"], "hi"),
            ("\"Ada Lovelace\" hi", &["Ada Lovelace"], "hi"),
            ("anna one\ntwo", &["anna"], "one\ntwo"),
            ("", &[], ""),
        ];
        for (typed, people, words) in cases {
            assert_eq!(addressed(typed), (people.iter().map(|name| (*name).to_owned()).collect(), words), "{typed}");
        }
    }

    #[test]
    fn a_request_cannot_steer_the_terminal() {
        let from = Named { nick: "anna\u{1b}[2J".into(), ..Named::default() };
        let request =
            Request { id: "1a".repeat(32).as_str().into(), of_name: "lunch".into(), from, ..Request::default() };
        assert!(!line(&request).contains('\u{1b}') && !told(&request).contains('\u{1b}'));
        assert!(lines(&[request]).len() == 2 && lines(&[]).len() == 1);
        assert_eq!(requested("open anna"), Some(Requested::Open("anna".into())));
        assert_eq!((requested(""), requested("anna")), (Some(Requested::List), None));
    }
}
