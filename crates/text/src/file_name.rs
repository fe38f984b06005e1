//! Names and sizes of files for display and saving, so that a name chosen by others is harmless.

use crate::{
    clean::clean,
    limits::{FILE_END_BYTES, FILE_NAME_BYTES},
};

/// The name under which a file of others is shown and saved, the same everywhere. It contains no path, nothing that
/// controls a terminal or pushes the end of the name out of sight, and nothing that a browser or another system would
/// change on saving. It is not a hidden file, an option or a device. A safe name stays unchanged.
pub fn safe_name(name: &str) -> String {
    let name = clean(name).replace(" ⏎ ", "");
    let part = |char: char| match char {
        '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        // Other kinds of slashes, which some systems convert to plain ones.
        '\u{2044}' | '\u{2215}' | '\u{29f5}' | '\u{29f8}' | '\u{fe68}' | '\u{ff0f}' | '\u{ff3c}' => '_',
        _ => char,
    };
    let mut name: String = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().map(part).collect();
    if name.starts_with(['.', '-', '~']) {
        name.replace_range(..1, "_");
    }
    let (stem, end) = parts(&name);
    name = format!("{}{end}", beginning(stem, FILE_NAME_BYTES.saturating_sub(end.len())));
    if name.ends_with('.') {
        name.replace_range(name.len() - 1.., "_");
    }
    if is_device(&name) {
        name.insert(0, '_');
    }
    if name.is_empty() { "file".into() } else { name }
}

/// Whether a name up to its first dot is that of a device on some systems.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |port: &str| {
        stem.strip_prefix(port).is_some_and(|rest| {
            matches!(rest.chars().next(), Some('0'..='9' | '¹' | '²' | '³')) && rest.chars().count() == 1
        })
    };
    matches!(&*stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" | "clock$")
        || numbered("com")
        || numbered("lpt")
}

/// Splits a name into stem and extension; a long extension counts as part of the stem.
pub fn parts(name: &str) -> (&str, &str) {
    match name.rfind('.').filter(|at| *at > 0 && name.len() - at <= FILE_END_BYTES) {
        Some(at) => name.split_at(at),
        None => (name, ""),
    }
}

/// As much of a text as fits into `bytes`.
fn beginning(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes { text } else { text[..text.floor_char_boundary(bytes)].trim_end() }
}

/// A number of bytes for people.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes as f64 / 1000.0, 0);
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    while size >= 999.95 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn names_that_harm_nobody() {
        let long = "x".repeat(400);
        let cases = [
            ("photo.jpg", "photo.jpg"),
            ("photo of us (2).jpg", "photo of us (2).jpg"),
            ("größe 🎉.txt", "größe 🎉.txt"),
            // Paths, with slashes of every kind.
            ("../../x", "_._.._x"),
            ("/etc/passwd", "_etc_passwd"),
            ("C:\\x", "C__x"),
            ("a\u{2215}b\u{ff0f}c\u{2044}d", "a_b_c_d"),
            ("..", "__"),
            (".", "_"),
            // Hidden files, options, homes.
            (".bashrc", "_bashrc"),
            ("-rf", "_rf"),
            ("--help", "_-help"),
            ("~root", "_root"),
            // Control characters, and blanks that push the end out of sight.
            ("a\u{1b}[2Jb\nc", "a[2Jbc"),
            ("gpj\u{202e}exe", "gpjexe"),
            ("photo.jpg                    .exe", "photo.jpg .exe"),
            ("photo.jpg\u{a0}\u{3000}\u{2003}.exe", "photo.jpg .exe"),
            (" \u{200b} ", "file"),
            ("", "file"),
            // Names that other systems shorten or misinterpret.
            ("a.exe.", "a.exe_"),
            ("a.exe. . ", "a.exe. _"),
            ("a\"b|c?d*e<f>.txt", "a_b_c_d_e_f_.txt"),
            ("file.txt:stream", "file.txt_stream"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("LPT²", "_LPT²"),
            ("aux .h", "_aux .h"),
            ("con\u{200b}", "_con"),
            ("comic.cbz", "comic.cbz"),
            ("com10", "com10"),
            // Too long for a number behind it.
            (&format!("{long}.jpg"), &format!("{}.jpg", &long[..FILE_NAME_BYTES - 4])),
            (&format!("a.{long}"), &format!("a.{}", &long[..FILE_NAME_BYTES - 2])),
        ];
        for (name, safe) in cases {
            assert_eq!(safe_name(name), safe, "{name:?}");
            assert_eq!(safe_name(safe), safe, "a safe name stays unchanged");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_becomes_a_safe_name(name in "(\\PC|[./\\\\ ~:-]|\u{202e}|\u{0}|con|nul){0,90}") {
            let safe = safe_name(&name);
            proptest::prop_assert_eq!(&safe_name(&safe), &safe);
            proptest::prop_assert!(!safe.is_empty() && safe.len() <= FILE_NAME_BYTES + 1);
            proptest::prop_assert_eq!(Path::new(&safe).components().count(), 1);
            proptest::prop_assert!(matches!(Path::new(&safe).components().next(), Some(std::path::Component::Normal(_))));
            proptest::prop_assert!(!safe.contains(crate::clean::steers) && !safe.starts_with(['.', '-', '~']) && !safe.ends_with(['.', ' ']));
        }
    }

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (2_100_000, "2.1 MB"),
            (999_960, "1.0 MB"),
            (1 << 30, "1.1 GB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }
}
