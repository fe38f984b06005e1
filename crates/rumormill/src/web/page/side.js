// What stands around the log: the list of rooms, the title, notices, and the chips that lead to messages out of sight; the
// panel with people, search, and a picture of the network: this node, its peers, who received a message, and rumors on their
// way; and the status line.

import { $, el, rows, svg, theirs } from "./dom.js";
import { ask as at, call } from "./api.js";
import { roleWord, standing } from "./governing.js";
import { clock, count, day, line, number, seconds, short } from "./words.js";

const LISTED = 200;
const EXCERPT_CHARS = 160;
const TITLES = { people: "People", network: "Network", search: "Search" };

export class Side {
  // `act`: people(), names, person(person), search(words), jump(message), day(ms), opened(which).
  constructor(act, network) {
    Object.assign(this, { act, network, open: null });
    this.people = el("ul", { class: "list" });
    this.counted = el("p", { class: "quiet" });
    this.found = el("ul", { class: "list found" });
    this.told = el("p", { class: "quiet", role: "status" });
    this.words = el("input", { type: "search", "aria-label": "Words to look for", placeholder: "Words to look for", autocomplete: "off" });
    const search = el("form", { role: "search", onsubmit: (event) => {
      event.preventDefault();
      this.search();
    } }, el("div", { class: "row" }, this.words, el("button", { class: "main" }, "Search")));
    const go = ({ target: { value } }) => value && this.act.day(dayBegin(value));
    const day = el("label", { class: "setting" }, "Go to a day", el("input", { type: "date", name: "day", onchange: go }));
    this.bodies = {
      people: el("div", {}, this.counted, this.people),
      network: network.node,
      search: el("div", {}, day, search, this.told, this.found),
    };
  }

  show(which) {
    this.open = which;
    $("side").hidden = !which;
    $("app").classList.toggle("with-side", Boolean(which));
    for (const button of document.querySelectorAll("[data-side]")) button.setAttribute("aria-expanded", String(button.dataset.side === which));
    if (!which) return;
    $("side-title").textContent = TITLES[which];
    $("side-body").replaceChildren(this.bodies[which]);
    this.act.opened(which);
  }

  enter() {
    this.words.value = "";
    this.told.textContent = "Type words that were said; of the last one its beginning is enough. from:name, since:2026-05-01 and until:7d narrow it down.";
    rows(this.found, []);
  }

  draw(room) {
    if (this.open === "network") this.network.draw(room);
    if (this.open === "people") this.drawPeople();
  }

  drawPeople() {
    const { names } = this.act;
    const people = [...this.act.people()].sort((a, b) => b.me - a.me || b.here - a.here || b.last_ms - a.last_ms);
    const here = people.filter((person) => person.here || person.me).length;
    this.counted.textContent = `${number(here)} here, ${number(people.length - here)} away` + (people.length > LISTED ? `. The ${LISTED} who were here last are listed.` : people.length < 2 ? ". Give somebody the ticket, and they can come." : "");
    rows(this.people, people.slice(0, LISTED).map((person) => {
      const name = names.show(person.author, person.nick);
      const when = (person.me ? "you" : person.here ? "here" : person.last_ms ? `away, wrote ${day(person.last_ms)}` : "away") + (person.verified ? ", verified" : "") + (person.hidden ? ", hidden" : "");
      const role = roleWord(person);
      return { key: person.author, stamp: [name, when, role], make: () => el("li", {}, el("button", { type: "button", class: "person", title: "Who that is, mention, hide", "data-as": "person", "aria-haspopup": "dialog", onclick: () => this.act.person(person) },
        el("span", { class: "dot " + (person.here || person.me ? "on" : "off"), "aria-hidden": "true" }), theirs(name, { class: "nick " + names.hue(person.author) }), role && el("span", { class: "tag" }, role), el("span", { class: "quiet" }, when))) };
    }));
  }

