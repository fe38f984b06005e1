//! Who may ask over TCP: this machine's own pages and programs that hold the token.
//!
//! A page elsewhere can make a browser send requests here, under a name that leads to this machine (DNS rebinding) or
//! straight to its address. So before anything is looked up: the `Host` must be a loopback address or `localhost`,
//! an `Origin` must be the very one that was asked, and who asks must show the token or the cookie of a session, which
//! no other site is given. The socket in the home needs none of this: only its owner can open it.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use data_encoding::BASE32_NOPAD;
use serde::Deserialize;

use crate::{
    api::{Answer, refused},
    failure::Failure,
    limits::{CODE_MS, CODES},
};

/// The name of the cookie that a page gets for its code.
const COOKIE: &str = "rumormill";

/// Paths that are nobody's secret: the page itself, and whether we live.
const OPEN: [&str; 2] = ["/healthz", "/session"];

/// What lets one in.
pub(crate) struct Keys {
    token: String,
    /// What a page's cookie says: follows from the token, so that a page stays in when the process starts again.
    session: String,
    codes: Mutex<Vec<(String, Instant)>>,
}

impl Keys {
    /// Keys that go with a token.
    pub(crate) fn new(token: String) -> Arc<Self> {
        let session = blake3::derive_key("rumormill 1 page session", token.as_bytes());
        Arc::new(Self { token, session: BASE32_NOPAD.encode(&session), codes: Mutex::default() })
    }

    /// A code that a page can exchange for its cookie, once and soon.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn code(&self) -> Result<String, Failure> {
        let mut bytes = [0; 15];
        getrandom::fill(&mut bytes).map_err(|error| Failure::internal("random", error.to_string()))?;
        let code = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() == CODES {
            codes.remove(0);
        }
        codes.push((code.clone(), Instant::now()));
        Ok(code)
    }

    fn take(&self, code: &str) -> bool {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|(_, since)| since.elapsed() < Duration::from_millis(CODE_MS));
        let found = codes.iter().position(|(known, _)| same(known, code));
        found.map(|at| codes.remove(at)).is_some()
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let bearer = text(headers, header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let cookies = text(headers, header::COOKIE).unwrap_or_default().split(';');
        let mut sessions = cookies.filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='));
        bearer.is_some_and(|token| same(token.trim(), &self.token)) || sessions.any(|said| same(said, &self.session))
    }
}

/// `router`, for those only who may ask.
pub(crate) fn guarded(router: Router, keys: Arc<Keys>) -> Router {
    let sessions = Router::new().route("/session", post(begin_session)).with_state(keys.clone());
    router.merge(sessions).layer(from_fn_with_state(keys, guard))
}

async fn guard(State(keys): State<Arc<Keys>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(host) = text(headers, header::HOST).filter(|host| is_here(host)) else {
        return refused(StatusCode::MISDIRECTED_REQUEST, "host", "this address is not for other hosts' names");
    };
    let foreign = |origin: &str| origin.strip_prefix("http://") != Some(host);
    if headers.get(header::ORIGIN).is_some_and(|origin| origin.to_str().map_or(true, foreign)) {
        return refused(StatusCode::FORBIDDEN, "origin", "a page of another site may not ask here");
    }
    let path = request.uri().path();
    let open = OPEN.contains(&path) || crate::web::has(path);
    if !open && !keys.lets_in(headers) {
        return refused(
            StatusCode::UNAUTHORIZED,
            "token",
            "say the token, or open the link that `rumormill serve` prints",
        );
    }
    next.run(request).await
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// Exchanges a code for the cookie.
async fn begin_session(State(keys): State<Arc<Keys>>, Json(Code { code }): Json<Code>) -> Answer<Response> {
    if !keys.take(code.trim()) {
        return Ok(refused(StatusCode::FORBIDDEN, "code", "this code was used already or is too old"));
    }
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000", keys.session);
    let mut response = StatusCode::NO_CONTENT.into_response();
    let value = HeaderValue::from_str(&cookie).map_err(|error| Failure::internal("cookie", error.to_string()))?;
    response.headers_mut().insert(header::SET_COOKIE, value);
    Ok(response)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a `Host` names this machine and nothing else.
fn is_here(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => (name, true),
        _ => (host, false),
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let loopback = address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    (port || !name.contains(':') || name.ends_with(']')) && (loopback || name.eq_ignore_ascii_case("localhost"))
}

/// Compares secrets without telling by time how far they agree.
fn same(one: &str, other: &str) -> bool {
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_here() {
        for host in ["127.0.0.1:7777", "127.0.0.1", "localhost:80", "LOCALHOST", "[::1]:7777", "[::1]", "127.9.9.9:1"] {
            assert!(is_here(host), "{host}");
        }
        let others = [
            "evil.example",
            "127.0.0.1.evil.example:7777",
            "localhost.evil",
            "",
            "192.168.0.1:7777",
            "::1:x",
            "0.0.0.0",
        ];
        for host in others {
            assert!(!is_here(host), "{host}");
        }
    }

    #[test]
    fn a_code_works_once() {
        let keys = Keys::new("t".into());
        let code = keys.code().unwrap();
        assert!(!keys.take("another"));
        assert!(keys.take(&code));
        assert!(!keys.take(&code));
    }

    #[test]
    fn codes_are_bounded() {
        let keys = Keys::new("t".into());
        let first = keys.code().unwrap();
        (0..CODES).for_each(|_| drop(keys.code().unwrap()));
        assert!(!keys.take(&first));
    }

    #[test]
    fn the_token_or_the_cookie_lets_in() {
        let keys = Keys::new("secret".into());
        let asks = |name: header::HeaderName, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            keys.lets_in(&headers)
        };
        assert!(asks(header::AUTHORIZATION, "Bearer secret"));
        assert!(!asks(header::AUTHORIZATION, "Bearer secre"));
        assert!(!asks(header::AUTHORIZATION, "secret"));
        assert!(asks(header::COOKIE, &format!("a=b; rumormill={}", keys.session)));
        assert!(!asks(header::COOKIE, "rumormill=secret"));
        assert!(!keys.lets_in(&HeaderMap::new()));
    }
}
