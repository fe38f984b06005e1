//! The web page, and the headers that restrict the browser.

use axum::{
    Router,
    body::Bytes,
    http::{HeaderName, header},
    routing::get,
};

/// A file of the page: its path, media type and bytes.
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

/// Only our own files run, only pictures that the page fetched are shown besides, and no other site can frame the page
/// or keep a handle on its window.
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
    /// Whether a path belongs to the page.
    pub(super) fn has(self, path: &str) -> bool {
        self.0.iter().any(|file| file.0 == path)
    }

    /// Serves the page.
    pub(super) fn router(self) -> Router {
        self.0.iter().fold(Router::new(), |router, PageFile(path, kind, bytes)| {
            let bytes = if kind.starts_with("text/javascript") { uncommented(bytes) } else { bytes.to_vec() };
            let bytes = Bytes::from(bytes);
            router.route(path, get(async move || (HEADERS, [(header::CONTENT_TYPE, *kind)], bytes)))
        })
    }
}

/// A script without comment lines and indentation, which browsers do not need; every line keeps its number. No text of the
/// page's scripts goes over several lines.
fn uncommented(script: &[u8]) -> Vec<u8> {
    let lines = script.split_inclusive(|byte| *byte == b'\n').map(|line| match line.trim_ascii_start() {
        [] | [b'/', b'/', ..] => b"\n",
        line => line,
    });
    lines.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_served_without_its_comments_and_with_all_its_lines() {
        let script = b"// says what it is\nconst at = \"//\"; // kept\n  // and why\n  run();\n";
        assert_eq!(uncommented(script), b"\nconst at = \"//\"; // kept\n\nrun();\n");
    }
}
