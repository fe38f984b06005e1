// The panel: people, the network, search.

import { $, el, rows, theirs } from "./dom.js";
import { roleWord } from "./governing.js";
import { clock, count, day, line, number, short } from "./words.js";

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
