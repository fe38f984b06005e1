// A visit to a room: its people, the loaded messages, how far it was read. Each opening of a room is a new visit,
// and every request belongs to the visit that sent it: an answer after the end of its visit changes nothing that is
// shown.

import { $ } from "./dom.js";
import { about, ask as at, call } from "./api.js";
import { Names } from "./names.js";

const WAITING = 2000;

// The place before all messages of a time or later.
const earliest = (ms) => `${(BigInt(Math.max(Math.floor(ms), 0)) << 16n).toString(16).padStart(16, "0")}.${"0".repeat(64)}.${"0".repeat(16)}`;

export class Visit {
  constructor(chat, id) {
    Object.assign(this, { chat, id, people: new Map(), names: new Names(), waiting: [], paging: null, stuck: true, skipped: false, held: false });
    this.timeline = new Timeline((query) => this.read(query), (ref) => call("GET", about(id, ref)));
  }

  // The room, which the visit keeps when the person leaves it.
  get room() {
    return (this.known = this.chat.rooms.get(this.id) ?? this.known);
  }

  get isOpen() {
    return this.chat.visit === this;
  }

  // Begins at the unread marker, or at the end.
  async begin() {
    const { marker } = this.chat.log;
    const page = marker === null ? this.page(() => this.timeline.toEnd(), "end") : this.page(() => this.timeline.from(marker), "unread");
    await Promise.all([this.readPeople(), page]);
  }

  again() {
    return Promise.all([this.readPeople(), this.page(() => this.timeline.again())]);
  }

