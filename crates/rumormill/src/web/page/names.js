// Shown names, by the rules of who.rs. Nicks are chosen freely: if one equals or resembles another, the beginning of
// an id, or a word of ours, the beginning of the author id follows it.

import { line, nick } from "./words.js";

const TAG_DIGITS = 4;
const LISTED = 8;
const HUES = 8;
const SIGNS = /[~:*<>↳⏎°˚º∘]/u;
const BEGINS = /^[-(/#…✓↑·─]/u;
const LETTER = /^[\p{Alphabetic}\p{N}]/u;
const ANY_LETTER = /[\p{Alphabetic}\p{N}]/u;

// Letters of other scripts that look like Latin ones, in pairs.
const ALIKE = new Map(Object.entries({
  а: "a", в: "b", с: "c", ԁ: "d", е: "e", һ: "h", і: "l", ј: "j", к: "k", м: "m", н: "h", о: "o", р: "p", ԛ: "q", ѕ: "s",
  т: "t", у: "y", ѵ: "v", ѡ: "w", х: "x", α: "a", β: "b", ε: "e", η: "n", ι: "l", κ: "k", ν: "v", ο: "o", ρ: "p", τ: "t",
  υ: "u", χ: "x", γ: "y", ω: "w", ı: "l", i: "l", 1: "l", "|": "l", "!": "l", 0: "o", 3: "e", 5: "s", $: "s", "@": "a",
  ɑ: "a", ɡ: "g", ѐ: "e", օ: "o", ո: "n", ս: "u", հ: "h",
}));

// A key that is equal for names that look alike.
export function folded(name) {
  const plain = line(name).normalize("NFKD").toLowerCase().replace(/[\p{M}\p{Z}\p{P}\u200c\u200d]/gu, (sign) => (sign === "!" || sign === "@" ? sign : ""));
  return [...plain].map((letter) => ALIKE.get(letter) ?? letter).join("").replace(/rn/g, "m").replace(/vv/g, "w");
}

const OURS = new Set("you me yourself myself everyone everybody all here nobody somebody author member founder owner admin moderator system server error help rumormill".split(" ").map(folded));

export class Names {
  constructor() {
    this.nicks = new Map();
    this.alike = new Map();
    this.begins = new Map();
    // Nicks that somebody gave up, and who took one of them: it is marked.
    this.former = new Map();
    this.took = new Map();
  }

  learn(author, name) {
    const said = nick(name, author);
    const was = this.nicks.get(author);
    if (was === said) return;
    if (was !== undefined) {
      const same = this.alike.get(folded(was));
      same?.delete(author);
      if (!same?.size) this.alike.delete(folded(was));
      // Whoever left a log has no nick there any more, and took no other: the next key with that nick is theirs.
      if (![was, said].includes(nick("", author))) add(this.former, folded(was), author);
    } else {
      add(this.begins, author.slice(0, TAG_DIGITS), author);
    }
    this.took.set(author, [...(this.former.get(folded(said)) ?? [])].filter((other) => other !== author));
    this.nicks.set(author, said);
    add(this.alike, folded(said), author);
  }

  // The digits that distinguish an author.
  tag(author, said) {
    const others = [...(this.alike.get(folded(said)) ?? []), ...(this.took.get(author) ?? [])].filter((other) => other !== author);
    if (this.nicks.has(author) && !others.length && !this.imitates(author, said)) return "";
    return "~" + line(author).slice(0, Math.max(TAG_DIGITS, ...others.map((other) => 1 + shared(author, other))));
  }

  // Whether a nick looks like a sign or word of ours, or like another person's id.
  imitates(author, said) {
    if (SIGNS.test(said) || BEGINS.test(said) || !ANY_LETTER.test(said) || OURS.has(folded(said))) return true;
    const digits = said.toLowerCase();
    const near = this.begins.get(digits.slice(0, TAG_DIGITS)) ?? [];
    return digits.length >= TAG_DIGITS && [...near].some((other) => other !== author && other.startsWith(digits));
  }

  show(author, name = this.nicks.get(author) ?? "") {
    const said = nick(name, author);
    return said + this.tag(author, said);
  }

  // The people whom a text names with an @: those of `authors` whose shown name is a word of its own; and the
  // ambiguous names.
  named(authors, text) {
    const low = text.toLowerCase();
    const found = [], unclear = new Map(), shownHere = new Set();
    for (const author of authors) {
      const said = (this.nicks.get(author) ?? nick("", author)).toLowerCase();
      const shown = this.show(author).toLowerCase();
      if (stands(low, shown)) found.push(author), shownHere.add(shown);
      else if (stands(low, said)) for (const other of this.alike.get(folded(said)) ?? [author]) add(unclear, said, other);
    }
    // A shown name means its author, whoever else takes it.
    for (const shown of shownHere) unclear.delete(shown);
    const told = ([said, meant]) => `nobody is named by “${said}”, which may mean ${[...meant].slice(0, LISTED).map((author) => this.show(author)).join(", ")}`;
    return { authors: found, unclear: [...unclear].slice(0, LISTED).map(told) };
  }

  hue(author) {
    return `hue-${Number.parseInt(String(author).slice(0, 4), 16) % HUES || 0}`;
  }
}

function add(sets, key, value) {
  if (!sets.has(key)) sets.set(key, new Set());
  sets.get(key).add(value);
}

function shared(one, other) {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

function stands(text, name) {
  for (let at = text.indexOf("@" + name); at >= 0; at = text.indexOf("@" + name, at + 1)) {
    const rest = text.slice(at + 1 + name.length);
    if (!LETTER.test(rest) && !rest.startsWith("~")) return true;
  }
  return false;
}
