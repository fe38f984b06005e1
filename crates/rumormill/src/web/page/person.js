// Who somebody is, and what one can do about them.

import { Failure, ask as at, call } from "./api.js";
import { close, show } from "./ask.js";
import { $, button, el, table } from "./dom.js";
import { line, moment, number } from "./words.js";

// The author that a name means: as it is shown, or as they call themselves.
export function meant(chat, name) {
  const said = name.replace(/^@/, "").toLowerCase();
  const all = [...chat.people.values()];
  const shown = all.filter(({ author }) => chat.names.show(author).toLowerCase() === said);
  const found = shown.length ? shown : all.filter(({ nick }) => line(nick).toLowerCase() === said);
  if (found.length === 1) return found[0].author;
  throw new Failure(404, found.length ? `Several people here are called “${line(name)}”` : `Nobody here is called “${line(name)}”`, "Look under People; Tab completes a name.");
}

export async function showPerson(chat, author) {
  const { id } = chat;
  const who = await call("GET", at(id, `/people/${author}`));
  const { peer } = who;
  const way = who.me ? "this is you" : peer ? `${peer.path}, ${number(peer.rtt_ms ?? 0)} ms` : "away";
  const facts = [
    ["Author", el("code", {}, author.slice(0, 16))],
    ["Here", way],
    ["First wrote", who.since_ms === null ? "not known here" : moment(who.since_ms)],
    ["Last wrote", who.last_ms ? moment(who.last_ms) : "never"],
    ["Entries", number(who.entries)],
    who.hidden && ["Hidden", "You do not see what they say. They do not learn of it."],
  ].filter(Boolean);
  const then = (run) => () => {
    close();
    return run();
  };
  show(chat.names.show(author, who.nick), table("", facts),
    !who.me && el("div", { class: "row" },
      button("Mention", then(() => chat.mention(who)), true, true),
      button(who.hidden ? "Show what they say" : "Hide what they say", then(() => chat.try(() => setHidden(chat, author, !who.hidden))))));
}

// Hides somebody for this person alone, or shows them again.
export async function setHidden(chat, author, hidden) {
  const { visit } = chat;
  const { people } = await call(hidden ? "PUT" : "DELETE", at(visit.id, `/hidden/${author}`));
  if (!visit.isOpen) return;
  visit.met(people);
  visit.page(() => visit.timeline.again());
  $("spoken").textContent = `${chat.names.show(author)} is ${hidden ? "hidden" : "shown again"}.`;
  chat.draw();
}
