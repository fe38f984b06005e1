// The rooms and the one that is open: what events and people do to them.

import { $, el, rows, theirs } from "./dom.js";
import { about, ask as at, call, listen } from "./api.js";
import { ask, close, twoLines } from "./ask.js";
import { Composer } from "./composer.js";
import { takeFiles } from "./files.js";
import { keys } from "./keys.js";
import { Log, Names } from "./log.js";
import { Network } from "./network.js";
import { Side } from "./side.js";
import { drawStatus } from "./status.js";
import { Timeline } from "./timeline.js";
import { commands, fitting } from "./commands.js";
import { showPerson } from "./person.js";
import { screens } from "./screens.js";
import { notify } from "./settings.js";
import { Typing } from "./typing.js";
import { count, line, number, short } from "./words.js";

const WAITING = 2000;
const NOTICES = 5;
const NEAR_PX = 300;
const ALERT_MS = 12_000;
const SEARCH = 50;

export class Chat {
  // `shut` is called when this page has no session any more.
  constructor(shut) {
    Object.assign(this, { shut, rooms: new Map(), id: null, people: new Map(), notices: new Map(), waiting: [], paging: null, stuck: true, lost: false, frame: 0 });
    this.names = new Names();
    this.log = new Log($("log"), this.messageActs());
    this.network = new Network({ show: (...who) => this.names.show(...who), hue: (author) => this.names.hue(author) });
    this.side = new Side(this.sideActs(), this.network);
    this.composer = new Composer(this.composerActs());
    this.typing = new Typing((author) => this.names.show(author));
    this.chooseFiles = takeFiles((file, name) => this.sendFile(file, name));
    this.screens = screens(this);
    this.commands = commands(this);
    this.watch();
    keys(this);
  }

  get room() {
    return this.rooms.get(this.id);
  }

  start() {
    $("app").hidden = false;
    this.stop = listen({
      open: () => this.refresh(),
      close: () => this.disconnected(),
      shut: () => this.end(),
      event: (kind, content) => this.event(kind, content),
    });
  }

  end() {
    this.stop?.();
    $("app").hidden = true;
    this.shut();
  }

  disconnected() {
    if (!this.lost) $("spoken").textContent = "The connection to Rumormill on this computer is lost.";
    this.lost = true;
    this.draw();
  }

