//! The web page: files that are part of the program, and what a browser may do with them.

use axum::{
    Router,
    http::{HeaderName, header},
    routing::get,
};

/// A file of the page: its path, what it is, and what is in it.
struct File(&'static str, &'static str, &'static [u8]);

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// Nothing but our own files runs, nothing else is shown but pictures that the page fetched, and nobody frames them or
/// keeps a handle on the window they are in.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What the page is made of.
const FILES: [File; 31] = [
    File("/api.js", SCRIPT, include_bytes!("page/api.js")),
    File("/app.js", SCRIPT, include_bytes!("page/app.js")),
    File("/around.js", SCRIPT, include_bytes!("page/around.js")),
    File("/ask.js", SCRIPT, include_bytes!("page/ask.js")),
    File("/chat.js", SCRIPT, include_bytes!("page/chat.js")),
    File("/commands.js", SCRIPT, include_bytes!("page/commands.js")),
    File("/composer.js", SCRIPT, include_bytes!("page/composer.js")),
    File("/dom.js", SCRIPT, include_bytes!("page/dom.js")),
    File("/files.js", SCRIPT, include_bytes!("page/files.js")),
    File("/icon-unread.svg", PICTURE, include_bytes!("page/icon-unread.svg")),
    File("/icon.svg", PICTURE, include_bytes!("page/icon.svg")),
    File("/", HTML, include_bytes!("page/index.html")),
    File("/kept.js", SCRIPT, include_bytes!("page/kept.js")),
    File("/keys.js", SCRIPT, include_bytes!("page/keys.js")),
    File("/log.js", SCRIPT, include_bytes!("page/log.js")),
    File("/marked.js", SCRIPT, include_bytes!("page/marked.js")),
    File("/names.js", SCRIPT, include_bytes!("page/names.js")),
    File("/nearby.js", SCRIPT, include_bytes!("page/nearby.js")),
    File("/network.js", SCRIPT, include_bytes!("page/network.js")),
    File("/person.js", SCRIPT, include_bytes!("page/person.js")),
    File("/picker.js", SCRIPT, include_bytes!("page/picker.js")),
    File("/pictures.js", SCRIPT, include_bytes!("page/pictures.js")),
    File("/screens.js", SCRIPT, include_bytes!("page/screens.js")),
    File("/settings.js", SCRIPT, include_bytes!("page/settings.js")),
    File("/side.js", SCRIPT, include_bytes!("page/side.js")),
    File("/status.js", SCRIPT, include_bytes!("page/status.js")),
    File("/style.css", STYLE, include_bytes!("page/style.css")),
    File("/timeline.js", SCRIPT, include_bytes!("page/timeline.js")),
    File("/typing.js", SCRIPT, include_bytes!("page/typing.js")),
    File("/visit.js", SCRIPT, include_bytes!("page/visit.js")),
    File("/words.js", SCRIPT, include_bytes!("page/words.js")),
];

/// Whether a path is one of the page's.
pub(crate) fn has(path: &str) -> bool {
    FILES.iter().any(|file| file.0 == path)
}

/// Serves the page.
pub(crate) fn router() -> Router {
    FILES.iter().fold(Router::new(), |router, File(path, kind, bytes)| {
        router.route(path, get(async || (HEADERS, [(header::CONTENT_TYPE, *kind)], *bytes)))
    })
}
