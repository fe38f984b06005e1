// A person, and what you can do about them, privately too.

import { $, button, close, el, rows, show, table, theirs } from "./dom.js";
import { ask as at, call, fetched } from "./api.js";
import { governing, roleWord, stored } from "./governing.js";
import { moment, number, short } from "./words.js";

// The person of a name. The API knows the rules, and reports ambiguous names.
export const meant = (chat, name) => call("GET", at(chat.id, `/people/${encodeURIComponent(name)}`));

export async function showPerson(chat, name) {
  const who = await meant(chat, name);
  const { author } = who;
  const { peer } = who;
  const way = who.me ? "this is you" : peer ? `${peer.path}, ${number(peer.rtt_ms ?? 0)} ms` : "away";
  const facts = [
    ["Author", el("code", {}, author.slice(0, 16))],
    ["Here", way],
    ["First wrote", who.since_ms === null ? "not known here" : moment(who.since_ms)],
    ["Last wrote", who.last_ms ? moment(who.last_ms) : "never"],
    ["Entries", number(who.entries)],
    who.role && ["In this room", roleWord(who) || "member"],
    who.stock && ["Stores", stored(who.stock)],
    who.verified && ["Verified", "You compared your safety number."],
    who.hidden && ["Hidden", "You do not see what they say. They do not learn of it."],
  ].filter(Boolean);
  const safety = who.safety && button("Compare keys", () => chat.try(() => showSafety(chat, who)));
  const rights = await governing(chat, who);
  const then = (run) => () => {
    close();
    return run();
  };
  show(chat.names.show(author, who.nick), table("", facts), ...[
    !who.me && el("div", { class: "row" },
      button("Mention", then(() => chat.mention(who)), true, true),
      !chat.room.private && button("Message privately", then(() => chat.try(() => message(chat, [author])))),
      button(who.hidden ? "Show what they say" : "Hide what they say", then(() => chat.try(() => setHidden(chat, author, !who.hidden)))),
      !who.hidden && button("Hide in all rooms", then(() => chat.try(() => setHidden(chat, author, true, "?everywhere=true"))))), safety && el("div", { class: "row" }, safety), rights].filter(Boolean));
}

// Shows the keepers of the room, and what each stores.
export async function showKeepers(chat) {
  const { people } = await call("GET", at(chat.id, "/people"));
  const keepers = people.filter(({ role }) => role === "keeper");
  const facts = keepers.map((who) => [chat.names.show(who.author, who.nick), (who.here ? roleWord(who) : "not reached") + (who.stock ? `: ${stored(who.stock)}` : "")]);
  show("Keepers", keepers.length ? table("", facts) : el("p", {}, "This room has no keeper. The owner and co-owners make a ticket for one among the tickets."));
}

// Shows the safety number with a person, to be compared.
export async function showSafety(chat, { author, nick, safety, verified }) {
  const src = await fetched(at(chat.id, `/people/${author}/safety.svg`));
  const name = chat.names.show(author, nick);
  const set = () => chat.try(async () => {
    const { people } = await call(verified ? "DELETE" : "PUT", at(chat.id, `/verified/${author}`));
    chat.visit.met(people);
    close();
    chat.draw();
  });
  show(`Safety number with ${name}`,
    el("p", {}, verified ? "You compared this number." : "Compare it by voice or face to face. If theirs is the same, each of you has the other's key."),
    el("p", { class: "safety" }, el("code", {}, safety)),
    el("img", { src, alt: "The number as a QR code", class: "qr", width: 180, height: 180, onload: () => URL.revokeObjectURL(src) }),
    el("div", { class: "row end" }, button(verified ? "No longer verified" : "It is the same", set, true, true)));
}

// Hides a person for you alone, or shows them again.
export async function setHidden(chat, author, hidden, where = "") {
  const { visit } = chat;
  const { people } = await call(hidden ? "PUT" : "DELETE", at(visit.id, `/hidden/${author}${where}`));
  if (!visit.isOpen) return;
  visit.met(people);
  visit.page(() => visit.timeline.again());
  $("spoken").textContent = `${chat.names.show(author)} is ${hidden ? "hidden" : "shown again"}.`;
  chat.draw();
}

// Private rooms: beginning one, and those that others ask you into.

const NAME_CHARS = 40;

const named = ({ nick, author }) => short(nick, NAME_CHARS) || author.slice(0, 8);

// Goes to the private room with these people of the open room, and says words there.
export async function message(chat, people, text = "") {
  const room = await call("POST", at(chat.id, "/private"), { people });
  await enter(chat, room);
  if (text) await call("POST", at(room.id, "/messages"), { text });
}

async function enter(chat, room) {
  chat.rooms.set(room.id, room);
  await chat.enter(room.id);
}

// The requests that wait, listed below the rooms.
export class Requests {
  constructor(chat) {
    Object.assign(this, { chat, waiting: [] });
  }

  async read() {
    const { requests } = await call("GET", "/v1/requests");
    this.waiting = requests;
    this.draw();
  }

  // Somebody has just asked.
  asked({ request }) {
    $("spoken").textContent = `${named(request.from)} asks you to talk privately.`;
    this.waiting = [request, ...this.waiting.filter(({ id }) => id !== request.id)];
    this.draw();
  }

  draw() {
    const waiting = this.waiting.filter(({ id }) => !this.chat.rooms.has(id));
    $("requests").hidden = !waiting.length;
    rows($("request-list"), waiting.map((request) => ({
      key: request.id,
      stamp: [named(request.from), request.of_name],
      make: () => el("li", {}, el("button", { type: "button", "aria-haspopup": "dialog", onclick: () => this.show(request) }, theirs(named(request.from)), el("span", { class: "quiet" }, " out of ", theirs(short(request.of_name, NAME_CHARS))))),
    })));
  }

  show(request) {
    const { id, from, with: others, of_name } = request;
    const answer = (run) => () => {
      close();
      return this.chat.try(async () => {
        await run();
        await this.read();
      });
    };
    const path = `/v1/requests/${encodeURIComponent(id)}`;
    const more = others.length > 0 && el("p", {}, "Others who are asked: ", theirs(others.map(named).join(", ")), ".");
    show("A request to talk privately", ...[
      el("p", {}, theirs(named(from)), " out of ", theirs(short(of_name, NAME_CHARS)), " asks you into a private room. Nobody there learns anything of you before you enter."),
      more,
      el("div", { class: "row end" }, button("Do not list it", answer(() => call("DELETE", path))), button("Enter", answer(async () => enter(this.chat, await call("POST", path))), true, true)),
    ].filter(Boolean));
  }
}