  watch() {
    const log = $("log");
    log.addEventListener("scroll", () => {
      this.stuck = !this.timeline?.newer && this.log.atEnd();
      if (!this.timeline || this.paging) return;
      if (log.scrollTop < NEAR_PX && this.timeline.older) this.older();
      else if (this.timeline.newer && log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX) this.page(() => this.timeline.down());
      this.drawChips();
      this.markRead();
    }, { passive: true });
    new ResizeObserver(() => this.stuck && (log.scrollTop = log.scrollHeight)).observe(log);
    log.addEventListener("click", (event) => {
      const row = event.target.closest("article");
      if (row && !event.target.closest("button, a, input") && getSelection().isCollapsed) this.select(row.dataset.key);
    });
    // A row that is drawn anew under the pointer would lose the click.
    this.isPressing = false;
    log.addEventListener("pointerdown", (event) => (this.isPressing = event.target.closest("button, a, input") !== null));
    const release = () => {
      if (!this.isPressing) return;
      this.isPressing = false;
      this.draw();
    };
    // The click comes behind the release of the button.
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(release));
    log.addEventListener("focusin", (event) => {
      const row = event.target.closest("article");
      if (row && !this.isPressing && row.dataset.key !== this.log.selected) this.select(row.dataset.key);
    });
    addEventListener("focus", () => this.markRead());
    document.addEventListener("visibilitychange", () => this.markRead());
  }

  // Runs a request; a failure is shown, and `undefined` comes of it.
  async try(run) {
    try {
      return (await run()) ?? null;
    } catch (failure) {
      if (failure.status === 401) this.end();
      else this.alert(failure);
      return undefined;
    }
  }

  alert(failure) {
    const box = el("div", { class: "alert" }, el("div", {}, ...twoLines(failure)), el("button", { class: "close", "aria-label": "Close this message", onclick: () => box.remove() }, "✕"));
    $("alerts").replaceChildren(box);
    setTimeout(() => box.remove(), ALERT_MS);
  }

  // Reads everything that is shown, at the beginning and whenever events were lost.
  async refresh() {
    const answer = await this.try(() => call("GET", "/v1/rooms"));
    if (!answer) return;
    if (this.lost) $("spoken").textContent = "Connected to Rumormill again.";
    this.lost = false;
    this.rooms = new Map(answer.rooms.map((room) => [room.id, room]));
    if (this.room) {
      await Promise.all([this.readPeople(), this.page(() => this.timeline.again())]);
    } else {
      const kept = this.rooms.get(localStorage.getItem("room")) ?? answer.rooms[0];
      await this.enter(kept?.id ?? null);
    }
    this.draw();
  }

  async enter(id) {
    this.screens.closeRooms();
    this.id = id;
    this.waiting = [];
    this.people = new Map();
    this.names = this.log.names = new Names();
    this.log.selected = null;
    this.log.picking = false;
    this.log.marker = null;
    this.log.opened.clear();
    this.network.enter();
    this.typing.enter();
    this.side.enter();
    if (!id) {
      this.timeline = null;
      this.side.show(null);
      return this.drawNow();
    }
    localStorage.setItem("room", id);
    this.composer.enter(id);
    this.timeline = new Timeline((query) => this.readPage(id, query), (ref) => call("GET", about(id, ref)));
    this.unread = this.room.unread;
    if (this.unread && this.room.read) this.log.marker = this.room.read;
    this.stuck = true;
    this.drawNow();
    await Promise.all([this.readPeople(), this.page(() => this.timeline.toEnd(), "end")]);
    this.composer.text.focus();
  }

  readPage(id, query) {
    const set = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined));
    return call("GET", at(id, "/messages?" + set));
  }

  async readPeople() {
    const { id } = this;
    const answer = await this.try(() => call("GET", at(id, "/people")));
    if (!answer || id !== this.id) return;
    this.met(answer.people);
    this.draw();
  }

  met(people) {
    this.people = new Map(people.map((person) => [person.author, person]));
    for (const { author, nick } of people) this.names.learn(author, nick);
  }

  // Pages of the open room are read one after the other; what happens meanwhile waits, and is done to what was read.
  async page(run, keep) {
    const { id } = this;
    while (this.paging) await this.paging;
    if (id !== this.id) return;
    $("log").setAttribute("aria-busy", "true");
    this.paging = this.try(run);
    await this.paging;
    this.paging = null;
    const waiting = this.waiting.splice(0);
    if (id === this.id) {
      for (const [kind, content] of waiting) this.apply(kind, content);
      for (const { author, nick } of this.timeline.messages) this.meet(author, nick);
      this.drawNow(keep);
    }
    $("log").removeAttribute("aria-busy");
  }

  older() {
    return this.page(() => this.timeline.up());
  }

  async newest() {
    if (this.timeline.newer) await this.page(() => this.timeline.toEnd(), "end");
    this.stuck = true;
    this.timeline.below = 0;
    this.drawNow("end");
  }

  event(kind, content) {
    if (kind === "lagged") return this.refresh();
    if (kind === "room") {
      this.rooms.set(content.room.id, content.room);
      if (content.room.id === this.id) this.meetPeers(content.room);
      return this.draw();
    }
    if (kind === "notice") this.notice(content);
    if (kind === "message") notify(this, content);
    if (content.room !== this.id || !this.timeline) return;
    if (kind === "step") return this.network.step(content, this.room);
    if (kind === "typing") return this.types(content);
    if (kind === "person") this.person(content);
    else if (!this.paging) this.apply(kind, content);
    else if (this.waiting.push([kind, content]) > WAITING) {
      this.waiting = [];
      this.refresh();
    }
    this.draw();
  }

  apply(kind, { message, arrival, ref, holders, hash, state, have }) {
    if (kind === "message") {
      const isSeen = this.stuck && document.hasFocus();
      this.typing.stop(message.author);
      if (!isSeen && this.log.marker === null && !message.mine && !message.hidden && arrival === "end") this.log.marker = this.room.read ?? this.timeline.last?.place ?? null;
      this.timeline.arrive(message, arrival);
      this.meet(message.author, message.nick);
      if (message.kind === "nick" && arrival === "end") this.called(message.author, message.text);
    } else if (kind === "changed") this.timeline.change(message);
    else if (kind === "file") {
      const offers = this.timeline.messages.filter(({ file }) => file?.hash === hash);
      for (const offer of offers) this.timeline.change({ ...offer, file: { ...offer.file, state, have } });
    }
    else if (kind === "held") {
      const own = this.timeline.find(ref);
      if (own) this.timeline.change({ ...own, holders });
      if (ref === this.log.selected) this.readHolders();
    }
  }

  // Who is here is who is connected.
  meetPeers({ peers, author: me }) {
    const here = new Map(peers.map(({ author, nick }) => [author, nick]));
    for (const [author, nick] of here) {
      this.meet(author, nick);
      this.called(author, nick);
    }
    for (const person of this.people.values()) person.here = person.author === me || here.has(person.author);
  }

  // Somebody who wrote is one of the people, though nobody told yet whether they are here.
  meet(author, nick) {
    if (this.people.has(author)) return;
    this.people.set(author, { author, nick, here: false, me: author === this.room.author, last_ms: 0, hidden: false });
    this.names.learn(author, nick);
  }

  called(author, nick) {
    this.people.get(author).nick = nick;
    this.names.learn(author, nick);
  }

  person({ author, nick, here, hidden }) {
    if (hidden !== (this.people.get(author)?.hidden ?? false)) this.page(() => this.timeline.again());
    this.people.set(author, { last_ms: 0, me: author === this.room.author, ...this.people.get(author), author, nick, here, hidden });
    this.names.learn(author, nick);
  }

  types({ author, nick }) {
    this.meet(author, nick);
    this.typing.hear(author);
  }

  // Begins to write to somebody.
  mention({ nick, author }) {
    const { text, picked } = this.composer;
    text.value += `${text.value && !/\s$/.test(text.value) ? " " : ""}@${line(nick)} `;
    picked.set(line(nick), author);
    if (innerWidth < 900) this.side.show(null);
    text.focus();
  }

  notice({ room, code, text }) {
    const list = (this.notices.get(room) ?? []).filter((notice) => notice.code !== code);
    this.notices.set(room, [...list, { code, text }].slice(-NOTICES));
  }

  draw() {
    this.drawTitle();
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.isPressing) this.drawNow();
    });
  }

  drawNow(keep) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { room } = this;
    this.drawRooms();
    this.drawTitle();
    this.screens.draw(room);
    drawStatus(room, this.people, this.lost);
    if (!room) return;
    this.log.others = [...this.people.values()].filter(({ me }) => !me).length;
    this.log.draw(this.timeline, room, keep ?? (this.stuck ? "end" : undefined));
    this.stuck = !this.timeline.newer && this.log.atEnd();
    this.side.draw(room);
    this.drawBanners();
    this.drawChips();
    this.markRead();
  }

  drawTitle() {
    const unread = [...this.rooms.values()].reduce((sum, room) => sum + (room.id === this.id && document.hasFocus() ? 0 : room.unread), 0);
    document.title = (unread ? `(${number(unread)}) ` : "") + (this.room ? `${short(this.room.name, 40) || "room"} · ` : "") + "Rumormill";
  }

  drawRooms() {
    const list = [...this.rooms.values()];
    const elsewhere = list.reduce((sum, room) => sum + (room.id === this.id ? 0 : room.unread), 0);
    $("elsewhere").hidden = !elsewhere;
    $("elsewhere").textContent = number(elsewhere);
    rows($("room-list"), list.map((room, i) => {
      const isOpen = room.id === this.id;
      const name = short(room.name, 60) || "room " + room.id.slice(0, 8);
      const unread = isOpen && this.stuck ? 0 : room.unread;
      return { key: room.id, stamp: [name, isOpen, unread, room.mentions, room.stopped, i], make: () =>
        el("li", {}, el("button", { type: "button", "data-as": "room", "aria-current": isOpen && "true", title: i < 9 && `Alt+${i + 1}`, onclick: () => this.enter(room.id) },
          theirs(name, { class: "name" }),
          room.stopped !== null && el("span", { class: "badge bad" }, "stopped"),
          unread > 0 && room.mentions > 0 && el("span", { class: "badge hot", "aria-label": count(room.mentions, "mention") }, "@" + number(room.mentions)),
          unread > 0 && el("span", { class: "badge", "aria-label": `${number(unread)} not read` }, number(unread)))) };
    }));
  }

  drawBanners() {
    const { room } = this;
    const list = [...(this.notices.get(room.id) ?? [])];
    if (room.stopped !== null && !list.some(({ code }) => code === "stopped")) list.push({ code: "stopped", text: `This room has stopped: ${room.stopped}. Make room on the disk and start Rumormill again; what was confirmed is kept.` });
    const drop = (code) => {
      this.notices.set(room.id, (this.notices.get(room.id) ?? []).filter((notice) => notice.code !== code));
      this.drawBanners();
    };
    rows($("banners"), list.map(({ code, text }) => ({ key: code, stamp: [text], make: () =>
      el("div", { class: "banner" + (code === "stopped" || code === "forked" ? " bad" : ""), role: "status" }, el("p", {}, theirs(line(text))), code !== "stopped" && el("button", { class: "close", "aria-label": "Close this notice", onclick: () => drop(code) }, "✕")) })));
  }

  drawChips() {
    const { timeline, stuck, log } = this;
    const late = timeline.late.length;
    const isAbove = timeline.first && log.marker < timeline.first.place && timeline.older;
    const unread = log.marker !== null && (isAbove || log.isAbove($("unread"))) && this.unread;
    const chip = (key, words, run) => ({ key, stamp: [words], make: () => el("button", { type: "button", "data-as": "chip", onclick: run }, words) });
    rows($("chips"), [
      unread && chip("unread", `↑ ${number(this.unread)} not read yet`, () => this.toUnread()),
      late && chip("late", `↑ ${count(late, "earlier message")} arrived above`, () => this.toLate()),
      !stuck && chip("end", timeline.below ? `↓ ${count(timeline.below, "new message")}` : "↓ Newest", () => this.newest()),
    ].filter(Boolean));
  }

  async toUnread() {
    const { marker } = this.log;
    this.unread = 0;
    this.stuck = false;
    if (!$("unread")) await this.page(() => this.timeline.from(marker));
    this.stuck = false;
    $("unread")?.scrollIntoView({ block: "start" });
    $("log").focus();
  }

  async toLate() {
    const [first] = [...this.timeline.late].sort((a, b) => (a.place < b.place ? -1 : 1));
    this.timeline.late = [];
    await this.jump(first);
  }

  markRead() {
    const last = this.timeline?.last;
    const { room, id } = this;
    if (!room || !last || !this.stuck || this.marking || !document.hasFocus() || document.hidden) return;
    if (last.place <= (this.readTo?.[id] ?? room.read ?? "")) return;
    this.marking = true;
    call("PUT", at(id, "/read"), { place: last.place }).then((read) => {
      this.readTo = { ...this.readTo, [id]: last.place };
      if (read) this.rooms.set(id, read);
      this.marking = false;
      this.draw();
    }, () => (this.marking = false));
  }

  select(ref, { focus = true } = {}) {
    this.log.selected = ref;
    this.log.picking = false;
    this.drawNow();
    if (ref && focus) {
      const row = this.log.row(ref);
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
      this.stuck = !this.timeline.newer && this.log.atEnd();
    }
    this.readHolders();
  }

  async readHolders() {
    const { id } = this;
    const ref = this.log.selected;
    if (this.side.open !== "network" || !ref) return;
    const message = this.timeline.find(ref);
    const held = await call("GET", about(id, ref, "/holders")).catch(() => null);
    if (id !== this.id || ref !== this.log.selected) return;
    this.network.hold(held && { text: message?.text ?? "", holders: held.holders, of: held.of });
    this.draw();
  }

  // Goes to a message, given whole or by its ref.
  async jump(to) {
    const ref = to.ref ?? to;
    if (!this.timeline.find(ref)) {
      const message = to.ref ? to : await this.try(() => call("GET", about(this.id, ref)));
      if (!message) return;
      this.stuck = false;
      await this.page(() => this.timeline.around(message));
    }
    this.stuck = false;
    this.select(ref);
    this.log.row(ref)?.scrollIntoView({ block: "center" });
    if (innerWidth < 900) this.side.show(null);
  }

  // Events tell what came of it: an answer may be older than the newest of them.
  change(method, message, rest, body) {
    return this.try(() => call(method, about(this.id, message.ref, rest), body));
  }

  messageActs() {
    return {
      older: () => this.older(),
      jump: (ref) => this.jump(ref),
      unfold: (ref) => {
        if (!this.log.opened.delete(ref)) this.log.opened.add(ref);
        this.drawNow();
      },
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.edit(message),
      pick: (message) => {
        this.select(message.ref, { focus: false });
        this.log.picking = true;
        this.drawNow();
        $("log").querySelector(".picker button")?.focus();
      },
      react: (message, sign, on) => {
        if (this.log.picking) this.select(message.ref);
        this.change(on ? "PUT" : "DELETE", message, "/reactions/" + encodeURIComponent(sign));
      },
      takeBack: (message) => ask({ title: "Take this back?", text: "Rumormill asks every node to forget what this message says. Whoever has read it has read it.", yes: "Take it back", run: () => call("DELETE", about(this.id, message.ref)) }),
      href: (message) => this.fileAt(message),
      get: (message) => this.askFor("POST", message),
      giveUp: (message) => this.askFor("DELETE", message),
      holders: (message) => {
        this.log.selected = message.ref;
        this.side.show("network");
        this.readHolders();
        this.drawNow();
      },
    };
  }

  sideActs() {
    const chat = this;
    return {
      get names() { return chat.names; },
      people: () => this.people.values(),
      search: async (q) => (await this.try(() => this.readPage(this.id, { q, limit: SEARCH })))?.messages.filter(({ hidden }) => !hidden),
      jump: (message) => this.jump(message),
      person: ({ author }) => this.try(() => showPerson(this, author)),
      opened: (which) => {
        this.readHolders();
        this.drawNow();
        (which === "search" ? this.side.words : $("side-body")).focus();
      },
    };
  }

  composerActs() {
    return {
      people: () => [...this.people.values()],
      show: (author) => this.names.show(author),
      up: () => {
        const last = this.timeline?.visible.at(-1);
        if (last) this.select(last.ref);
      },
      commands: () => this.commands,
      fitting: (word, rest) => fitting(this, word, rest),
      typing: (room) => this.typing.tell(room, () => this.composer.isWriting(room)),
      scroll: (way) => $("log").scrollBy({ top: way * $("log").clientHeight * 0.9 }),
      command: (word, rest) => this.command(word, rest),
      edit: async (message, text) => (await this.change("PUT", message, "", { text })) !== undefined,
      send: (room, said) => this.send(room, said),
    };
  }

  send(id, said) {
    return this.shown(id, () => call("POST", at(id, "/messages"), said));
  }

  // Says something, and shows it at the end; whether it could be said.
  async shown(id, run) {
    const answer = await this.try(run);
    if (!answer) return false;
    if (id !== this.id) return true;
    this.log.marker = null;
    this.log.selected = null;
    await this.newest();
    for (const message of answer.messages) if (!this.timeline.find(message.ref)) this.timeline.arrive(message, "end");
    this.drawNow("end");
    return true;
  }

  fileAt(message) {
    return at(this.id, "/files/" + encodeURIComponent(message.ref));
  }

  // Asks for the file of a message, or no longer; events tell how far it is.
  askFor(method, message) {
    return this.try(() => call(method, this.fileAt(message)));
  }

  async sendFile(file, name) {
    const { id, composer } = this;
    const reply = composer.about?.reply?.ref;
    const set = new URLSearchParams({ name, ...(reply && { reply_to: reply }) });
    const sent = await this.shown(id, () => call("POST", at(id, "/files?" + set), file));
    if (sent && reply && composer.about?.reply?.ref === reply) composer.cancel();
    return sent;
  }

  async command(word, rest) {
    const command = this.commands.find((known) => known.word === word);
    if (!command) {
      this.alert({ what: `There is no command /${word}`, help: "Write /help for those there are, or begin with // to say a line that starts with a slash." });
      return false;
    }
    return (await this.try(async () => {
      await command.run(rest);
      return true;
    })) === true;
  }

  // What gives a room back: the room as it is then.
  async set(id, rest, body) {
    this.rooms.set(id, await call("PUT", at(id, rest), body));
    this.draw();
  }

  async begin(body) {
    const room = await call("POST", "/v1/rooms", body);
    this.rooms.set(room.id, room);
    close();
    await this.enter(room.id);
  }

  async leave() {
    const { id } = this;
    await call("DELETE", at(id));
    this.rooms.delete(id);
    await this.enter(this.rooms.keys().next().value ?? null);
  }
}
