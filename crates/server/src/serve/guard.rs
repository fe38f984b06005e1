//! Access control over TCP: only this machine's own pages, and programs with a token, may ask.
//!
//! A page elsewhere can make a browser send requests here, under a name that resolves to this machine (DNS rebinding)
//! or straight to its address. So the guard first checks that the `Host` is a loopback address or `localhost`, that an
//! `Origin` is exactly the requested one, and that the request has a token in a header that no browser adds by itself.
//! The socket in the home needs none of this: only its owner can open it. A request there that shows a token asks as
//! whoever has the token, so that a program that acts for a bot never acts for the owner instead.

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::StreamExt as _;
use rumormill_api::{
    codes,
    endpoints::{HEALTH, METRICS, POST_BY_HOOK},
};
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

use super::{
    Desk, Metrics,
    keys::{Asker, Keys},
    page::Page,
};
use crate::{
    Api,
    answer::{Answer, refused},
};

/// Answers only authorised clients, and gives the page to everybody on this machine.
pub(super) fn guarded(api: &Api, keys: Arc<Keys>, page: Page, metrics: Metrics) -> Router {
    let session = post(begin_session).delete(end_session);
    let sessions = Router::new().route(SESSION, session).with_state(keys.clone());
    let router = api.router().merge(page.router()).merge(sessions);
    router.layer(from_fn_with_state((api.clone(), keys, page, metrics), guard))
}

type Guarding = (Api, Arc<Keys>, Page, Metrics);

async fn guard(State((api, keys, page, metrics)): State<Guarding>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(host) = text(headers, header::HOST).filter(|host| is_here(host)) else {
        return refused(codes::HOST, "requests must name this machine's own address");
    };
    let foreign = |origin: &str| origin.strip_prefix("http://") != Some(host);
    if headers.get(header::ORIGIN).is_some_and(|origin| origin.to_str().map_or(true, foreign)) {
        return refused(codes::ORIGIN, "pages of other sites may not send requests here");
    }
    if is_open(page, metrics, request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    by_token(&api, &keys, request, next).await
}

/// Answers a request over the socket in the home: as its owner's if it shows no token.
pub(super) async fn at_socket(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return next.run(request).await;
    }
    match desk.keys() {
        Ok(keys) => by_token(&desk.0.api, &keys, request, next).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Answers a request as one of whoever has its token.
async fn by_token(api: &Api, keys: &Keys, mut request: Request, next: Next) -> Response {
    let Some(token) = bearer(request.headers()) else { return refused(codes::TOKEN, LET_IN) };
    let mut response = match (api.bots().of_token(token), keys.asker(token)) {
        (Some(bot), _) => match api.bot(&bot).await {
            Ok(bot) => {
                let (router, lives) = bot.door();
                // They hold what this router found in the path, and the other looks for itself.
                request.extensions_mut().clear();
                let Ok(response): Result<Response, Infallible> = router.oneshot(request).await;
                while_it(lives, response)
            }
            Err(refusal) => refusal.into_response(),
        },
        (None, Some(Asker::Owner)) => next.run(request).await,
        (None, Some(Asker::Page(lives))) => while_it(lives, next.run(request).await),
        (None, None) => return refused(codes::TOKEN, LET_IN),
    };
    // Answers that need a token must not stay in a cache, which asks for none.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    response
}

/// What lets in.
const LET_IN: &str = "send the token, or open the link that `rumormill serve` prints";

/// The path where a page exchanges its code for a token, and returns it.
const SESSION: &str = "/session";

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Public paths: the page itself, the liveness check, and the metrics if the configuration opens them. A code and the path of a webhook are their own proof that their
/// holder may use them.
fn is_open(page: Page, metrics: Metrics, method: &Method, path: &str) -> bool {
    path == HEALTH.path
        || (metrics == Metrics::Open && method == Method::GET && path == METRICS.path)
        || (method == Method::POST && POST_BY_HOOK.is_at(path))
        || (path == SESSION && method == Method::POST)
        || page.has(path)
}

/// The token in the request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    text(headers, header::AUTHORIZATION)?.strip_prefix("Bearer ").map(str::trim)
}

/// A long answer, such as the stream of events, that ends when its page is signed out, or its bot is removed.
fn while_it(mut lives: tokio::sync::watch::Receiver<()>, response: Response) -> Response {
    let is_whole = axum::body::HttpBody::size_hint(response.body()).exact().is_some();
    if is_whole {
        return response;
    }
    let ended = async move { while lives.changed().await.is_ok() {} };
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(ended))))
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Serialize)]
struct Token {
    token: String,
}

/// Exchanges a code for a token. A page that already has one returns it with the same request.
async fn begin_session(
    State(keys): State<Arc<Keys>>,
    headers: HeaderMap,
    Json(Code { code }): Json<Code>,
) -> Answer<Response> {
    let Some(token) = keys.sign_in(code.trim())? else {
        return Ok(refused(codes::CODE, "this code was already used or is too old"));
    };
    bearer(&headers).map(|old| keys.sign_out(old));
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, NO_STORE)], Json(Token { token })).into_response())
}