  async search(words = this.words.value) {
    this.words.value = words;
    if (!words.trim()) return this.words.focus();
    this.told.textContent = "Looking…";
    const found = await this.act.search(words.trim());
    if (!found) return void (this.told.textContent = "");
    this.told.textContent = found.length ? `${count(found.length, "message")} found, newest first` : `Nothing found for “${short(words, 40)}”. Try fewer or shorter words.`;
    const sought = words.toLowerCase().replace(/(?<!\S)(from|since|until):("[^"]*"|\S+)/g, "").split(/\s+/).filter(Boolean);
    rows(this.found, found.map((message) => ({ key: message.ref, stamp: [message], make: () => this.hit(message, sought) })));
  }

  hit(message, sought) {
    const { names } = this.act;
    return el("li", {}, el("button", { type: "button", "data-as": "hit", onclick: () => this.act.jump(message) },
      el("span", { class: "who" }, theirs(names.show(message.author, message.nick), { class: "nick " + names.hue(message.author) }), el("time", {}, `${day(message.time_ms)}, ${clock(message.time_ms)}`)),
      el("bdi", { class: "excerpt" }, ...marked(excerpt(line(message.text), sought), sought))));
  }
}

// The beginning of a calendar day here, in milliseconds.
export const dayBegin = (day) => new Date(`${day}T00:00`).getTime();

// The part of a text around the first sought word.
function excerpt(text, sought) {
  const found = sought.map((word) => text.toLowerCase().indexOf(word)).filter((at) => at >= 0);
  const first = found.length ? Math.min(...found) : 0;
  const from = first > EXCERPT_CHARS / 2 ? first - EXCERPT_CHARS / 4 : 0;
  return (from ? "…" : "") + short([...text.slice(from)].join(""), EXCERPT_CHARS);
}

function marked(text, sought) {
  const low = text.toLowerCase();
  const at = Math.min(...sought.map((word) => low.indexOf(word)).filter((found) => found >= 0));
  if (!Number.isFinite(at) || low.length !== text.length) return [text];
  const word = sought.find((each) => low.startsWith(each, at));
  return [text.slice(0, at), el("mark", {}, text.slice(at, at + word.length)), ...marked(text.slice(at + word.length), sought)];
}

const SIZE = 320;
const MIDDLE = SIZE / 2;
const RING = [118, 84];
const DRAWN = 40;
const LABELLED = 14;
const LABEL_CHARS = 9;
const STEPS = 30;
const FLYING = 24;
const FLIGHT_MS = 700;

const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const orNone = (words, list) => (list.length ? list : [{ key: "none", stamp: [], make: () => el("li", { class: "quiet" }, words) }]);

export class Network {
  constructor({ show, hue }) {
    Object.assign(this, { show, hue, steps: [], serial: 0, flying: 0, at: new Map(), held: null });
    this.lines = svg("g", {});
    this.dots = svg("g", {});
    this.nodes = svg("g", {});
    this.picture = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", class: "picture" }, this.lines, this.dots, this.nodes);
    this.summary = el("p", {});
    this.reach = el("p", { class: "quiet" });
    this.holding = el("div", { class: "holding" });
    this.peers = el("ul", { class: "list" });
    this.log = el("ol", { class: "list steps" });
    this.digest = el("code", {});
    this.node = el("div", {},
      this.picture, this.summary, this.reach, this.holding,
      el("h3", {}, "Peers"), this.peers,
      el("h3", {}, "On the wire"), this.log,
      el("h3", {}, "Digest of the room"), el("p", {}, this.digest), el("p", { class: "quiet" }, "Two people who see the same digest hold the same entries."));
  }

  enter() {
    this.steps = [];
    this.held = null;
  }

  // `held`: { text, holders: [Person], acknowledged: [author], of } of the selected message, or null.
  hold(held) {
    this.held = held;
  }

