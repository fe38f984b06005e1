// The status line: peers, missing entries, the clock, our own process.

import { $, el, rows } from "./dom.js";
import { clock, count, number } from "./words.js";

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
