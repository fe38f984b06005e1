// Rooms announced on this network.

import { button, el, theirs } from "./dom.js";
import { call } from "./api.js";
import { short } from "./words.js";

const LOOK_MS = 3200;

// The announced rooms; `enter` gets the ticket of the chosen one.
export function nearby(enter) {
  const found = el("div", { class: "nearby", role: "status" }, el("p", { class: "quiet" }, "Looking for rooms on this network…"));
  call("GET", `/v1/nearby?wait_ms=${LOOK_MS}`).then(({ rooms }) => {
    const door = ({ name, id, ticket }) =>
      el("button", { type: "button", title: `Room ${id.slice(0, 8)}`, onclick: () => enter(ticket) }, theirs(short(name, 40) || id.slice(0, 8)));
    found.replaceChildren(...(rooms.length
      ? [el("p", {}, "Announced on this network:"), el("div", { class: "row" }, rooms.map(door))]
      : [el("p", { class: "quiet" }, "No room is announced on this network.")]));
  }, () => found.remove());
  return found;
}

// Announces a room on this network, or stops.
export function announcing(chat, id) {
  const told = el("p", { role: "status", class: "quiet" });
  const isAnnounced = () => chat.rooms.get(id).announced;
  const draw = () => {
    toggle.textContent = isAnnounced() ? "Announce it no longer" : "Announce it on this network";
    told.textContent = isAnnounced() ? "Whoever is on this network can find this room by its name and enter." : "";
  };
  const toggle = button("", () => chat.set(id, "/announced", { announced: !isAnnounced() }).then(draw, (failure) => {
    told.textContent = `${failure.what}. ${failure.help}`;
  }));
  draw();
  return el("div", { class: "row" }, toggle, told);
}