  draw(room) {
    const holders = new Set((this.held?.holders ?? []).map(({ author }) => author));
    const drawn = room.peers.slice(0, DRAWN);
    this.at = new Map(drawn.map(({ peer }, i) => {
      const turn = (2 * Math.PI * i) / drawn.length - Math.PI / 2;
      const ring = drawn.length > LABELLED ? RING[i % 2] : RING[0];
      return [peer, [MIDDLE + ring * Math.cos(turn), MIDDLE + ring * Math.sin(turn)]];
    }));
    rows(this.lines, drawn.map((peer) => this.line(peer)));
    rows(this.nodes, [...drawn.map((peer) => this.peer(peer, holders.has(peer.author), drawn.length <= LABELLED)), this.self()]);
    const relayed = room.peers.filter(({ path }) => path === "relayed").length;
    const text = room.peers.length
      ? `This node has ${count(room.peers.length, "peer")}: ${room.peers.length - relayed} direct, ${relayed} relayed.` + (room.peers.length > DRAWN ? ` ${DRAWN} of them are drawn.` : "")
      : "No peer is connected. What you say waits here and is passed on when one comes.";
    this.summary.textContent = text;
    this.reach.textContent = room.reach;
    const having = this.held ? ` The selected message is received by ${this.held.holders.length} of ${count(this.held.of, "other")}.` : "";
    this.picture.setAttribute("aria-label", text + having);
    this.digest.textContent = short(room.digest, 80);
    this.drawHeld();
    rows(this.peers, orNone("None yet.", room.peers.slice(0, LISTED).map((peer) => {
      const has = this.held ? (holders.has(peer.author) ? " · has it" : " · not known to have it") : "";
      const name = this.show(peer.author, peer.nick);
      const words = `${peer.path}, ${peer.rtt_ms === null ? "not measured yet" : peer.rtt_ms + " ms"}${has}`;
      return { key: peer.peer, stamp: [name, words], make: () => el("li", {}, theirs(name, { class: "nick " + this.hue(peer.author) }), el("span", { class: "quiet" }, words)) };
    })));
    this.drawSteps();
  }

  drawHeld() {
    if (!this.held) return this.holding.replaceChildren(el("p", { class: "quiet" }, "Select a message to see who holds it."));
    const { text, holders, acknowledged, of } = this.held;
    const proved = holders.filter(({ author }) => acknowledged.includes(author));
    const names = (people) => people.slice(0, 50).flatMap(({ author, nick }, i) => [i ? ", " : "", theirs(this.show(author, nick))]);
    const line = (words, people, title) => el("p", { title }, el("strong", {}, words), people.length ? ": " : ".", ...names(people),
      people.length > 50 ? ` and ${people.length - 50} more` : "");
    this.holding.replaceChildren(
      el("p", {}, "“", theirs(short(text, 60)), "”"),
      line(`received by ${holders.length} of ${count(of, "other")}`, holders),
      line(`acknowledged by ${proved.length}`, proved, "Their later messages prove that they have it."));
  }

  line({ peer, path }) {
    const [x, y] = this.at.get(peer);
    const make = () => svg("line", { x1: MIDDLE, y1: MIDDLE, x2: x, y2: y, class: "link " + (path === "relayed" ? "relayed" : "direct") });
    return { key: peer, stamp: [x, y, path], make };
  }

  peer({ peer, author, nick, rtt_ms: rtt }, has, labelled) {
    const [x, y] = this.at.get(peer);
    const name = short(this.show(author, nick), LABEL_CHARS);
    const measured = rtt === null ? "" : `${rtt} ms`;
    const below = y >= MIDDLE;
    const label = labelled && [svg("text", { x, y: y + (below ? 22 : -25) }, name), measured && svg("text", { x, y: y + (below ? 34 : -13), class: "rtt" }, measured)];
    const make = () => svg("g", { class: "peer" + (has ? " has" : "") + " " + this.hue(author) }, svg("circle", { cx: x, cy: y, r: labelled ? 8 : 6 }), has && svg("path", { d: `M${x - 4} ${y}l3 3 5-6`, class: "tick" }), label);
    return { key: peer, stamp: [x, y, name, measured, has, labelled], make };
  }

  self() {
    const make = () => svg("g", { class: "self" }, svg("circle", { cx: MIDDLE, cy: MIDDLE, r: 13 }), svg("text", { x: MIDDLE, y: MIDDLE + 28 }, "you"));
    return { key: "self", stamp: [], make };
  }

