// Where people write: replies, edits, mentions with completion, and a few slash commands.

import { $, el, rows, theirs } from "./dom.js";
import { folded, line, short } from "./words.js";

const CHOICES = 8;
const MENTIONS = 32;
const QUOTE_CHARS = 100;
const ROWS_PX = 180;

export class Composer {
  // `act`: send(room, { text, reply_to, mentions }), edit(message, text), command(word, rest), up(), people(), show(author).
  constructor(act) {
    Object.assign(this, { act, text: $("text"), about: null, choices: [], chosen: 0, picked: new Map(), drafts: new Map(), room: null, sending: Promise.resolve() });
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("blur", () => this.offer([]));
    $("about-close").addEventListener("click", () => this.cancel());
    $("say").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  // Goes to another room; what was begun in this one waits there.
  enter(room) {
    if (this.room) this.drafts.set(this.room, this.about?.edit ? "" : this.text.value);
    this.room = room;
    this.set("", null);
    this.text.value = this.drafts.get(room) ?? "";
    this.changed();
  }

  set(text, about) {
    this.about = about;
    this.text.value = text;
    this.picked.clear();
    const message = about?.edit ?? about?.reply;
    $("about").hidden = !message;
    $("about-text").replaceChildren(...(message ? [about.edit ? "Changing: " : "In reply to ", about.reply && theirs(this.act.show(message.author)), about.reply && ": ", theirs(short(message.text, QUOTE_CHARS))].filter(Boolean) : []));
    this.text.setAttribute("aria-label", about?.edit ? "Your message, as it will read" : about?.reply ? "Your reply" : "Your message");
    this.changed();
  }

  reply(message) {
    const kept = this.about?.edit ? "" : this.text.value;
    this.set(kept, { reply: message });
    this.text.focus();
  }

  edit(message) {
    this.set(message.text, { edit: message });
    this.text.focus();
  }

  cancel() {
    this.set(this.about?.edit ? "" : this.text.value, null);
    this.text.focus();
  }

  changed() {
    this.text.style.height = "auto";
    this.text.style.height = Math.min(this.text.scrollHeight + 2, ROWS_PX) + "px";
    this.offer(this.matching());
  }

  key(event) {
    const { key } = event;
    const move = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (event.isComposing || event.ctrlKey || event.metaKey || (event.altKey && key !== "Enter")) return;
    if (this.choices.length && move) this.choose(this.chosen + move);
    else if (this.choices.length && (key === "Tab" || key === "Enter")) this.take(this.choices[this.chosen]);
    else if (key === "Escape" && this.choices.length) this.offer([]);
    else if (key === "Escape" && this.about) this.cancel();
    else if (key === "Enter" && event.altKey) this.text.setRangeText("\n", this.text.selectionStart, this.text.selectionEnd, "end"), this.changed();
    else if (key === "Enter" && !event.shiftKey) this.submit();
    else if (key === "ArrowUp" && !this.text.value) this.act.up();
    else if (key === "PageUp" || key === "PageDown") this.act.scroll(key === "PageUp" ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The beginning of a name before the cursor: { at, word }.
  begun() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    const found = /(?:^|[\s(])@([^\s@]{0,40})$/u.exec(before);
    return found && { at: before.length - found[1].length, word: found[1] };
  }

  matching() {
    const begun = document.activeElement === this.text && this.begun();
    if (!begun) return [];
    const word = begun.word.toLowerCase();
    const like = folded(begun.word);
    const found = this.act.people().filter(({ me, nick }) => !me && line(nick) && (line(nick).toLowerCase().startsWith(word) || (like && folded(nick).startsWith(like))));
    return found.sort((a, b) => b.here - a.here || b.last_ms - a.last_ms).slice(0, CHOICES);
  }

  offer(people) {
    this.choices = people;
    this.choose(0);
  }

  choose(at) {
    const { length } = this.choices;
    this.chosen = length ? (at + length) % length : 0;
    $("choices").hidden = !length;
    rows($("choices"), this.choices.map((person, i) => ({
      key: person.author,
      stamp: [person, i, i === this.chosen],
      make: () => el("li", { role: "option", id: "choice-" + i, "aria-selected": String(i === this.chosen), onpointerdown: (event) => {
        event.preventDefault();
        this.take(person);
      } }, theirs(this.act.show(person.author)), el("span", { class: "quiet" }, person.here ? " here" : " away")),
    })));
    if (length) {
      this.text.setAttribute("aria-activedescendant", "choice-" + this.chosen);
      this.text.setAttribute("aria-controls", "choices");
    } else {
      this.text.removeAttribute("aria-activedescendant");
      this.text.removeAttribute("aria-controls");
    }
  }

  take(person) {
    const begun = this.begun();
    if (!begun) return;
    const { value, selectionStart } = this.text;
    const name = line(person.nick);
    this.text.value = `${value.slice(0, begun.at)}${name} ${value.slice(selectionStart)}`;
    this.text.selectionStart = this.text.selectionEnd = begun.at + name.length + 1;
    this.picked.set(name, person.author);
    this.changed();
  }

  // Whom a text names: those who were picked, and those whose name nobody shares.
  mentions(text) {
    if (!text.includes("@")) return [];
    const named = new Map();
    for (const { author, nick, me } of this.act.people()) {
      const name = line(nick);
      if (me || !name || !text.includes("@" + name)) continue;
      named.set(name, named.has(name) ? null : author);
    }
    for (const [name, author] of this.picked) if (text.includes("@" + name)) named.set(name, author);
    const names = [...named.keys()];
    const isPart = (name) => names.some((other) => other !== name && other.startsWith(name) && !text.replaceAll("@" + other, "").includes("@" + name));
    return names.filter((name) => named.get(name) && !isPart(name)).map((name) => named.get(name)).slice(0, MENTIONS);
  }

  // What is written leaves the line at once, so that one can write on, and is sent in its turn; it comes back when
  // that fails.
  submit() {
    const text = this.text.value.trim();
    if (!text) return;
    const { room, about } = this;
    const run = this.meant(text, about);
    this.set("", null);
    this.sending = this.sending.then(async () => {
      if (!(await run())) this.giveBack(room, text, about);
    });
  }

  meant(text, about) {
    const command = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text);
    if (about?.edit) return () => this.act.edit(about.edit, text);
    if (command) return () => this.act.command(command[1].toLowerCase(), (command[2] ?? "").trim());
    const plain = text.startsWith("//") ? text.slice(1) : text;
    const said = { text: plain, reply_to: about?.reply?.ref, mentions: this.mentions(plain) };
    const { room } = this;
    return () => this.act.send(room, said);
  }

  giveBack(room, text, about) {
    if (this.room !== room) this.drafts.set(room, text);
    else this.set(this.text.value ? `${text}\n${this.text.value}` : text, this.about ?? about);
  }
}
