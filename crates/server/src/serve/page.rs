//! The web page: what a browser may do with its files.

use axum::{
    Router,
    http::{HeaderName, header},
    routing::get,
};

/// A file of the page: its path, what it is, and what is in it.
pub struct PageFile(
    /// The path.
    pub &'static str,
    /// The media type.
    pub &'static str,
    /// The bytes.
    pub &'static [u8],
);

/// The files of the page.
#[derive(Clone, Copy)]
pub(super) struct Page(pub(super) &'static [PageFile]);

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

impl Page {
    /// Whether a path is one of the page's.
    pub(super) fn has(self, path: &str) -> bool {
        self.0.iter().any(|file| file.0 == path)
    }

    /// Serves the page.
    pub(super) fn router(self) -> Router {
        self.0.iter().fold(Router::new(), |router, PageFile(path, kind, bytes)| {
            router.route(path, get(async || (HEADERS, [(header::CONTENT_TYPE, *kind)], *bytes)))
        })
    }
}