  read(query) {
    const set = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined));
    return call("GET", at(this.id, "/messages?" + set));
  }

  async readPeople() {
    const answer = await this.chat.try(() => call("GET", at(this.id, "/people")));
    if (!answer || !this.isOpen) return;
    this.met(answer.people);
    this.chat.draw();
  }

  // Loads one page at a time; events meanwhile wait, and are applied afterwards.
  async page(run, keep) {
    while (this.paging) await this.paging;
    if (!this.isOpen) return;
    $("log").setAttribute("aria-busy", "true");
    this.paging = this.chat.try(run);
    await this.paging;
    this.paging = null;
    const waiting = this.waiting.splice(0);
    if (!this.isOpen) return;
    for (const [kind, content] of waiting) this.apply(kind, content);
    for (const { author, nick, kind } of this.timeline.messages) this.meet(author, kind === "nick" ? "" : nick);
    this.chat.drawNow(keep);
    $("log").removeAttribute("aria-busy");
  }

  older() {
    return this.page(() => this.timeline.up());
  }

  newer() {
    return this.page(() => this.timeline.down());
  }

  async newest() {
    this.skipped ||= this.room.unread > 0;
    if (this.timeline.newer) await this.page(() => this.timeline.toEnd(), "end");
    if (!this.isOpen) return;
    this.stuck = true;
    this.timeline.below = 0;
    this.chat.drawNow("end");
  }

  happened(kind, content) {
    if (kind === "step") return this.chat.network.step(content, this.room);
    if (kind === "typing") return this.types(content);
    if (kind === "person") this.person(content);
    else if (!this.paging) this.apply(kind, content);
    else if (this.waiting.push([kind, content]) > WAITING) {
      this.waiting = [];
      this.chat.refresh();
    }
    this.chat.draw();
  }

  apply(kind, { message, arrival, ref, holders, acknowledged, hash, state, have }) {
    const { log, typing } = this.chat;
    if (kind === "message") {
      const isSeen = this.stuck && document.hasFocus();
      typing.stop(message.author);
      const begins = !isSeen && log.marker === null && !message.mine && !message.hidden && arrival === "end";
      if (begins) Object.assign(log, { marker: this.readTo ?? this.room.read ?? this.timeline.last?.place ?? null, fresh: 0 });
      if (!message.mine && !message.hidden && arrival === "end") log.fresh += 1;
      this.timeline.arrive(message, arrival);
      this.meet(message.author, message.kind === "nick" ? "" : message.nick);
      if (message.kind === "nick" && arrival === "end") this.called(message.author, message.text);
    } else if (kind === "changed") this.timeline.change(message);
    else if (kind === "file") {
      const offers = this.timeline.messages.filter(({ file }) => file?.hash === hash);
      for (const offer of offers) {
        this.timeline.change({ ...offer, file: { ...offer.file, state, have } });
        if (state === "here") this.readAgain(offer.ref);
      }
    } else if (kind === "held") {
      const own = this.timeline.find(ref);
      if (own) this.timeline.change({ ...own, holders, acknowledged });
      if (ref === log.selected) this.readHolders();
    }
  }

  // A complete file has more properties.
  async readAgain(ref) {
    const answer = await call("GET", about(this.id, ref)).catch(() => null);
    const offer = this.timeline.find(ref);
    if (!answer?.file || !offer?.file || !this.isOpen) return;
    // The rest of the answer may be older than the latest event.
    this.timeline.change({ ...offer, file: answer.file });
    this.chat.draw();
  }

  met(people) {
    this.people = new Map(people.map((person) => [person.author, person]));
    for (const { author, nick } of people) this.names.learn(author, nick);
  }

  meetPeers({ peers, author: me }) {
    const here = new Map(peers.map(({ author, nick }) => [author, nick]));
    for (const [author, nick] of here) {
      this.meet(author, nick);
      this.called(author, nick);
    }
    for (const person of this.people.values()) {
      person.me = person.author === me;
      person.here = person.me || here.has(person.author);
    }
  }

  // Whoever wrote is in the room.
  meet(author, nick) {
    if (this.people.has(author)) return;
    const me = author === this.room.author;
    this.people.set(author, { author, nick, here: false, me, last_ms: 0, hidden: false });
    this.names.learn(author, nick);
  }

  called(author, nick) {
    this.people.get(author).nick = nick;
    this.names.learn(author, nick);
  }

  person({ author, nick, here, hidden, verified, role }) {
    const known = this.people.get(author);
    if (hidden !== (known?.hidden ?? false)) this.page(() => this.timeline.again());
    const me = author === this.room.author;
    this.people.set(author, { last_ms: 0, me, ...known, author, nick, here, hidden, verified, role });
    this.names.learn(author, nick);
  }

  types({ author, nick }) {
    this.meet(author, nick);
    this.chat.typing.hear(author);
  }

  async toUnread() {
    const { marker } = this.chat.log;
    this.skipped = false;
    this.stuck = false;
    if (!$("unread")) await this.page(() => this.timeline.from(marker));
    if (!this.isOpen) return;
    this.stuck = false;
    $("unread")?.scrollIntoView({ block: "start" });
    $("log").focus();
  }

  async toLate() {
    const [first] = [...this.timeline.late].sort((a, b) => (a.place < b.place ? -1 : 1));
    this.timeline.late = [];
    await this.jump(first);
  }

  // Marks as read what is in sight of somebody who looks, and all before it, but nothing that was skipped.
  markRead() {
    if (this.held || this.marking || this.paging || !document.hasFocus() || document.hidden) return;
    const { timeline } = this;
    const read = this.readTo ?? this.room.read ?? "";
    const isNext = !timeline.older || timeline.first?.place <= read;
    const seen = this.stuck ? timeline.last : isNext && timeline.find(this.chat.log.lastSeen());
    if (!seen || seen.place <= read) return;
    this.marking = true;
    call("PUT", at(this.id, "/read"), { place: seen.place }).then((room) => {
      this.readTo = seen.place;
      if (room) this.chat.rooms.set(this.id, room);
      this.marking = false;
      // Who looked away meanwhile has read this.
      if (!document.hasFocus()) this.lookAway();
      this.chat.draw();
    }, () => (this.marking = false));
  }

  // Reading ends here when the person looks away.
  lookAway() {
    const { log } = this.chat;
    if (this.held || log.marker === null) return;
    const read = this.readTo ?? this.room.read;
    const isRead = !this.timeline.newer && !(this.timeline.last?.place > read);
    Object.assign(log, { marker: isRead ? null : read, fresh: this.room.unread });
    this.skipped = false;
    this.chat.draw();
  }

  // Nothing after this message counts as read until the next visit.
  async markUnread(message) {
    const was = this.held;
    // Before the answer, which events may overtake.
    this.held = true;
    const room = await call("PUT", about(this.id, message.ref, "/unread")).catch((failure) => {
      this.held = was;
      throw failure;
    });
    this.chat.rooms.set(this.id, room);
    this.readTo = null;
    if (!this.isOpen) return;
    Object.assign(this.chat.log, { marker: room.read ?? "", fresh: room.unread });
    this.chat.log.selected = null;
    this.chat.draw();
  }

  select(ref, { focus = true } = {}) {
    const { log } = this.chat;
    log.selected = ref;
    this.chat.drawNow();
    if (ref && focus) {
      const row = log.row(ref);
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
      this.stuck = !this.timeline.newer && log.atEnd();
    }
    this.readHolders();
  }

  async readHolders() {
    const { log, network, side } = this.chat;
    const ref = log.selected;
    if (side.open !== "network" || !ref) return;
    const message = this.timeline.find(ref);
    const held = await call("GET", about(this.id, ref, "/holders")).catch(() => null);
    if (!this.isOpen || ref !== log.selected) return;
    network.hold(held && { ...held, text: message?.text ?? "" });
    this.chat.draw();
  }

  // Goes to a message, given whole or by its ref.
  async jump(to) {
    const ref = to.ref ?? to;
    if (!this.timeline.find(ref)) {
      const message = to.ref ? to : await this.chat.try(() => call("GET", about(this.id, ref)));
      if (!message || !this.isOpen) return;
      this.stuck = false;
      await this.page(() => this.timeline.around(message));
    }
    if (!this.isOpen) return;
    this.stuck = false;
    this.select(ref);
    this.chat.log.row(ref)?.scrollIntoView({ block: "center" });
    if (innerWidth < 900) this.chat.side.show(null);
  }

  // Goes to the first message of a day or later.
  async toDay(ms) {
    this.stuck = false;
    await this.page(() => this.timeline.from(earliest(ms)));
    const first = this.timeline.visible.find(({ time_ms }) => time_ms >= ms);
    if (first) return this.jump(first);
    await this.newest();
    return undefined;
  }

  // Shows a message that was just sent at the end. Whoever sends a message has read those before.
  async show(messages) {
    if (!this.isOpen) return;
    Object.assign(this.chat.log, { marker: null, selected: null });
    this.held = false;
    await this.newest();
    if (!this.isOpen) return;
    for (const message of messages) if (!this.timeline.find(message.ref)) this.timeline.arrive(message, "end");
    this.chat.drawNow("end");
  }

  fileAt(message) {
    return at(this.id, "/files/" + encodeURIComponent(message.ref));
  }
}

