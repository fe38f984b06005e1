// Draws the messages of a room.

import { el, rows, theirs } from "./dom.js";
import { file } from "./files.js";
import { marked } from "./marked.js";
import { Names } from "./names.js";
import { ago, clean, count, day, iso, line, moment, nick, number, short } from "./words.js";

const TOGETHER_MS = 300_000;

// An imported message younger than this counts as forwarded at once.
const HANDED_ON_MS = 120_000;
const LONG_CHARS = 1500;
const LONG_LINES = 15;
const QUOTE_CHARS = 120;
const SIGN_CHARS = 16;
const AGE_MS = 15_000;
const ABOVE_PX = 8;
const GONE = {
  expired: "(gone)",
  missing: "(its text has not come yet)",
  unkept: "(its text is no longer kept by anybody here)",
  locked: "(cannot be read yet: its key has not come)",
  damaged: "(damaged: nobody can read it)",
  retracted: "(taken back)",
};

export class Log {
  // `act`: see `tools` and `message`; `act.tools(ref)` returns the tools of a message.
  constructor(node, act) {
    Object.assign(this, { node, act, selected: null, pointed: null, others: 0, names: new Names(), verified: () => false, marker: null, fresh: 0, opened: new Set() });
    node.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && this.point(target.closest("article")));
    node.addEventListener("pointerleave", () => this.point(null));
    setInterval(() => this.age(), AGE_MS);
  }

  // Shows another room.
  enter(visit) {
    Object.assign(this, { selected: null, pointed: null, marker: null, fresh: 0, names: visit?.names ?? new Names() });
    this.opened.clear();
    if (visit?.room.unread && visit.room.read) Object.assign(this, { marker: visit.room.read, fresh: visit.room.unread });
  }

  // Scrolls to the end, to the first unread message if more follow than fit, or stays.
  draw(timeline, room, keep) {
    const held = keep ? null : this.hold();
    rows(this.node, this.list(timeline, room));
    this.point(this.pointed && this.row(this.pointed));
    const first = keep === "unread" && document.getElementById("unread");
    if (first) this.node.scrollTop += first.getBoundingClientRect().top - this.node.getBoundingClientRect().top - ABOVE_PX;
    else if (keep) this.node.scrollTop = this.node.scrollHeight;
    else this.release(held);
  }

  // Shows the tools beside the message under the pointer. They overlap the text and move nothing.
  point(row) {
    const shown = this.node.querySelector(".tools.hover");
    this.pointed = row?.dataset.key ?? null;
    if (shown && shown.parentNode === row) return;
    shown?.remove();
    const tools = row && this.pointed !== this.selected && this.act.tools(this.pointed);
    if (tools) row.append(tools);
  }

  age() {
    for (const node of this.node.querySelectorAll("time.age")) {
      const words = ago(Date.parse(node.dateTime));
      if (node.textContent !== words) node.textContent = words;
    }
  }

  // The last message whose end is in sight.
  lastSeen() {
    const { bottom } = this.node.getBoundingClientRect();
    return [...this.node.querySelectorAll("article")].findLast((row) => row.getBoundingClientRect().bottom <= bottom + 1)?.dataset.key;
  }

  atEnd() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 48;
  }

  // Whether a row is above the visible part.
  isAbove(row) {
    return Boolean(row) && row.getBoundingClientRect().bottom < this.node.getBoundingClientRect().top;
  }

  // A row in sight and its position: the first that begins in sight, because one that is cut off above may change
  // its height.
  hold() {
    const { top, bottom } = this.node.getBoundingClientRect();
    let held = null;
    for (const row of this.node.querySelectorAll("article")) {
      const box = row.getBoundingClientRect();
      if (box.top >= bottom) break;
      if (box.bottom > top) held = { key: row.dataset.key, offset: box.top - top };
      if (box.top >= top) break;
    }
    return held;
  }

  release(held) {
    const row = held && this.row(held.key);
    if (row) this.node.scrollTop += row.getBoundingClientRect().top - this.node.getBoundingClientRect().top - held.offset;
  }

  row(key) {
    return this.node.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  list(timeline, room) {
    const list = timeline.messages.length ? [this.above(timeline, room)] : [];
    let before = null;
    // The marker stands after the last read message, if that is loaded.
    let isMarked = this.marker === null;
    let wasRead = !timeline.older;
    let group = null;
    for (const message of timeline.messages) {
      if (message.hidden && !this.opened.has(message.author)) {
        if (group?.author === message.author && group.folded === message.folded) group.count += 1;
        else list.push((group = { author: message.author, count: 1, ref: message.ref, folded: message.folded }));
        continue;
      }
      group = null;
      const today = day(message.time_ms);
      if (!before || day(before.time_ms) !== today)
        list.push({ key: "day " + today, stamp: [], make: () => el("p", { class: "rule" }, el("span", {}, today)) });
      wasRead ||= message.place <= this.marker;
      const isUnread = !isMarked && wasRead && message.place > this.marker && !message.mine;
      if (isUnread) {
        isMarked = true;
        this.fresh = this.counted(timeline);
        const words = `${number(this.fresh)} new`;
        list.push({ key: "unread", stamp: [words], make: () => el("p", { class: "rule unread", id: "unread", "aria-live": "off" }, el("span", {}, words)) });
      }
      list.push(this.item(message, before, isUnread, timeline.lateRefs.has(message.ref)));
      before = message;
    }
    return list.map((item) => (item.make ? item : this.unshown(item)));
  }

  // How many messages of others follow the marker, as far as known.
  counted({ messages, newer }) {
    const shown = messages.filter(({ place, mine, hidden, kind }) => place > this.marker && !mine && !hidden && (kind === "text" || kind === "file")).length;
    return Math.max(newer ? Math.max(this.fresh, shown) : shown, 1);
  }

  // Replaces messages of somebody that are not shown.
  unshown({ author, count: hidden, ref, folded }) {
    const why = { newcomer: "held back: new here", flood: "held back: too many in a minute" }[folded] ?? "hidden";
    const words = `${count(hidden, "message")} by ${this.names.show(author)} ${why}`;
    const make = () => el("p", { class: "above" }, theirs(words), " ", el("button", { type: "button", class: "quiet", "data-as": "unhide", title: "Until you leave the room", onclick: () => this.act.unfold(author) }, "Show"));
    return { key: "hidden " + ref, stamp: [words], make };
  }

  above(timeline, room) {
    const all = room.entries + room.missing;
    const here = room.missing ? `${number(room.entries)} of ${number(all)} here` : `${number(room.entries)} here`;
    const text = `${number(timeline.messages.length)} shown, ${here}`;
    const make = () =>
      el("div", { class: "above", "aria-live": "off" },
        el("p", { id: "shown" }, text),
        timeline.older ? el("button", { type: "button", "data-as": "older", onclick: this.act.older }, "Show earlier ones") : el("p", {}, room.missing ? "The earlier ones have not arrived yet." : "This is where the room begins."));
    return { key: "above", stamp: [text, timeline.older], make };
  }

  item(message, before, isUnread, isLate) {
    const isSelected = this.selected === message.ref;
    const together = !message.action && !before?.action && before?.author === message.author && before.kind === message.kind && message.kind === "text" && !message.from && !before.from && !isUnread &&
      !message.reply_to && message.time_ms - before.time_ms < TOGETHER_MS && day(message.time_ms) === day(before.time_ms);
    // A change of name is shown under the old name, everything else under the current one.
    const who = this.names.show(message.author, message.kind === "nick" ? message.before ?? message.text : this.names.nicks.get(message.author) ?? message.nick);
    const called = message.mentions.map((author) => this.names.show(author)).join("\n");
    const stamp = [message, isSelected, together, isLate, who, called, message.mine && this.others, this.opened.has(message.ref), this.verified(message.author)];
    return { key: message.ref, stamp, make: () => this.message(message, { isSelected, together, isLate, who }) };
  }

  message(message, { isSelected, together, isLate, who }) {
    const [said, isEvent] = this.said(message);
    const classes = ["message", this.names.hue(message.author)];
    for (const [name, is] of Object.entries({ together, late: isLate, selected: isSelected, event: isEvent, action: message.action, me: message.names_me, mine: message.mine }))
      if (is) classes.push(name);
    const tab = isSelected ? "0" : "-1";
    return el("article", { class: classes.join(" "), tabindex: "-1", "aria-current": isSelected && "true" },
      !together && !isEvent && !message.action && el("span", { class: "face", "aria-hidden": "true" }, [...who][0].toUpperCase()),
      el("p", { class: "who" },
        theirs(who, { class: "nick" }),
        el("time", { class: "age", datetime: iso(message.time_ms), title: moment(message.time_ms), "aria-live": "off" }, ago(message.time_ms)),
        isLate && el("span", { class: "tag" }, "late"),
        this.verified(message.author) && el("span", { class: "tag", title: "You compared your safety number" }, "verified"),
        message.held && el("span", { class: "tag", title: "Only the owner, co-owners, moderators and its author see it" }, "held"),
        message.hidden && el("span", { class: "tag" }, message.folded ? "held back" : "hidden"),
        message.edited && el("span", { class: "tag" }, "edited"),
        message.mine && message.holders !== null && !isEvent && this.holders(message, tab)),
      message.reply_to && this.quote(message.reply_to, tab),
      message.from && this.elsewhere(message.from, message.time_ms),
      said(tab),
      this.reactions(message, tab),
      isSelected && this.tools(message));
  }

  // The content of a message, and whether it is an event rather than speech.
  said(message) {
    const event = (words, name) => [() => el("p", { class: "text" }, words, name && theirs(short(name, 400))), true];
    switch (message.kind) {
      case "text": return [(tab) => this.text(message, tab), false];
      case "file": return [(tab) => file(message, tab, this.act), false];
      case "nick": return message.before ? event("is now called ", nick(message.text, message.author)) : event("joined");
      case "topic": return line(message.text) ? event("set the topic: ", message.text) : event("took the topic away");
      case "act": return event("", message.text);
      case "founded": return event("founded the room ", message.text);
      default: return [() => el("p", { class: "text gone" }, GONE[message.gone]), false];
    }
  }

  // The author in another system; the importer stands above.
  elsewhere({ name, source, time_ms }, brought_ms) {
    const when = Math.abs(time_ms - brought_ms) >= HANDED_ON_MS && [", ", el("time", { datetime: iso(time_ms) }, moment(time_ms))];
    return el("p", { class: "quiet elsewhere" },
      theirs(short(name, 80), { class: "nick" }), " (", theirs(short(source, 40)), ")", when);
  }

  text(message, tab) {
    const words = clean(message.text).trim();
    const long = words.length > LONG_CHARS || words.split("\n").length > LONG_LINES;
    const isOpen = this.opened.has(message.ref);
    const toggle = () => this.act.unfold(message.ref);
    const say = this.caller(message);
    const body = message.blocks?.length ? marked(message.blocks, tab, { say, go: this.act.go }) : el("p", { class: "text", dir: "auto" }, ...say(words));
    body.classList.toggle("folded", long && !isOpen);
    return el("div", { class: "said" }, body,
      long && el("button", { type: "button", class: "quiet", tabindex: tab, "data-as": "unfold", "aria-expanded": String(isOpen), onclick: toggle }, isOpen ? "Show less" : "Show all of it"));
  }

  // Nodes of plain text, with mentioned names marked.
  caller(message) {
    // Longest first: a name with digits is not the name without.
    const names = message.mentions.flatMap((author) => [this.names.show(author), this.names.nicks.get(author) ?? ""].map((name) => ["@" + name, author]))
      .filter(([name]) => name.length > 1).sort(([one], [other]) => other.length - one.length);
    return (text) => this.called(text, names);
  }

  called(text, names) {
    const found = names.map(([name, author]) => [text.indexOf(name), name, author]).filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0])[0];
    if (!found) return text ? [text] : [];
    const [at, name, author] = found;
    return [text.slice(0, at), el("span", { class: "called", title: this.names.show(author) }, name), ...this.called(text.slice(at + name.length), names)];
  }

  quote({ ref, nick: name, text }, tab) {
    const author = ref.split(".")[0];
    return el("button", { type: "button", class: "quote", tabindex: tab, "data-as": "quote", onclick: () => this.act.jump(ref) },
      el("span", { class: "hide" }, "In reply to "), theirs(this.names.show(author, name), { class: "nick " + this.names.hue(author) }), " ",
      theirs(short(text, QUOTE_CHARS) || "(not here)"));
  }

  holders(message, tab) {
    const others = Math.max(this.others, message.holders);
    const label = others ? `received by ${message.holders} of ${count(others, "other")}, acknowledged by ${message.acknowledged ?? 0}` : "Nobody else is in this room yet";
    const shown = others ? `${message.holders ? "✓" : "…"} ${message.holders}/${others}` : "only here";
    return el("button", { type: "button", class: "held" + (message.holders && message.holders >= others ? " all" : ""), tabindex: tab, "data-as": "held", "aria-label": `${label}. Who?`, title: label, onclick: () => this.act.holders(message) }, shown);
  }

  reactions(message, tab) {
    if (!message.reactions.length) return null;
    return el("div", { class: "reactions", role: "group", "aria-label": "Reactions" }, message.reactions.map(({ sign, authors, mine }) => {
      const by = authors.slice(0, 20).map((author) => this.names.show(author)).join(", ");
      const shown = short(sign, SIGN_CHARS) || "?";
      return el("button", { type: "button", tabindex: tab, "data-as": "sign " + sign, "aria-pressed": String(mine), "aria-label": `${shown} ${authors.length}, by ${by}`, title: by, onclick: () => this.act.react(message, sign, !mine) },
        theirs(shown), " " + number(authors.length));
    }));
  }

  tools(message, look = "") {
    const isText = message.kind === "text";
    if (!isText && message.kind !== "file") return null;
    const tool = (as, sign, words, key, run) => el("button", { type: "button", "data-as": as, "aria-label": words, title: `${words} (${key})`, onclick: run, tabindex: look && "-1" }, sign);
    return el("div", { class: "tools" + look, role: "group", "aria-label": "This message", "aria-live": "off" },
      tool("reply", "↩", "Reply", "r", () => this.act.reply(message)),
      tool("react", "☺", "React", "+", () => this.act.pick(message)),
      this.act.wrote(message) && isText && tool("edit", "✎", "Edit", "e", () => this.act.edit(message)),
      this.act.wrote(message) && tool("delete", "✕", "Take back", "Delete", () => this.act.takeBack(message)),
      tool("more", "⋯", "More", "m", () => this.act.more(message)));
  }
}
