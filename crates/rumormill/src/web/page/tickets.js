// Tickets: one to hand over, and in a closed room all of them.

import { ask as at, call, fetched } from "./api.js";
import { show, twoLines } from "./ask.js";
import { button, el, rows, theirs } from "./dom.js";
import { governs } from "./governing.js";
import { announcing } from "./nearby.js";
import { count, moment, number, short } from "./words.js";

const DAY_MS = 86_400_000;
const DAYS = [["", "does not end by itself"], ["1", "ends in a day"], ["7", "ends in a week"], ["30", "ends in 30 days"]];
const STATES = { good: "good", revoked: "ended", "used-up": "used up", expired: "expired" };

export async function showTicket(chat) {
  const { id } = chat;
  const [{ ticket }, room, src] = await Promise.all([call("GET", at(id, "/ticket")), call("GET", at(id)), fetched(at(id, "/ticket.svg"))]);
  chat.rooms.set(id, room);
  const text = el("textarea", { readonly: true, rows: 4, id: "ticket-text", "aria-label": "Ticket", "data-first": true });
  text.value = ticket;
  const told = el("p", { role: "status", class: "quiet" });
  const copy = async () => {
    text.select();
    const done = await navigator.clipboard.writeText(text.value).then(() => true, () => false);
    told.textContent = done ? "Copied." : "Selected: press Ctrl+C to copy it.";
  };
  const picture = el("img", { src, alt: "The ticket as a QR code", class: "qr", width: 240, height: 240, onload: () => URL.revokeObjectURL(src) });
  const made = (ticket, words) => {
    text.value = ticket;
    told.textContent = words;
    // The picture is of the other ticket.
    picture.hidden = true;
    text.select();
  };
  const whose = room.standing
    ? "This ticket is your own: whoever has it is let in as your guest, and reads everything in the room. Hand it over where nobody else reads along."
    : "Whoever has this ticket can enter the room and read everything in it, for ever. Hand it over where nobody else reads along.";
  const all = room.standing && (await tickets(id, room, made));
  show("Ticket", el("p", {}, whose), text, el("div", { class: "row" }, button("Copy", copy, true), told), announcing(chat, id), picture, all);
}

// A form that makes a ticket, and the list of all of them.
async function tickets(id, room, made) {
  const list = el("ul", { class: "list", "aria-label": "Tickets of this room" });
  const failed = el("div", { role: "alert" });
  const attempt = (run) => run().then(() => failed.replaceChildren(), (failure) => failed.replaceChildren(...twoLines(failure)));
  const draw = async () => {
    const all = (await call("GET", at(id, "/tickets"))).tickets;
    rows(list, all.map((ticket) => ({ key: ticket.id, stamp: [ticket.used, ticket.state], make: () => row(ticket) })));
  };
  const row = ({ id: ticket, maker, mine, keeper, uses, used, expires_ms, state }) => {
    const until = state === "good" && expires_ms ? `until ${moment(expires_ms)}` : STATES[state];
    const end = button("End it", () => {
      if (end.dataset.sure) return attempt(() => call("DELETE", at(id, `/tickets/${ticket}`)).then(draw));
      end.dataset.sure = "true";
      end.textContent = "It lets nobody in any more: end it";
    });
    return el("li", {}, el("code", {}, ticket.slice(0, 8)), el("span", {}, "by ", mine ? "you" : theirs(short(maker.nick, 40) || maker.author.slice(0, 8))),
      el("span", { class: "quiet" }, `${number(used)} of ${count(uses, "use")}, ${until}${keeper ? ", for keepers" : ""}`), state === "good" && (mine || governs(room)) && end);
  };
  const uses = el("input", { type: "number", name: "uses", min: 1, max: 100_000, value: 1, required: true });
  const ends = el("select", { name: "ends" }, DAYS.map(([days, words]) => el("option", { value: days }, words)));
  const appoints = ["owner", "co-owner"].includes(room.standing.role);
  const keeper = el("input", { type: "checkbox", name: "keeper" });
  const form = el("form", { onsubmit: (event) => {
    event.preventDefault();
    const expires = ends.value ? { expires_ms: Date.now() + Number(ends.value) * DAY_MS } : {};
    attempt(async () => {
      const { ticket } = await call("POST", at(id, "/tickets"), { keeper: keeper.checked, uses: Number(uses.value), ...expires });
      made(ticket, keeper.checked
        ? "Above is a ticket for a keeper. On a machine that is always on: rumormill keeper TICKET. This node appoints it when both are online."
        : `Above is the new ticket, for ${count(Number(uses.value), "person", "people")}.`);
      await draw();
    });
  } }, el("div", { class: "row" }, el("label", {}, "People", uses), el("label", {}, "Time", ends), appoints && el("label", { class: "check" }, keeper, "For a keeper, which stores and serves the room and cannot read it"), el("button", {}, "Make a ticket")));
  await draw();
  return el("section", {}, el("h3", {}, "Another ticket"), form, failed, el("h3", {}, "Tickets of this room"), list);
}
