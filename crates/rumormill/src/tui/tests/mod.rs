//! Stories on the screen.

use crossterm::event::KeyCode;

use super::input::Key;

/// Keys by their names, apart by blanks: `hello`, `Enter`, `C-a`, `M-b`, `Space`.
pub(super) fn keys(names: &str) -> Vec<Key> {
    names.split_whitespace().flat_map(pressed).collect()
}

fn pressed(name: &str) -> Vec<Key> {
    let plain = |code| vec![Key { code, ctrl: false, alt: false }];
    if let Some(name) = name.strip_prefix("C-") {
        return pressed(name).into_iter().map(|key| Key { ctrl: true, ..key }).collect();
    }
    if let Some(name) = name.strip_prefix("M-") {
        return pressed(name).into_iter().map(|key| Key { alt: true, ..key }).collect();
    }
    match name {
        "Enter" => plain(KeyCode::Enter),
        "Esc" => plain(KeyCode::Esc),
        "Tab" => plain(KeyCode::Tab),
        "BackTab" => plain(KeyCode::BackTab),
        "BS" => plain(KeyCode::Backspace),
        "Del" => plain(KeyCode::Delete),
        "Up" => plain(KeyCode::Up),
        "Down" => plain(KeyCode::Down),
        "Left" => plain(KeyCode::Left),
        "Right" => plain(KeyCode::Right),
        "Home" => plain(KeyCode::Home),
        "End" => plain(KeyCode::End),
        "PgUp" => plain(KeyCode::PageUp),
        "PgDn" => plain(KeyCode::PageDown),
        "Space" => plain(KeyCode::Char(' ')),
        text => text.chars().flat_map(|char| plain(KeyCode::Char(char))).collect(),
    }
}
