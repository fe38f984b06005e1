// A person, and what you can do about them.

import { ask as at, call, fetched } from "./api.js";
import { close, show } from "./ask.js";
import { $, button, el, table } from "./dom.js";
import { governing, roleWord } from "./governing.js";
import { message } from "./private.js";
import { moment, number } from "./words.js";

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
