// Makes the words of others safe to show, and formats names, numbers and times.

// Control and invisible characters, and those that change the direction of text, as in the terminal. Joiners stay:
// scripts and emoji need them.
const STEERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

const NICK_CHARS = 24;
const NAMELESS_DIGITS = 8;

export const clean = (text) => String(text ?? "").replace(/\r\n?|[\u2028\u2029]/g, "\n").replace(STEERS, "");

export const line = (text) => clean(text).replace(/\s*\n\s*/g, " ⏎ ").replace(/\t/g, " ").trim();

export function short(text, chars) {
  const letters = [...line(text)];
  return letters.length > chars ? letters.slice(0, chars).join("") + "…" : letters.join("");
}

// The name of an author, who may have none. Blanks are single, because two end a name in line mode.
export const nick = (name, author) => short(line(name).replace(/\s+/gu, " "), NICK_CHARS) || line(author).slice(0, NAMELESS_DIGITS);

const NUMBER = new Intl.NumberFormat("en");
export const number = (value) => NUMBER.format(value);
export const count = (value, one, many = one + "s") => `${number(value)} ${value === 1 ? one : many}`;

const UNITS = ["kB", "MB", "GB", "TB"];

export function size(bytes) {
  if (bytes < 1000) return `${number(bytes)} B`;
  let [of, unit] = [bytes / 1000, 0];
  while (of >= 999.95 && unit + 1 < UNITS.length) [of, unit] = [of / 1000, unit + 1];
  return `${of.toFixed(1)} ${UNITS[unit]}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "medium" });
const FURTHEST_MS = 8.64e15;
const date = (ms) => new Date(Math.min(Math.max(Number(ms) || 0, 0), FURTHEST_MS));
export const clock = (ms) => CLOCK.format(date(ms));
export const seconds = (ms) => SECONDS.format(date(ms));
export const day = (ms) => DAY.format(date(ms));
export const moment = (ms) => MOMENT.format(date(ms));
export const iso = (ms) => date(ms).toISOString();

const RECENT = [[60_000, "now"], [3_600_000, "min"], [86_400_000, "h"]];

// The age of a message younger than a day, else its time.
export function ago(ms, now = Date.now()) {
  const passed = Math.max(now - ms, 0);
  const [, word] = RECENT.find(([below]) => passed < below) ?? [];
  return !word || ms > now + 60_000 ? clock(ms) : word === "now" ? word : `${Math.floor(passed / (word === "min" ? 60_000 : 3_600_000))} ${word} ago`;
}

