// A picture of the network: this node, its peers, who received a message, and rumors on their way; and the status line.

import { $, el, rows, svg, theirs } from "./dom.js";
import { clock, count, number, seconds, short } from "./words.js";

const SIZE = 320;
const MIDDLE = SIZE / 2;
const RING = [118, 84];
const DRAWN = 40;
const LABELLED = 14;
const LABEL_CHARS = 9;
const LISTED = 200;
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
  if (!lost && room) list.push(...standing(room, people));
  else if (!lost) list.push(["", "Connected to Rumormill on this computer"]);
  rows($("status"), list.map(([mood, words], i) => ({ key: String(i), stamp: [mood, words], make: () => el("span", { class: mood }, words) })));
}

function standing(room, people) {
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
