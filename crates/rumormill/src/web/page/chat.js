// All rooms, and which of them is open: what events and people do to them.

import { $, button, el } from "./dom.js";
import { about, ask as at, call, listen } from "./api.js";
import { drawBanners, drawChips, drawRooms, drawTitle } from "./around.js";
import { ask, close, show, twoLines } from "./ask.js";
import { Composer } from "./composer.js";
import { save, takeFiles } from "./files.js";
import { keep, kept } from "./kept.js";
import { keys } from "./keys.js";
import { Log } from "./log.js";
import { permalink } from "./marked.js";
import { Network } from "./network.js";
import { named, pick } from "./picker.js";
import { Side } from "./side.js";
import { drawStatus } from "./status.js";
import { commands, fitting } from "./commands.js";
import { showPerson } from "./person.js";
import { screens } from "./screens.js";
import { notify } from "./settings.js";
import { Typing } from "./typing.js";
import { Visit } from "./visit.js";
import { line, moment } from "./words.js";

const NOTICES = 5;
const NEAR_PX = 300;
const ALERT_MS = 12_000;
const SEARCH = 50;
const SIGNS = 8;

export class Chat {
  // `shut` is called when this page is not signed in any more.
  constructor(shut) {
    Object.assign(this, { shut, rooms: new Map(), visit: null, notices: new Map(), lost: false, frame: 0 });
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

  get id() {
    return this.visit?.id ?? null;
  }

  get room() {
    return this.visit?.room;
  }

  get names() {
    return this.log.names;
  }

  get people() {
    return this.visit?.people ?? new Map();
  }

  // Begins, at a message if one is `wanted`.
  start(wanted) {
    $("app").hidden = false;
    this.wanted = wanted;
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
    log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.visit?.stuck && (log.scrollTop = log.scrollHeight)).observe(log);
    log.addEventListener("click", (event) => {
      const row = event.target.closest("article");
      const isPlain = row && !event.target.closest("button, a, input") && getSelection().isCollapsed;
      if (isPlain) this.visit.select(row.dataset.key);
    });
    // A row that is drawn anew under the pointer would lose the click.
    this.isPressing = false;
    log.addEventListener("pointerdown", (event) => {
      this.isPressing = event.target.closest("button, a, input") !== null;
    });
    const release = () => {
      if (!this.isPressing) return;
      this.isPressing = false;
      this.draw();
    };
    // The click comes behind the release of the button.
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(release));
    log.addEventListener("focusin", (event) => {
      const row = event.target.closest("article");
      if (row && !this.isPressing && row.dataset.key !== this.log.selected) this.visit.select(row.dataset.key);
    });
    addEventListener("focus", () => this.visit?.markRead());
    addEventListener("blur", () => this.visit?.lookAway());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.visit?.lookAway() : this.visit?.markRead()));
    this.composer.text.addEventListener("input", () => this.settle("line"));
  }

  scrolled() {
    const { visit } = this;
    if (!visit) return;
    const { timeline } = visit;
    const log = $("log");
    visit.stuck = !timeline.newer && this.log.atEnd();
    if (visit.paging) return;
    if (log.scrollTop < NEAR_PX && timeline.older) visit.older();
    else if (timeline.newer && log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX) visit.newer();
    drawChips(visit);
    visit.markRead();
  }

  // Runs a request; a failure is shown until its `cause` is gone, and `undefined` comes of it.
  async try(run, cause) {
    try {
      const answer = (await run()) ?? null;
      this.settle("lost");
      return answer;
    } catch (failure) {
      if (failure.status === 401) this.end();
      else this.alert(failure, failure.status === 0 ? "lost" : cause);
      return undefined;
    }
  }

  // What has no cause that ends goes by itself.
  alert(failure, cause) {
    const dismiss = { class: "close", "aria-label": "Close this message", onclick: () => box.remove() };
    const box = el("div", { class: "alert", "data-cause": cause }, el("div", {}, ...twoLines(failure)), el("button", dismiss, "✕"));
    $("alerts").replaceChildren(box);
    if (!cause) setTimeout(() => box.remove(), ALERT_MS);
  }

  // A cause is gone, and what was shown for it goes too.
  settle(cause) {
    $("alerts").querySelector(`[data-cause="${cause}"]`)?.remove();
  }

  // Reads everything that is shown, at the beginning and whenever events were lost.
  async refresh() {
    const answer = await this.try(() => call("GET", "/v1/rooms"));
    if (!answer) return;
    if (this.lost) $("spoken").textContent = "Connected to Rumormill again.";
    this.lost = false;
    this.rooms = new Map(answer.rooms.map((room) => [room.id, room]));
    const { wanted } = this;
    this.wanted = null;
    if (wanted) {
      await this.go(wanted);
    } else if (this.rooms.has(this.id)) {
      await this.visit.again();
    } else {
      const last = this.rooms.get(kept("room")) ?? answer.rooms[0];
      await this.enter(last?.id ?? null);
    }
    this.draw();
  }

  // Goes to a message of any room.
  async go({ room, ref }) {
    if (!this.rooms.has(room)) {
      this.alert({ what: "This link leads to a room that you are not in", help: "Ask whoever gave it to you for a ticket." });
      room = this.id ?? kept("room");
      ref = null;
    }
    if (room !== this.id) await this.enter(this.rooms.has(room) ? room : (this.rooms.keys().next().value ?? null));
    if (ref && room === this.id) await this.visit.jump(ref);
  }

  async enter(id) {
    this.screens.closeRooms();
    const visit = (this.visit = id && new Visit(this, id));
    this.log.enter(visit);
    this.network.enter();
    this.typing.enter();
    this.side.enter();
    if (!visit) {
      this.side.show(null);
      return this.drawNow();
    }
    keep("room", id);
    this.composer.enter(id);
    this.drawNow();
    await visit.begin();
    if (visit.isOpen) this.composer.text.focus({ preventScroll: true });
  }

  event(kind, content) {
    if (kind === "lagged") return this.refresh();
    if (kind === "room") {
      this.rooms.set(content.room.id, content.room);
      if (content.room.id === this.id) this.visit.meetPeers(content.room);
      return this.draw();
    }
    if (kind === "left") return this.left(content.room);
    if (kind === "notice") this.notice(content);
    if (kind === "message") notify(this, content);
    if (content.room === this.id) this.visit?.happened(kind, content);
  }

  notice({ room, code, text }) {
    const list = (this.notices.get(room) ?? []).filter((notice) => notice.code !== code);
    this.notices.set(room, [...list, { code, text }].slice(-NOTICES));
    this.draw();
  }

  // Begins to write to somebody.
  mention({ author }) {
    const { text } = this.composer;
    text.value += `${text.value && !/\s$/.test(text.value) ? " " : ""}@${this.names.show(author)} `;
    if (innerWidth < 900) this.side.show(null);
    text.focus();
  }

  draw() {
    drawTitle(this);
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.isPressing) this.drawNow();
    });
  }

  drawNow(keep) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { room, visit } = this;
    drawRooms(this);
    drawTitle(this);
    this.screens.draw(room);
    drawStatus(room, this.people, this.lost);
    if (!room) return;
    this.log.others = [...this.people.values()].filter(({ me }) => !me).length;
    // What comes while nobody looks does not scroll away what came before it.
    const rest = visit.stuck ? (this.log.marker === null || document.hasFocus() ? "end" : "unread") : undefined;
    this.log.draw(visit.timeline, room, keep ?? rest);
    visit.stuck = !visit.timeline.newer && this.log.atEnd();
    this.side.draw(room);
    drawBanners(this);
    drawChips(visit);
    visit.markRead();
  }

  messageActs() {
    return {
      older: () => this.visit.older(),
      jump: (ref) => this.visit.jump(ref),
      unfold: (ref) => {
        if (!this.log.opened.delete(ref)) this.log.opened.add(ref);
        this.drawNow();
      },
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.edit(message),
      pick: (message) => pick("React", (sign) => {
        const mine = message.reactions.find((reaction) => reaction.sign === sign)?.mine;
        this.log.act.react(message, sign, !mine);
      }),
      react: (message, sign, on) => {
        const path = about(this.id, message.ref, "/reactions/" + encodeURIComponent(sign));
        // Events tell what came of it: an answer may be older than the newest of them.
        this.try(() => call(on ? "PUT" : "DELETE", path));
      },
      takeBack: (message) => this.takeBack(message),
      more: (message) => this.more(message),
      unread: (message) => this.try(() => this.visit.markUnread(message)),
      copyLink: (message) => this.copyLink(message),
      go: (to) => this.go(to),
      tools: (ref) => {
        const message = this.visit.timeline.find(ref);
        return message && this.log.tools(message, " hover");
      },
      path: (message) => this.visit.fileAt(message),
      save: (message) => this.try(() => save(this.visit.fileAt(message), message.file.name)),
      get: (message) => this.askFor("POST", message),
      giveUp: (message) => this.askFor("DELETE", message),
      holders: (message) => {
        this.log.selected = message.ref;
        this.side.show("network");
        this.visit.readHolders();
        this.drawNow();
      },
    };
  }

  takeBack(message) {
    const path = about(this.id, message.ref);
    const text = "Rumormill asks every node to forget what this message says. Whoever has read it has read it.";
    ask({ title: "Take this back?", text, yes: "Take it back", run: () => call("DELETE", path) });
  }

  more(message) {
    const { act } = this.log;
    const then = (run) => () => {
      close();
      return run(message);
    };
    show("This message", el("p", { class: "quiet" }, moment(message.time_ms)), el("div", { class: "stack" },
      button("Mark as unread from here", then(act.unread), false, true), button("Copy a link to it", then(act.copyLink)), button("Who has it", then(act.holders))));
  }

  async copyLink({ ref }) {
    const address = permalink(this.id, ref);
    const done = await navigator.clipboard.writeText(address).then(() => true, () => false);
    if (done) $("spoken").textContent = "The link is copied.";
    else show("Link to this message", el("p", {}, el("code", {}, address)));
  }

  sideActs() {
    const chat = this;
    return {
      get names() { return chat.names; },
      people: () => this.people.values(),
      search: async (q) => {
        const found = await this.try(() => this.visit.read({ q, limit: SEARCH }));
        return found?.messages.filter(({ hidden }) => !hidden);
      },
      jump: (message) => this.visit.jump(message),
      day: (ms) => this.visit.toDay(ms),
      person: ({ author }) => this.try(() => showPerson(this, author)),
      opened: (which) => {
        this.visit?.readHolders();
        this.drawNow();
        (which === "search" ? this.side.words : $("side-body")).focus();
      },
    };
  }

  composerActs() {
    return {
      people: () => [...this.people.values()],
      show: (author) => this.names.show(author),
      named: (text) => this.names.named([...this.people.values()].filter(({ me }) => !me).map(({ author }) => author), text),
      unclear: (what) => this.alert({ what, help: "Tab completes a name so that it means one person." }),
      // The last thing one said oneself, as long as it can be changed.
      own: () => this.visit?.timeline.messages.findLast(({ mine, kind }) => mine && kind === "text"),
      walk: () => {
        const last = this.visit?.timeline.visible.at(-1);
        if (last) this.visit.select(last.ref);
      },
      signs: (words) => named(words, SIGNS),
      emoji: (take) => pick("Emoji", take),
      commands: () => this.commands,
      fitting: (word, rest) => fitting(this, word, rest),
      typing: (room) => this.typing.tell(room, () => this.composer.isWriting(room)),
      scroll: (way) => $("log").scrollBy({ top: way * $("log").clientHeight * 0.9 }),
      command: (room, word, rest) => this.command(room, word, rest),
      edit: async (room, message, text) =>
        (await this.try(() => call("PUT", about(room, message.ref), { text }), "line")) !== undefined,
      send: (room, said) => this.say(room, () => call("POST", at(room, "/messages"), said)),
    };
  }

  // Says something in a room, and shows it at the end when that is open; whether it could be said.
  async say(room, run) {
    const visit = room === this.id ? this.visit : null;
    const answer = await this.try(run, "line");
    if (!answer) return false;
    this.settle("line");
    await visit?.show(answer.messages);
    return true;
  }

  // Asks for the file of a message, or no longer; events tell how far it is.
  askFor(method, message) {
    return this.try(() => call(method, this.visit.fileAt(message)));
  }

  async sendFile(file, name) {
    const { id, composer } = this;
    const reply = composer.about?.reply?.ref;
    const set = new URLSearchParams({ name, ...(reply && { reply_to: reply }) });
    const sent = await this.say(id, () => call("POST", at(id, "/files?" + set), file));
    if (sent && reply && composer.about?.reply?.ref === reply) composer.cancel();
    return sent;
  }

  // Does what was written in a room. A command is about the room that is open: one whose turn comes when another room is
  // open is not done, and goes back to where it was written.
  async command(room, word, rest) {
    if (room !== this.id) return false;
    const command = this.commands.find((known) => known.word === word);
    if (!command) {
      const help = "Write /help for those there are, or begin with // to say a line that starts with a slash.";
      this.alert({ what: `There is no command /${word}`, help }, "line");
      return false;
    }
    return (await this.try(async () => {
      await command.run(rest);
      return true;
    }, "line")) === true;
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
    this.leaving = id;
    try {
      await call("DELETE", at(id));
      if (this.leaving === id) await this.left(id);
    } finally {
      this.leaving = null;
    }
  }

  // A room was left, here or in another window, which is told unless it was here.
  async left(id) {
    const isHere = this.leaving === id;
    if (isHere) this.leaving = null;
    const room = this.rooms.get(id);
    this.rooms.delete(id);
    this.composer.forget(id);
    this.draw();
    if (id !== this.id) return;
    await this.enter(this.rooms.keys().next().value ?? null);
    if (isHere || !room) return;
    const name = line(room.name) || "A room";
    this.alert({ message: `You left ${name} in another window.`, help: "Nothing of it is kept here any more." });
  }
}