  // Shows a frame: as words, and as a dot that moves along the link, or as a lit link if motion is unwanted.
  step({ kind, from, to, entries }, room) {
    const peer = from ?? to;
    const known = room.peers.find((other) => other.peer === peer);
    const name = known ? this.show(known.author, known.nick) : "peer " + String(peer).slice(0, 8);
    this.steps.unshift({ serial: this.serial++, at: Date.now(), kind: short(kind, 20), entries, inward: Boolean(from), name });
    this.steps.splice(STEPS);
    if (!this.node.isConnected) return;
    this.drawSteps();
    const place = this.at.get(peer);
    if (!place || document.hidden) return;
    if (isCalm()) {
      this.lines.querySelectorAll(".lit").forEach((line) => line.classList.remove("lit"));
      this.lines.querySelector(`[data-key="${CSS.escape(peer)}"]`)?.classList.add("lit");
    } else if (this.flying < FLYING) this.fly(place, Boolean(from), entries > 0);
  }

  async fly([x, y], inward, carries) {
    const ends = [`translate(${MIDDLE}px, ${MIDDLE}px)`, `translate(${x}px, ${y}px)`];
    if (inward) ends.reverse();
    const dot = svg("circle", { r: carries ? 5 : 3, class: carries ? "rumor" : "small rumor" });
    this.dots.append(dot);
    this.flying += 1;
    await dot.animate(ends.map((transform) => ({ transform })), { duration: FLIGHT_MS, easing: "ease-in-out", fill: "both" }).finished.catch(() => {});
    this.flying -= 1;
    dot.remove();
  }

