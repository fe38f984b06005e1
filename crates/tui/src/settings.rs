//! The settings of the terminal: their names, values and defaults.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

/// Which messages cause a sound or a notification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loud {
    /// None.
    None,
    /// Messages that mention me.
    #[default]
    Mentions,
    /// All messages of others.
    All,
}

/// How the terminal behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Which messages ring.
    pub bell: Loud,
    /// Which messages cause a desktop notification.
    pub notify: Loud,
    /// Whether typing is reported and shown.
    pub typing: bool,
    /// Report people who come and go.
    pub comings: bool,
    /// Show rooms and people at the sides, where there is room for them.
    pub panes: bool,
    /// Let the mouse wheel scroll; Shift then selects text.
    pub mouse: bool,
    /// The hours without sounds and notifications.
    pub quiet: Option<Hours>,
}

/// Hours of the day, perhaps past midnight, as minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    from: u16,
    to: u16,
}

impl Hours {
    /// Reads `22:00-07:00`.
    pub fn read(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        Some(Self { from: minutes(from)?, to: minutes(to)? })
    }

    /// Reads hours, or `off` for none.
    pub fn read_or_off(text: &str) -> Option<Option<Self>> {
        if text == "off" { Some(None) } else { Self::read(text).map(Some) }
    }

    /// Whether a time of day, `23:30`, lies within.
    pub fn hold(self, time: &str) -> bool {
        let Some(now) = minutes(time) else { return false };
        match self.from <= self.to {
            true => (self.from..self.to).contains(&now),
            false => now >= self.from || now < self.to,
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to: until } = self;
        write!(to, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

/// Minutes since midnight of `7:00`.
fn minutes(time: &str) -> Option<u16> {
    let (hours, minutes) = time.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

impl Default for Preferences {
    fn default() -> Self {
        let (bell, notify) = (Loud::default(), Loud::default());
        Self { bell, notify, typing: true, comings: false, panes: true, mouse: true, quiet: None }
    }
}

/// Settings chosen on the screen, by name; they override the configuration.
pub(super) type Chosen = BTreeMap<String, String>;

/// The field of a setting.
enum Field {
    Loud(fn(&mut Preferences) -> &mut Loud),
    Flag(fn(&mut Preferences) -> &mut bool),
    Hours(fn(&mut Preferences) -> &mut Option<Hours>),
}

/// A setting: its name, its help, and its field.
struct Setting {
    name: &'static str,
    what: &'static str,
    place: Field,
}

const SETTINGS: [Setting; 7] = [
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
    Setting {
        name: "mouse",
        what: "the wheel scrolls; text is selected with Shift",
        place: Field::Flag(|settings| &mut settings.mouse),
    },
    Setting {
        name: "quiet",
        what: "hours in which nothing rings or notifies",
        place: Field::Hours(|settings| &mut settings.quiet),
    },
];

const LOUD: [(&str, Loud); 3] = [("mentions", Loud::Mentions), ("all", Loud::All), ("none", Loud::None)];

impl Preferences {
    /// Applies settings chosen on the screen; ignores invalid ones.
    pub(super) fn with(mut self, chosen: &Chosen) -> Self {
        for (name, value) in chosen {
            self.set(name, value);
        }
        self
    }

    /// Changes a setting; returns its value as a word, or `None` when there is no such setting or value.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Option<String> {
        match SETTINGS.iter().find(|setting| setting.name == name)?.place {
            Field::Loud(place) => {
                let value = match value {
                    "on" => "mentions",
                    "off" => "none",
                    value => value,
                };
                let (word, loud) = LOUD.into_iter().find(|(word, _)| *word == value)?;
                *place(self) = loud;
                Some(word.to_owned())
            }
            Field::Flag(place) => {
                let word = ["on", "off"].into_iter().find(|word| *word == value)?;
                *place(self) = word == "on";
                Some(word.to_owned())
            }
            Field::Hours(place) => {
                let hours = Hours::read_or_off(value)?;
                *place(self) = hours;
                Some(told(hours))
            }
        }
    }

    /// A row for each setting: name and value; help and possible values.
    pub(super) fn rows(mut self) -> Vec<(String, String)> {
        let mut row = |Setting { name, what, place }: &Setting| {
            let value = match place {
                Field::Loud(place) => {
                    let loud = *place(&mut self);
                    LOUD.iter().find(|(_, known)| *known == loud).map_or("", |(word, _)| word).to_owned()
                }
                Field::Flag(place) if *place(&mut self) => "on".to_owned(),
                Field::Flag(_) => "off".to_owned(),
                Field::Hours(place) => told(*place(&mut self)),
            };
            (format!("{name} {value}"), format!("{what}: {}", values(name).join(", ")))
        };
        SETTINGS.iter().map(&mut row).collect()
    }
}

fn told(hours: Option<Hours>) -> String {
    hours.map_or_else(|| "off".into(), |hours| hours.to_string())
}

/// The names of the settings.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.name)
}

/// The possible values of a setting; empty for an unknown name.
pub(super) fn values(name: &str) -> Vec<&'static str> {
    match SETTINGS.iter().find(|setting| setting.name == name).map(|setting| &setting.place) {
        Some(Field::Loud(_)) => LOUD.iter().map(|(word, _)| *word).collect(),
        Some(Field::Flag(_)) => vec!["on", "off"],
        Some(Field::Hours(_)) => vec!["22:00-07:00", "off"],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_settings_override_the_configuration() {
        let quiet = Hours::read("22:00-07:00");
        let settings =
            Preferences { bell: Loud::All, notify: Loud::None, typing: false, quiet, ..Preferences::default() };
        assert_eq!(settings.with(&Chosen::new()).quiet, quiet);
        let chosen =
            [("bell", "off"), ("typing", "on"), ("typing of old", "on"), ("panes", "sideways"), ("quiet", "off")];
        let chosen = chosen.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = settings.with(&chosen);
        assert_eq!(
            (settings.bell, settings.notify, settings.typing, settings.panes, settings.quiet),
            (Loud::None, Loud::None, true, true, None)
        );
    }

    #[test]
    fn every_setting_takes_each_of_its_values() {
        for name in names() {
            for value in values(name) {
                let mut settings = Preferences::default();
                assert_eq!(settings.set(name, value), Some(value.to_owned()), "{name}");
                assert!(settings.rows().iter().any(|(is, _)| *is == format!("{name} {value}")));
            }
        }
        assert_eq!(Preferences::default().set("bell", "sometimes"), None);
    }

    #[test]
    fn quiet_hours_may_pass_midnight() {
        let night = Hours::read("22:00-7:00").unwrap();
        assert_eq!(night.to_string(), "22:00-07:00");
        for (time, quiet) in [("21:59", false), ("22:00", true), ("00:00", true), ("06:59", true), ("07:00", false)] {
            assert_eq!(night.hold(time), quiet, "{time}");
        }
        let lunch = Hours::read("12:00-13:00").unwrap();
        assert_eq!([lunch.hold("11:59"), lunch.hold("12:30"), lunch.hold("13:00")], [false, true, false]);
        for wrong in ["", "night", "25:00-07:00", "22:60-07:00", "22:00", "-"] {
            assert_eq!(Hours::read(wrong), None, "{wrong:?}");
        }
    }
}
