// The input: replies, edits, mentions and commands, with completion. And who is writing: reported while one writes, and shown
// until the message comes or they stop.

import { $, el, rows, theirs } from "./dom.js";
import { ask as at, call, drop, keep, kept } from "./api.js";
import { folded } from "./names.js";
import { value } from "./settings.js";
import { line, short } from "./words.js";

const CHOICES = 8;
const MENTIONS = 32;
const QUOTE_CHARS = 100;
// Followed by the room of a draft.
const DRAFT = "draft ";
const ROWS_PX = 180;

// Whether a line is a command. `//` and `/me` begin a text.
const isCommand = (text) => /^\/(?!\/|me\s+\S)/.test(text);

export class Composer {
  // `act`: send(room, { text, reply_to, mentions }), edit(room, message, text), command(room, word, rest), own(), walk(), people(), show(author), named(text),
  // unclear(what), commands(), fitting(word, rest), typing(room), signs(words), emoji(take).
  constructor(act) {
    Object.assign(this, { act, text: $("text"), about: null, choices: [], chosen: 0, room: null, sending: Promise.resolve() });
    this.text.addEventListener("input", () => {
      this.changed();
      this.keepDraft();
      if (this.isWriting(this.room)) this.act.typing(this.room);
    });
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("blur", () => this.offer([]));
    $("emoji").addEventListener("click", () => this.act.emoji((sign) => {
      this.text.focus();
      this.text.setRangeText(sign, this.text.selectionStart, this.text.selectionEnd, "end");
      this.text.dispatchEvent(new Event("input"));
    }));
    $("about-close").addEventListener("click", () => this.cancel());
    $("say").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  // Whether a message is being written in that room.
  isWriting(room) {
    return room === this.room && Boolean(this.text.value.trim()) && !this.about?.edit && !isCommand(this.text.value);
  }

  // Changes rooms; the draft of the old room is kept.
  enter(room) {
    this.room = room;
    this.set(kept(DRAFT + room) ?? "", null);
  }

  // Drafts survive a change of rooms and a reload.
  keepDraft() {
    if (this.about?.edit) return;
    const { value } = this.text;
    if (value) keep(DRAFT + this.room, value);
    else this.forget(this.room);
  }

  forget(room) {
    drop(DRAFT + room);
  }

  set(text, about) {
    this.about = about;
    this.text.value = text;
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
    this.set((message.action ? "/me " : "") + message.text, { edit: message });
    this.text.focus();
  }

  cancel() {
    this.set(this.about?.edit ? (kept(DRAFT + this.room) ?? "") : this.text.value, null);
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
    const choice = this.choices[this.chosen];
    if (choice && move) this.moved = true, this.choose(this.chosen + move);
    // A complete command is not completed to a longer one.
    else if (choice && (key === "Tab" || (key === "Enter" && (!choice.order || this.moved)))) this.take(choice);
    else if (key === "Escape" && this.choices.length) this.offer([]);
    else if (key === "Escape" && this.about) this.cancel();
    else if (key === "Enter" && event.altKey) this.text.setRangeText("\n", this.text.selectionStart, this.text.selectionEnd, "end"), this.changed();
    else if (key === "Enter" && !event.shiftKey) this.submit();
    else if (key === "ArrowUp" && event.shiftKey && !this.text.value) this.act.walk();
    else if (key === "ArrowUp" && !this.text.value && this.act.own()) this.edit(this.act.own());
    else if (key === "ArrowUp" && !this.text.value) this.act.walk();
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

  // Completions: each { key, at, text, shown, about }.
  matching() {
    if (document.activeElement !== this.text) return [];
    const before = this.text.value.slice(0, this.text.selectionStart);
    const [, word, rest] = /^\/([a-z]*)(?:\s+(.*))?$/is.exec(before) ?? [];
    if (word !== undefined && !this.about?.edit) return this.commands(word, rest, before.length);
    const begun = this.begun();
    if (begun) return this.people(begun);
    const [, sign] = /(?:^|\s):([\p{L}+-][\p{L}\p{N}_+-]{1,30})$/u.exec(before) ?? [];
    if (sign) this.lookForSigns(before, sign);
    return [];
  }

  // Offers emoji for the word after a colon, if it is still there when they arrive.
  async lookForSigns(before, words) {
    const found = await this.act.signs(words);
    if (document.activeElement !== this.text || this.text.value.slice(0, this.text.selectionStart) !== before) return;
    this.offer(found.map(({ sign, name }) => ({ key: sign, at: before.length - words.length - 1, text: sign + " ", shown: sign, about: name })));
  }

  commands(word, rest, length) {
    if (rest !== undefined)
      return this.act.fitting(word, rest).map(([text, about]) => ({ key: text, at: length - rest.length, text, shown: text, about, order: true }));
    const found = this.act.commands().filter((known) => known.word.startsWith(word) && known.word !== word);
    return found.map((known) => ({ key: known.word, at: 0, text: `/${known.word}${known.rest && " "}`, shown: `/${known.word} ${known.rest}`, about: known.what, order: true }));
  }

  people({ at, word }) {
    const low = word.toLowerCase();
    const like = folded(word);
    const found = this.act.people().filter(({ me, nick }) => !me && line(nick) && (line(nick).toLowerCase().startsWith(low) || (like && folded(nick).startsWith(like))));
    return found.sort((a, b) => b.here - a.here || b.last_ms - a.last_ms)
      .map(({ author, nick, here }) => ({ key: author, at, text: this.act.show(author) + " ", shown: this.act.show(author), about: here ? "here" : "away" }));
  }

  offer(choices) {
    this.choices = choices;
    this.moved = false;
    this.choose(0);
  }

  choose(at) {
    const { length } = this.choices;
    this.chosen = length ? (at + length) % length : 0;
    $("choices").hidden = !length;
    // As many as fit, including the chosen one.
    const from = Math.max(this.chosen - CHOICES + 1, 0);
    const shown = this.choices.slice(from, from + CHOICES).map((choice, i) => ({
      key: choice.key,
      stamp: [choice.shown, choice.about, choice.at, from + i, from + i === this.chosen],
      make: () => el("li", { role: "option", id: `choice-${from + i}`, "aria-selected": String(from + i === this.chosen), onpointerdown: (event) => {
        event.preventDefault();
        this.take(choice);
      } }, theirs(choice.shown), choice.about && el("span", { class: "quiet" }, " " + choice.about)),
    }));
    const more = { key: "more", stamp: [from, length], make: () => el("li", { class: "quiet", "aria-hidden": "true" }, `${from + 1} to ${Math.min(from + CHOICES, length)} of ${length}; ↑ ↓ for more`) };
    rows($("choices"), length > CHOICES ? [...shown, more] : shown);
    if (length) {
      this.text.setAttribute("aria-activedescendant", "choice-" + this.chosen);
      this.text.setAttribute("aria-controls", "choices");
    } else {
      this.text.removeAttribute("aria-activedescendant");
      this.text.removeAttribute("aria-controls");
    }
  }

  take({ at, text }) {
    const { value, selectionStart } = this.text;
    this.text.value = value.slice(0, at) + text + value.slice(selectionStart);
    this.text.selectionStart = this.text.selectionEnd = at + text.length;
    this.changed();
  }

  // The people whom a text names. An ambiguous name means nobody, and is reported.
  mentions(text) {
    if (!text.includes("@")) return [];
    const { authors, unclear } = this.act.named(text);
    if (unclear.length) this.act.unclear(unclear.join("; "));
    return authors.slice(0, MENTIONS);
  }

  // Clears the input at once and sends in order; the text comes back if sending fails.
  submit() {
    const text = this.text.value.trim();
    if (!text) return;
    const { room, about } = this;
    const run = this.meant(text, about);
    this.set(about?.edit ? (kept(DRAFT + room) ?? "") : "", null);
    this.keepDraft();
    this.sending = this.sending.then(async () => {
      if (!(await run())) this.giveBack(room, text, about);
    });
  }

  meant(text, about) {
    const { room } = this;
    if (about?.edit) return () => this.act.edit(room, about.edit, text);
    if (isCommand(text)) {
      const [, word, rest] = /^\/(\S*)\s*([\s\S]*)$/.exec(text);
      return () => this.act.command(room, word.toLowerCase(), rest);
    }
    const plain = text.startsWith("//") ? text.slice(1) : text;
    const said = { text: plain, reply_to: about?.reply?.ref, mentions: this.mentions(plain) };
    return () => this.act.send(room, said);
  }

  giveBack(room, text, about) {
    const meanwhile = this.room === room ? this.text.value : kept(DRAFT + room);
    const all = meanwhile ? `${text}\n${meanwhile}` : text;
    if (this.room === room) this.set(all, this.about ?? about), this.keepDraft();
    else if (!about?.edit) keep(DRAFT + room, all);
  }
}

const EVERY_MS = 3300;
const SHOWN_MS = 6000;
const NAMED = 2;

export class Typing {
  constructor(show) {
    Object.assign(this, { show, typists: new Map(), told: -EVERY_MS, later: null });
  }

  enter() {
    for (const timer of this.typists.values()) clearTimeout(timer);
    this.typists.clear();
    clearTimeout(this.later);
    this.later = null;
    this.told = -EVERY_MS;
    this.draw();
  }

  // Reports that this person writes: now, or as soon as the limit allows if `isWriting()` still. Failures do not
  // matter.
  tell(room, isWriting) {
    if (value("typing") === "off") return;
    const wait = this.told + EVERY_MS - performance.now();
    if (wait > 0) {
      this.later ??= setTimeout(() => {
        this.later = null;
        if (isWriting()) this.tell(room, isWriting);
      }, wait);
      return;
    }
    this.told = performance.now();
    call("POST", at(room, "/typing")).catch(() => {});
  }

  hear(author) {
    if (value("typing") === "off") return;
    this.stop(author);
    this.typists.set(author, setTimeout(() => this.stop(author), SHOWN_MS));
    this.draw();
  }

  stop(author) {
    clearTimeout(this.typists.get(author));
    if (this.typists.delete(author)) this.draw();
  }

  draw() {
    const names = [...this.typists.keys()].map((author) => this.show(author));
    $("typing").textContent = names.length > NAMED ? `${names.length} people are writing` : names.length ? `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} writing` : "";
  }
}