/// Signs the requesting page out.
async fn end_session(State(keys): State<Arc<Keys>>, headers: HeaderMap) -> Response {
    match bearer(&headers).is_some_and(|token| keys.sign_out(token)) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => refused(codes::SESSION, "this is the token of the home, not of a page"),
    }
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

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use rumormill_api::{
        BotMade, Enter, NewBot, Room,
        endpoints::{ADD_BOT, ENTER_ROOM},
    };
    use rumormill_node::{Node, Settings};

    use super::*;
    use crate::{Metrics, PageFile, PageSettings, Typing};

    /// Asks for the rooms, and returns the status and the nick that the asker has in the first one.
    async fn asks(router: &Router, authorization: Option<&str>) -> (u16, String) {
        let mut request = Request::builder().uri("/v1/rooms").header(header::HOST, "localhost");
        if let Some(shown) = authorization {
            request = request.header(header::AUTHORIZATION, shown);
        }
        let Ok(response) = router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (status, json["rooms"][0]["nick"].as_str().unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn each_token_leads_to_its_own_node_at_either_door() {
        let home = tempfile::tempdir().unwrap();
        let api = Api::new(Node::open(Settings::memory()).await.unwrap(), home.path(), Typing::Told).unwrap();
        api.keep_bots(Settings::memory());
        let client = api.client();
        let enter = Enter::Founded { name: "lunch".into(), open: true };
        let lunch: Room = client.call(&ENTER_ROOM, &[], &[], &enter).await.unwrap();
        client.room(lunch.id.as_str()).set_nick("ada").await.unwrap();
        let mut tokens = Vec::new();
        for name in ["ci", "log"] {
            let new = NewBot { name: name.into(), rooms: vec!["lunch".into()] };
            let BotMade { token, .. } = client.call(&ADD_BOT, &[], &[], &new).await.unwrap();
            tokens.push(format!("Bearer {token}"));
        }
        let settings =
            PageSettings { at: Vec::new(), token: home.path().join("token"), page: &[], metrics: Metrics::Token };
        let desk = Desk::new(api.clone(), settings);
        let (socket, keys) = (desk.at_socket(), desk.keys().unwrap());
        let tcp = guarded(&api, keys.clone(), Page(&[]), Metrics::Token);
        let owner = format!("Bearer {}", std::fs::read_to_string(home.path().join("token")).unwrap().trim());
        let page = format!("Bearer {}", keys.sign_in(&keys.code().unwrap()).unwrap().unwrap());
        for door in [&socket, &tcp] {
            for (shown, nick) in [(&owner, "ada"), (&page, "ada"), (&tokens[0], "ci"), (&tokens[1], "log")] {
                assert_eq!(asks(door, Some(shown)).await, (200, nick.into()));
            }
            let cut = &tokens[0][..tokens[0].len() - 1];
            let scheme = tokens[0].replace("Bearer", "Basic");
            for shown in [cut, &scheme, "Bearer ", "Bearer", "", &format!("{}x", tokens[0])] {
                assert_eq!(asks(door, Some(shown)).await.0, 401, "{shown:?}");
            }
        }
        assert_eq!(asks(&socket, None).await, (200, "ada".into()), "its owner needs none");
        assert_eq!(asks(&tcp, None).await.0, 401);
        api.close_bots().await;
        assert_eq!(asks(&socket, Some(&tokens[0])).await.0, 401, "no bot is opened again in a home that closes");
        api.node().clone().close().await;
    }

    #[test]
    fn only_names_of_this_machine_are_accepted() {
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
    fn public_paths_reveal_nothing() {
        let (get, post) = (Method::GET, Method::POST);
        let page = Page(&[PageFile("/", "text/html", b""), PageFile("/app.js", "text/javascript", b"")]);
        for (method, path) in
            [(&get, "/"), (&get, "/app.js"), (&get, "/healthz"), (&post, "/session"), (&post, "/v1/hooks/a/b")]
        {
            assert!(is_open(page, Metrics::Token, method, path), "{method} {path}");
        }
        for (method, path) in [
            (&get, "/v1/rooms"),
            (&get, "/metrics"),
            (&post, "/metrics"),
            (&get, "/metrics/"),
            (&get, "/v1/figures"),
            (&Method::DELETE, "/session"),
            (&get, "/v1/hooks/a/b"),
            (&post, "/v1/hooks"),
            (&post, "/v1/rooms/lunch/hooks"),
            (&get, "//"),
            (&get, "/link"),
        ] {
            assert!(!is_open(page, Metrics::Token, method, path), "{method} {path}");
            let is_metrics = (method, path) == (&get, "/metrics");
            assert_eq!(is_open(page, Metrics::Open, method, path), is_metrics, "{method} {path}");
        }
    }
}