// The loaded part of a room's timeline: at most MOST messages in order.

const PAGE = 50;
const MOST = 400;

class Timeline {
  // `read` returns a page for { before, after, limit }, `one` a message by its ref.
  constructor(read, one) {
    Object.assign(this, { read, one });
    this.clear();
  }

  clear() {
    this.messages = [];
    this.older = false;
    this.newer = false;
    this.below = 0;
    this.late = [];
    this.lateRefs = new Set();
  }

  get first() {
    return this.messages[0];
  }

  get last() {
    return this.messages.at(-1);
  }

  // Messages that can be selected: all but those of hidden people.
  get visible() {
    return this.messages.filter(({ hidden }) => !hidden);
  }

  find(ref) {
    return this.messages.find((message) => message.ref === ref);
  }

  // Inserts a message; returns whether it is shown.
  arrive(message, arrival) {
    if (this.find(message.ref)) return this.change(message);
    const isLate = arrival === "late" && !message.mine && !message.hidden;
    if (isLate) {
      this.late.push(message);
      this.late.splice(0, this.late.length - MOST);
      this.lateRefs.add(message.ref);
      if (this.lateRefs.size > MOST) this.lateRefs.delete(this.lateRefs.values().next().value);
    }
    if (this.newer && message.place > (this.last?.place ?? "")) {
      if (!message.mine && !message.hidden) this.below += 1;
      return false;
    }
    // An older message is loaded on demand, unless the beginning is loaded.
    if (this.first && message.place < this.first.place && (this.older || this.messages.length >= PAGE)) {
      this.older = true;
      return false;
    }
    this.insert(message);
    this.trim("older");
    return true;
  }

