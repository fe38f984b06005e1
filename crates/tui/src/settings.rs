//! What a person may set: what it is called, what it may be, and where it stands.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is worth a sound or a notification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loud {
    /// Nothing.
    None,
    /// What names me.
    #[default]
    Mentions,
    /// Everything that others say.
    All,
}

/// How the terminal behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// When to ring.
    pub bell: Loud,
    /// When to ask the desktop to tell.
    pub notify: Loud,
    /// Whether typing is told and shown.
    pub typing: bool,
    /// Tell who comes and goes.
    pub comings: bool,
    /// Show rooms and people at the sides, where there is room for them.
    pub panes: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        let (bell, notify) = (Loud::default(), Loud::default());
        Self { bell, notify, typing: true, comings: false, panes: true }
    }
}

/// What was set on the screen, by name; it goes before the configuration.
pub(super) type Chosen = BTreeMap<String, String>;

/// Where a setting stands.
enum Field {
    Loud(fn(&mut Preferences) -> &mut Loud),
    Flag(fn(&mut Preferences) -> &mut bool),
}

/// A setting: its name, what it does, and where it stands.
struct Setting {
    name: &'static str,
    what: &'static str,
    place: Field,
}

const SETTINGS: [Setting; 5] = [
    Setting { name: "bell", what: "when to ring", place: Field::Loud(|settings| &mut settings.bell) },
    Setting { name: "notify", what: "when the desktop tells you", place: Field::Loud(|settings| &mut settings.notify) },
    Setting {
        name: "typing",
        what: "tell and show who is writing",
        place: Field::Flag(|settings| &mut settings.typing),
    },
    Setting { name: "comings", what: "tell who comes and goes", place: Field::Flag(|settings| &mut settings.comings) },
    Setting {
        name: "panes",
        what: "rooms and people at the sides",
        place: Field::Flag(|settings| &mut settings.panes),
    },
];

const LOUD: [(&str, Loud); 3] = [("mentions", Loud::Mentions), ("all", Loud::All), ("none", Loud::None)];

impl Preferences {
    /// The same with what was set on the screen; what makes no sense any more is passed over.
    pub(super) fn with(mut self, chosen: &Chosen) -> Self {
        for (name, value) in chosen {
            self.set(name, value);
        }
        self
    }

    /// Sets what is called `name`; the word for what it is then. `None` when there is no such setting or value.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Option<&'static str> {
        match SETTINGS.iter().find(|setting| setting.name == name)?.place {
            Field::Loud(place) => {
                let value = match value {
                    "on" => "mentions",
                    "off" => "none",
                    value => value,
                };
                let (word, loud) = LOUD.into_iter().find(|(word, _)| *word == value)?;
                *place(self) = loud;
                Some(word)
            }
            Field::Flag(place) => {
                let word = ["on", "off"].into_iter().find(|word| *word == value)?;
                *place(self) = word == "on";
                Some(word)
            }
        }
    }

    /// Every setting in a row: its name and what it is; what it does and what it may be.
    pub(super) fn rows(mut self) -> Vec<(String, String)> {
        let mut row = |Setting { name, what, place }: &Setting| {
            let value = match place {
                Field::Loud(place) => {
                    let loud = *place(&mut self);
                    LOUD.iter().find(|(_, known)| *known == loud).map_or("", |(word, _)| word)
                }
                Field::Flag(place) if *place(&mut self) => "on",
                Field::Flag(_) => "off",
            };
            (format!("{name} {value}"), format!("{what}: {}", values(name).join(", ")))
        };
        SETTINGS.iter().map(&mut row).collect()
    }
}

/// Names of settings.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.name)
}

/// What a setting may be; nothing where there is none of that name.
pub(super) fn values(name: &str) -> Vec<&'static str> {
    match SETTINGS.iter().find(|setting| setting.name == name).map(|setting| &setting.place) {
        Some(Field::Loud(_)) => LOUD.iter().map(|(word, _)| *word).collect(),
        Some(Field::Flag(_)) => vec!["on", "off"],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_goes_before_the_configuration() {
        let settings = Preferences { bell: Loud::All, notify: Loud::None, typing: false, ..Preferences::default() };
        let chosen = [("bell", "off"), ("typing", "on"), ("typing of old", "on"), ("panes", "sideways")];
        let chosen = chosen.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = settings.with(&chosen);
        assert_eq!(
            (settings.bell, settings.notify, settings.typing, settings.panes),
            (Loud::None, Loud::None, true, true)
        );
    }

    #[test]
    fn every_setting_takes_each_of_its_values() {
        for name in names() {
            for value in values(name) {
                let mut settings = Preferences::default();
                assert_eq!(settings.set(name, value), Some(value), "{name}");
                assert!(settings.rows().iter().any(|(is, _)| *is == format!("{name} {value}")));
            }
        }
        assert_eq!(Preferences::default().set("bell", "sometimes"), None);
    }
}
