//! The web page: files that are part of the program.

use rumormill_server::PageFile as File;

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// The files of the page.
pub(crate) const FILES: [File; 25] = [
    File("/acts.js", SCRIPT, include_bytes!("page/acts.js")),
    File("/api.js", SCRIPT, include_bytes!("page/api.js")),
    File("/app.js", SCRIPT, include_bytes!("page/app.js")),
    File("/chat.js", SCRIPT, include_bytes!("page/chat.js")),
    File("/commands.js", SCRIPT, include_bytes!("page/commands.js")),
    File("/composer.js", SCRIPT, include_bytes!("page/composer.js")),
    File("/dom.js", SCRIPT, include_bytes!("page/dom.js")),
    File("/files.js", SCRIPT, include_bytes!("page/files.js")),
    File("/governing.js", SCRIPT, include_bytes!("page/governing.js")),
    File("/icon-unread.svg", PICTURE, include_bytes!("page/icon-unread.svg")),
    File("/icon.svg", PICTURE, include_bytes!("page/icon.svg")),
    File("/", HTML, include_bytes!("page/index.html")),
    File("/keys.js", SCRIPT, include_bytes!("page/keys.js")),
    File("/log.js", SCRIPT, include_bytes!("page/log.js")),
    File("/marked.js", SCRIPT, include_bytes!("page/marked.js")),
    File("/names.js", SCRIPT, include_bytes!("page/names.js")),
    File("/person.js", SCRIPT, include_bytes!("page/person.js")),
    File("/picker.js", SCRIPT, include_bytes!("page/picker.js")),
    File("/screens.js", SCRIPT, include_bytes!("page/screens.js")),
    File("/settings.js", SCRIPT, include_bytes!("page/settings.js")),
    File("/side.js", SCRIPT, include_bytes!("page/side.js")),
    File("/style.css", STYLE, include_bytes!("page/style.css")),
    File("/visit.js", SCRIPT, include_bytes!("page/visit.js")),
    File("/words.js", SCRIPT, include_bytes!("page/words.js")),
    File("/writing.js", SCRIPT, include_bytes!("page/writing.js")),
];