  // Replaces a message, also where it is quoted.
  change(message) {
    const at = this.messages.findIndex(({ ref }) => ref === message.ref);
    // Receipts only grow, while answers may overtake each other.
    const most = (what) => Math.max(message[what] ?? 0, this.messages[at][what] ?? 0);
    if (at >= 0) this.messages[at] = message.holders === null ? message : { ...message, holders: most("holders"), acknowledged: most("acknowledged") };
    this.messages.forEach((answer, i) => {
      if (answer.reply_to?.ref === message.ref)
        this.messages[i] = { ...answer, reply_to: { ...answer.reply_to, text: message.gone ? "" : message.text } };
    });
    return at >= 0;
  }

  insert(message) {
    let at = this.messages.length;
    while (at > 0 && this.messages[at - 1].place > message.place) at -= 1;
    this.messages.splice(at, 0, message);
  }

  // Drops messages at the far end beyond the bound.
  trim(end) {
    const over = this.messages.length - MOST;
    if (over <= 0) return;
    if (end === "older") {
      this.messages.splice(0, over);
      this.older = true;
    } else {
      this.messages.splice(MOST);
      this.newer = true;
    }
  }

  merge(found) {
    for (const message of found) if (!this.change(message)) this.insert(message);
  }

  async toEnd() {
    const page = await this.read({ limit: PAGE });
    const late = this.lateRefs;
    this.clear();
    this.lateRefs = late;
    this.merge(page.messages);
    this.older = page.more;
  }

  async up() {
    if (!this.older || !this.first) return;
    const page = await this.read({ before: this.first.place, limit: PAGE });
    this.merge(page.messages);
    this.older = page.more;
    this.trim("newer");
  }

  async down() {
    if (!this.newer || !this.last) return;
    const page = await this.read({ after: this.last.place, limit: PAGE });
    this.merge(page.messages);
    this.newer = page.more;
    if (!page.more) this.below = 0;
    this.trim("older");
  }

  // Loads the messages around a place, such as that of the last read message.
  async from(place) {
    const page = await this.read({ after: place, limit: PAGE });
    this.clear();
    this.merge(page.messages);
    this.older = true;
    this.newer = page.more;
    await this.up();
  }

  // Loads the messages around a message.
  async around(message) {
    const [before, after] = await Promise.all([
      this.read({ before: message.place, limit: PAGE }),
      this.read({ after: message.place, limit: PAGE }),
    ]);
    this.clear();
    this.merge([...before.messages, message, ...after.messages]);
    this.older = before.more;
    this.newer = after.more;
  }

  // Loads the shown messages again.
  async again() {
    const [first, last] = [this.first, this.last];
    const found = this.newer && last ? [await this.one(last.ref)] : [];
    let page = { messages: [], more: true };
    let before = found[0]?.place;
    while (page.more && found.length < MOST && !(first && found[0]?.place <= first.place)) {
      page = await this.read({ before, limit: PAGE });
      if (!page.messages.length) break;
      found.unshift(...page.messages);
      before = found[0].place;
    }
    this.messages = [];
    this.merge(found);
    this.older = page.more;
    this.trim("older");
  }
}