  drawSteps() {
    rows(this.log, orNone("Quiet. What comes and goes is listed here as it happens.", this.steps.map((step) => ({
      key: String(step.serial),
      stamp: [],
      make: () => el("li", {}, el("time", {}, seconds(step.at)), el("span", {}, `${step.kind} ${step.inward ? "from" : "to"} `, theirs(step.name), step.entries ? `, ${count(step.entries, "entry", "entries")}` : "")),
    }))));
  }
}

// The status line: peers, missing entries, the clock, our own process.

export function drawStatus(room, people, lost) {
  const list = lost ? [["bad", "Rumormill on this computer does not answer. Trying again; what you see may be old."]] : [];
  if (!lost && room) list.push(...connected(room, people));
  else if (!lost) list.push(["", "Connected to Rumormill on this computer"]);
  rows($("status"), list.map(([mood, words], i) => ({ key: String(i), stamp: [mood, words], make: () => el("span", { class: mood }, words) })));
}

function connected(room, people) {
  const relayed = room.peers.filter(({ path }) => path === "relayed").length;
  const direct = room.peers.length - relayed;
  const away = [...people.values()].filter(({ here, me }) => !here && !me).length;
  const list = [];
  if (room.stopped !== null) list.push(["bad", "This room has stopped"]);
  list.push(room.peers.length
    ? ["good", `${count(direct, "peer")} direct, ${number(relayed)} relayed` + (away ? `, ${number(away)} away` : "")]
    : ["warn", (room.seeking ? `Nobody found yet, looking since ${clock(room.seeking.since_ms)}` : "No peer connected") + (away ? `, ${number(away)} away` : "")]);
  list.push(room.missing
    ? ["warn", `${count(room.missing, "entry", "entries")} missing, ${number(room.entries)} of ${number(room.entries + room.missing)} here`]
    : ["", `${count(room.entries, "entry", "entries")}, none missing`]);
  if (room.clock) list.push(["warn", room.clock[0].toUpperCase() + room.clock.slice(1)]);
  return list;
}

export function drawTitle({ rooms, id, room, visit }) {
  const open = document.hasFocus() && !visit?.held ? id : null;
  const unread = [...rooms.values()].reduce((sum, other) => sum + (other.id === open ? 0 : other.unread), 0);
  const name = room ? `${short(room.name, 40) || "room"} · ` : "";
  const icon = unread ? "icon-unread.svg" : "icon.svg";
  if ($("icon").getAttribute("href") !== icon) $("icon").setAttribute("href", icon);
  document.title = (unread ? `(${number(unread)}) ` : "") + name + "Rumormill";
}

export function drawRooms(chat) {
  const list = [...chat.rooms.values()];
  const elsewhere = list.reduce((sum, room) => sum + (room.id === chat.id ? 0 : room.unread), 0);
  $("elsewhere").hidden = !elsewhere;
  $("elsewhere").textContent = number(elsewhere);
  rows($("room-list"), list.map((room, i) => {
    const isOpen = room.id === chat.id;
    const name = short(room.name, 60) || "room " + room.id.slice(0, 8);
    const unread = isOpen && chat.visit.stuck && !chat.visit.held ? 0 : room.unread;
    const stamp = [name, isOpen, unread, room.mentions, room.stopped, room.muted, room.pinned, i];
    return { key: room.id, stamp, make: () => roomRow(chat, { room, i, isOpen, name, unread }) };
  }));
}

function roomRow(chat, { room, i, isOpen, name, unread }) {
  const mentions = unread > 0 && room.mentions > 0;
  const about = { type: "button", "data-as": "room", "aria-current": isOpen && "true", title: i < 9 && `Alt+${i + 1}` };
  return el("li", {}, el("button", { ...about, onclick: () => chat.enter(room.id) },
    theirs(name, { class: "name" }),
    room.pinned && mark("pinned", "📌"),
    room.muted && mark("muted", "🔕"),
    room.stopped !== null && el("span", { class: "badge bad" }, "stopped"),
    mentions && badge("badge hot", count(room.mentions, "mention"), "@" + number(room.mentions)),
    unread > 0 && badge(room.muted ? "badge calm" : "badge", `${number(unread)} not read`, number(unread))));
}

const mark = (title, sign) => el("span", { class: "mark", role: "img", "aria-label": title, title }, sign);

function badge(look, label, text) {
  return el("span", { class: look, "aria-label": label }, text);
}

// Notices about a state of the room, each with a test whether that state lasts.
const LASTS = { stopped: ({ stopped }) => stopped !== null, skewed: ({ clock }) => Boolean(clock), shared: ({ shares }) => !shares || shares.length > 0 };
const FIXED = ["stopped", "seeking", "standing"];

export function drawBanners(chat) {
  const { room } = chat;
  const list = (chat.notices.get(room.id) ?? []).filter(({ code }) => LASTS[code]?.(room) ?? true);
  if (room.seeking && $("empty").hidden) list.push({ code: "seeking", text: `Nobody of this room was found so far, looking since ${clock(room.seeking.since_ms)}. Somebody in it has to run Rumormill at the same time.` });
  const text = standing(room);
  if (text) list.push({ code: "standing", text });
  if (room.hint) list.push({ code: "hint", text: room.hint });
  if (room.stopped !== null && !list.some(({ code }) => code === "stopped")) {
    const help = room.damaged ? "Run “rumormill resync” to take out what is damaged and fetch it again, or leave the room."
      : "Make room on the disk: it goes on by itself; what was confirmed is kept.";
    list.push({ code: "stopped", text: `This room has stopped: ${room.stopped}. ${help}` });
  }
  const drop = (code) => {
    if (code === "hint") return chat.try(() => call("DELETE", at(room.id, "/hint")));
    chat.notices.set(room.id, (chat.notices.get(room.id) ?? []).filter((notice) => notice.code !== code));
    drawBanners(chat);
  };
  const close = (code) => el("button", { class: "close", "aria-label": "Close this notice", onclick: () => drop(code) }, "✕");
  const make = ({ code, text }) => {
    const look = "banner" + (code === "stopped" || code === "forked" ? " bad" : "");
    return el("div", { class: look, role: "status" }, el("p", {}, theirs(line(text))), !FIXED.includes(code) && close(code));
  };
  rows($("banners"), list.map((notice) => ({ key: notice.code, stamp: [notice.text], make: () => make(notice) })));
}

export function drawChips(visit) {
  const { timeline, stuck, chat: { log } } = visit;
  const late = timeline.late.length;
  const isAbove = timeline.first && log.marker < timeline.first.place && timeline.older;
  const unread = log.marker !== null && visit.skipped && (isAbove || log.isAbove($("unread"))) && log.fresh;
  const chip = (key, words, run) => {
    const make = () => el("button", { type: "button", "data-as": "chip", onclick: run }, words);
    return { key, stamp: [words], make };
  };
  const end = timeline.below ? `↓ ${count(timeline.below, "new message")}` : "↓ Newest";
  rows($("chips"), [
    unread && chip("unread", `↑ ${number(unread)} new`, () => visit.toUnread()),
    late && chip("late", `↑ ${count(late, "earlier message")} arrived above`, () => visit.toLate()),
    !stuck && chip("end", end, () => visit.newest()),
  ].filter(Boolean));
}
