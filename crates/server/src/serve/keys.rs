//! Credentials of pages and scripts over loopback: the token in the home, one-time codes, and a token for each page.
//!
//! A page exchanges the code in its link for a token of its own, which it keeps where only its origin can read it:
//! scheme, host and port. A cookie is unsuitable, because cookies ignore the port: the browser would send it to any
//! program, of any user, on another port of this machine. Tokens of pages live in memory only and end with the process,
//! so a program that takes the port afterwards finds no valid token in the browser.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use blake3::Hash;
use tokio::sync::watch;

use crate::{
    Refusal,
    limits::{CODE_MS, CODES, PAGES},
    lock::lock,
    secret::{hash, secret},
};

/// Letters of a token: those of 160 bits.
const TOKEN_BYTES: usize = 32;

/// The credentials. Secrets are kept and compared as hashes, so the time of a comparison reveals nothing about them.
pub(crate) struct Keys {
    token: Hash,
    codes: Mutex<Vec<(Hash, Instant)>>,
    /// Pages, the most recently active at the end.
    pages: Mutex<Vec<Page>>,
}

/// A page that is signed in; it is signed out when this is dropped.
struct Page {
    token: Hash,
    lives: watch::Sender<()>,
}

/// The client of a request.
pub(super) enum Asker {
    /// A program that can read the token in the home.
    Owner,
    /// A page, for as long as it is signed in.
    Page(watch::Receiver<()>),
}

impl Keys {
    /// Keys with the token in a file, which is created when missing. Only its owner can read it.
    ///
    /// # Errors
    /// When it cannot be read or created, or is no token.
    pub(super) fn open(path: &Path) -> Result<Self, Refusal> {
        let broken = |error: &io::Error| {
            let help = "make sure that you own it and can read it, or delete it to get a fresh one";
            Refusal::failed("token", format!("{}: {error}", path.display()), help)
        };
        match fs::read_to_string(path) {
            Ok(token) if token.trim().len() >= TOKEN_BYTES => return Ok(Self::new(token.trim())),
            Ok(_) => return Err(broken(&io::Error::new(io::ErrorKind::InvalidData, "the file contains no token"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(broken(&error)),
        }
        let token = secret()?;
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        file.and_then(|mut file| writeln!(file, "{token}")).map_err(|error| broken(&error))?;
        Ok(Self::new(&token))
    }

    /// Keys that go with the token in the home.
    pub(super) fn new(token: &str) -> Self {
        Self { token: hash(token), codes: Mutex::default(), pages: Mutex::default() }
    }

    /// A code that a page can exchange for a token, once and within a bounded time.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn code(&self) -> Result<String, Refusal> {
        let code = secret()?;
        let mut codes = lock(&self.codes);
        if codes.len() == CODES {
            codes.remove(0);
        }
        codes.push((hash(&code), Instant::now()));
        Ok(code)
    }

    /// Exchanges a code for a page's token; `None` when the code is wrong, used or too old. The new token replaces that
    /// of the page idle longest when all places are taken.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn sign_in(&self, code: &str) -> Result<Option<String>, Refusal> {
        let token = secret()?;
        if !self.take(code) {
            return Ok(None);
        }
        let mut pages = lock(&self.pages);
        if pages.len() == PAGES {
            pages.remove(0);
        }
        pages.push(Page { token: hash(&token), lives: watch::Sender::new(()) });
        Ok(Some(token))
    }

    /// Signs out the page that has this token; returns whether there was one.
    pub(super) fn sign_out(&self, token: &str) -> bool {
        let token = hash(token);
        let mut pages = lock(&self.pages);
        let before = pages.len();
        pages.retain(|page| page.token != token);
        pages.len() < before
    }

    /// The holder of this token.
    pub(super) fn asker(&self, token: &str) -> Option<Asker> {
        let token = hash(token);
        if token == self.token {
            return Some(Asker::Owner);
        }
        let mut pages = lock(&self.pages);
        let at = pages.iter().position(|page| page.token == token)?;
        let page = pages.remove(at);
        let lives = page.lives.subscribe();
        pages.push(page);
        Some(Asker::Page(lives))
    }

    fn take(&self, code: &str) -> bool {
        let code = hash(code);
        let mut codes = lock(&self.codes);
        codes.retain(|(_, since)| since.elapsed() < Duration::from_millis(CODE_MS));
        let found = codes.iter().position(|(known, _)| *known == code);
        found.map(|at| codes.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(keys: &Keys) -> String {
        keys.sign_in(&keys.code().unwrap()).unwrap().unwrap()
    }

    fn is_page(keys: &Keys, token: &str) -> bool {
        matches!(keys.asker(token), Some(Asker::Page(_)))
    }

    #[test]
    fn a_code_works_once() {
        let keys = Keys::new("t");
        let code = keys.code().unwrap();
        assert!(keys.sign_in("another").unwrap().is_none());
        assert!(keys.sign_in(&code).unwrap().is_some());
        assert!(keys.sign_in(&code).unwrap().is_none());
    }

    #[test]
    fn codes_are_bounded() {
        let keys = Keys::new("t");
        let first = keys.code().unwrap();
        (0..CODES).for_each(|_| drop(keys.code().unwrap()));
        assert!(keys.sign_in(&first).unwrap().is_none());
    }

    #[test]
    fn pages_are_bounded_and_the_longest_idle_one_yields() {
        let keys = Keys::new("t");
        let (busy, idle) = (page(&keys), page(&keys));
        for _ in 2..PAGES {
            page(&keys);
        }
        assert!(is_page(&keys, &busy));
        page(&keys);
        assert!(is_page(&keys, &busy) && !is_page(&keys, &idle));
        assert_eq!(lock(&keys.pages).len(), PAGES);
    }

    #[test]
    fn a_page_is_signed_out_and_notified() {
        let keys = Keys::new("t");
        let (one, other) = (page(&keys), page(&keys));
        let Some(Asker::Page(lives)) = keys.asker(&one) else { panic!("it is signed in") };
        assert!(lives.has_changed().is_ok());
        assert!(keys.sign_out(&one) && !keys.sign_out(&one));
        assert!(lives.has_changed().is_err());
        assert!(!is_page(&keys, &one) && is_page(&keys, &other));
        assert!(!keys.sign_out("t"), "the token in the home is nobody's page");
    }

    #[test]
    fn only_issued_tokens_are_accepted() {
        let keys = Keys::new("secret");
        let token = page(&keys);
        assert!(matches!(keys.asker("secret"), Some(Asker::Owner)));
        for other in ["", "secre", "secret ", &token[1..], &keys.code().unwrap()] {
            assert!(keys.asker(other).is_none(), "{other}");
        }
    }
}
