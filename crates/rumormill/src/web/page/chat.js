// All rooms, and which of them is open: handles events, and draws.

import { $, close, el, twoLines } from "./dom.js";
import { messageActs, sideActs } from "./acts.js";
import { ask as at, call, keep, kept, listen } from "./api.js";
import { Composer, Typing } from "./composer.js";
import { keys } from "./keys.js";
import { Log } from "./log.js";
import { Requests } from "./person.js";
import { screens } from "./screens.js";
import { notify } from "./settings.js";
import { drawBanners, drawChips, drawRooms, drawStatus, drawTitle, Network, Side } from "./side.js";
import { Visit } from "./visit.js";
import { line } from "./words.js";
import { Writing } from "./writing.js";

const NOTICES = 5;
const NEAR_PX = 300;
const ALERT_MS = 12_000;

export class Chat {
  // `shut` is called when this page is no longer signed in.
  constructor(shut) {
    const state = { rooms: new Map(), visit: null, notices: new Map(), lost: false, frame: 0 };
    Object.assign(this, { shut, ...state });
    this.log = new Log($("log"), messageActs(this));
    const show = (...who) => this.names.show(...who);
    this.network = new Network({ show, hue: (author) => this.names.hue(author) });
    this.side = new Side(sideActs(this), this.network);
    this.screens = screens(this);
    this.requests = new Requests(this);
    this.writing = new Writing(this);
    this.composer = new Composer(this.writing.acts());
    this.typing = new Typing(show);
    this.watch();
    keys(this);
  }

  get id() {
    return this.visit?.id ?? null;
  }

  get firstRoom() {
    return this.rooms.keys().next().value ?? null;
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

  // Starts, at a message if one is `wanted`.
  start(wanted) {
    $("app").hidden = false;
    this.wanted = wanted;
    this.stop = listen({
      open: (goesOn) => (goesOn ? this.reconnected() : this.refresh()),
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
    // A row that is drawn again under the pointer would lose the click.
    this.isPressing = false;
    log.addEventListener("pointerdown", (event) => {
      this.isPressing = event.target.closest("button, a, input") !== null;
    });
    const release = () => {
      if (!this.isPressing) return;
      this.isPressing = false;
      this.draw();
    };
    // The click follows the release of the button.
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(release));
    log.addEventListener("focusin", (event) => {
      const row = event.target.closest("article");
      const isOther = row && row.dataset.key !== this.log.selected;
      if (isOther && !this.isPressing) this.visit.select(row.dataset.key);
    });
    addEventListener("focus", () => this.visit?.markRead());
    addEventListener("blur", () => this.visit?.lookAway());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.visit?.lookAway();
      else this.visit?.markRead();
    });
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

  // Runs a request. A failure is shown until its `cause` is gone, and returns `undefined`.
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

  // An alert without a cause closes by itself.
  alert(failure, cause) {
    const dismiss = { class: "close", "aria-label": "Close this message", onclick: () => box.remove() };
    const words = el("div", {}, ...twoLines(failure));
    const box = el("div", { class: "alert", "data-cause": cause }, words, el("button", dismiss, "✕"));
    $("alerts").replaceChildren(box);
    if (!cause) setTimeout(() => box.remove(), ALERT_MS);
  }

  // Closes the alert of a cause that is gone.
  settle(cause) {
    $("alerts").querySelector(`[data-cause="${cause}"]`)?.remove();
  }

  reconnected() {
    if (this.lost) $("spoken").textContent = "Connected to Rumormill again.";
    this.lost = false;
    this.settle("lost");
    this.draw();
  }

  // Reads everything that is shown again.
  async refresh() {
    const rooms = await this.try(() => this.readRooms());
    if (!rooms) return;
    this.try(() => this.requests.read());
    this.reconnected();
    const { wanted } = this;
    this.wanted = null;
    if (wanted) {
      await this.go(wanted);
    } else if (this.rooms.has(this.id)) {
      await this.visit.again();
    } else {
      const last = this.rooms.get(kept("room")) ?? rooms[0];
      await this.enter(last?.id ?? null);
    }
    this.draw();
  }

  async readRooms() {
    const { rooms } = await call("GET", "/v1/rooms");
    this.rooms = new Map(rooms.map((room) => [room.id, room]));
    return rooms;
  }

  // Opens a message of any room.
  async go({ room, ref }) {
    if (!this.rooms.has(room)) {
      const what = "This link leads to a room that you are not in";
      this.alert({ what, help: "Ask whoever gave it to you for a ticket." });
      room = this.id ?? kept("room");
      ref = null;
    }
    if (room !== this.id) await this.enter(this.rooms.has(room) ? room : this.firstRoom);
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
    if (kind === "lagged" || (kind === "recounted" && content.room === this.id)) return this.refresh();
    if (kind === "room") {
      const { room } = content;
      const isMoved = this.rooms.get(room.id)?.pinned !== room.pinned;
      this.rooms.set(room.id, room);
      if (room.id === this.id) this.visit.meetPeers(room);
      if (isMoved) this.try(() => this.readRooms()).then(() => this.draw());
      return this.draw();
    }
    if (kind === "left") return this.left(content.room);
    if (kind === "asked") return this.requests.asked(content);
    if (kind === "notice") this.notice(content);
    if (kind === "message") notify(this, content);
    if (content.room === this.id) this.visit?.happened(kind, content);
  }

  notice({ room, code, text }) {
    const list = (this.notices.get(room) ?? []).filter((notice) => notice.code !== code);
    this.notices.set(room, [...list, { code, text }].slice(-NOTICES));
    this.draw();
  }

  // Begins a message to somebody.
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
    this.requests.draw();
    drawTitle(this);
    this.screens.draw(room);
    drawStatus(room, this.people, this.lost);
    if (!room) return;
    this.log.verified = (author) => this.people.get(author)?.verified;
    this.log.others = [...this.people.values()].filter(({ me }) => !me).length;
    // New messages do not scroll unread ones out of sight while nobody looks.
    const isLookedAt = this.log.marker === null || document.hasFocus();
    const rest = visit.stuck ? (isLookedAt ? "end" : "unread") : undefined;
    this.log.draw(visit.timeline, room, keep ?? rest);
    visit.stuck = !visit.timeline.newer && this.log.atEnd();
    this.side.draw(room);
    drawBanners(this);
    drawChips(visit);
    visit.markRead();
  }

  // Sends a request that answers with the room.
  async set(id, rest, body) {
    this.rooms.set(id, await call("PUT", at(id, rest), body));
    this.draw();
  }

  // Mutes or pins the open room, or undoes it: `what` is the field.
  async attend(what) {
    const { room } = this;
    await this.set(room.id, "/attention", { [what]: !room[what] });
    await this.readRooms();
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

  // Handles a room that was left, here or in another window.
  async left(id) {
    const isHere = this.leaving === id;
    if (isHere) this.leaving = null;
    const room = this.rooms.get(id);
    this.rooms.delete(id);
    this.composer.forget(id);
    this.draw();
    if (id !== this.id) return;
    await this.enter(this.firstRoom);
    if (isHere || !room) return;
    const name = line(room.name) || "A room";
    const message = `You left ${name} in another window.`;
    this.alert({ message, help: "Nothing of it is kept here any more." });
  }
}
