// The head of a room, dialogs, and what shows when there is nothing yet.

import { $, ask, button, close, el, show, table, theirs } from "./dom.js";
import { isOut, mine, nearby, showClosing, showRules, showTicket } from "./governing.js";
import { settings } from "./settings.js";
import { clock, count, iso, line, moment, nick, short } from "./words.js";

const TOPIC_CHARS = 400;
const CLOSED = "This room is closed: whoever comes by a ticket is let in.";
const PRIVATE = "This room is private: nobody is let in or removed, and each of you can leave.";
const OPEN = "This room is open: whoever gets the ticket can come, read and write, for ever.";
const SOUGHT = 5;
const ROUTES_CHARS = 120;

const KEYS = [
  ["Enter", "send; Shift+Enter or Alt+Enter begins a new line"],
  ["@ and Tab", "mention somebody"],
  ["/ and Tab", "complete a command"],
  [": and Tab", "complete the name of an emoji"],
  ["↑ in an empty line", "change what you said last"],
  ["Shift+↑ in an empty line", "go to the messages; ↑ ↓ Home End walk through them"],
  ["r, e, +, h, u, m, Delete", "on a message: reply, edit, react, who has it, unread from here, more, take it back"],
  ["Page Up, Page Down", "read further up or down"],
  ["Esc", "back to writing; closes panels"],
  ["Alt+1 … Alt+9, Alt+↑ ↓", "go to a room"],
  ["Alt+A", "go to the next room with something new"],
  ["F6", "go round: rooms, messages, writing, panel"],
  ["/ and ?", "outside of text: search, this list"],
];

export function screens(chat) {
  const attend = (what) => {
    close();
    chat.try(() => chat.attend(what));
  };
  const open = {
    create: () => {
      const open = el("input", { type: "checkbox", name: "open" });
      const more = el("label", { class: "setting check" }, open, "Open: anyone with the ticket comes in, for ever, and nobody can be removed. Otherwise the room is closed: whoever comes by a ticket is let in, and you can remove people and end tickets.");
      ask({ title: "New room", label: "What is it called?", more, yes: "Create it", run: (name) => chat.begin({ name, open: open.checked }) });
    },
    join: () => open.invited(""),
    invited: (value) => ask({
      title: "Join a room", text: "Whoever is in a room can give you its ticket.", label: "Ticket", value, yes: "Join", run: (ticket) => chat.begin({ ticket }),
      more: nearby((ticket) => chat.try(() => chat.begin({ ticket }))),
    }),
    settings,
    help: () => show("Keyboard and commands", table("Keys", KEYS), table("Commands", chat.writing.commands.map(({ word, rest, what }) => [`/${word} ${rest}`, what])), el("p", { class: "quiet" }, "A line that begins with // says / and the rest.")),
    rooms: () => toggleRooms(!$("app").classList.contains("with-rooms")),
    nick: () => ask({ title: "Your name here", label: "What are you called in this room?", value: line(chat.room.nick), yes: "Use it", run: (name) => chat.set(chat.id, "/nick", { nick: name }) }),
    topic: () => ask({ title: "Topic", label: "What is this room about?", value: line(chat.room.topic), yes: "Set it", run: (topic) => chat.set(chat.id, "/topic", { topic }) }),
    leave: () => ask({ title: "Leave this room?", text: "This node stops taking part and forgets the room. To come back you need a ticket.", yes: "Leave", run: () => chat.leave() }),
    more: () => show(short(chat.room.name, 60) || "This room",
      el("p", {}, "You are ", theirs(nick(chat.room.nick, chat.room.author), { class: "nick" }), ", author ", el("code", {}, chat.room.author.slice(0, 16)), "."),
      el("div", { class: "stack" }, button("Change my name", open.nick, true), button("Set the topic", open.topic),
        button(chat.room.muted ? "Unmute this room" : "Mute this room", () => attend("muted")),
        button(chat.room.pinned ? "Unpin this room" : "Pin this room to the top", () => attend("pinned")),
        (chat.room.rules || chat.room.display) && button(chat.room.rules ? "Rules of this room" : "What you see here", open.rules),
        chat.room.may_close && button("Close this room", open.closing),
        button("Leave this room", open.leave),
        chat.room.standing?.role === "owner" && el("p", { class: "quiet" }, "You are the owner. So that the room is not lost with this machine, write ", el("code", {}, "rumormill backup FILE"), " in a terminal, or link another machine with ", el("code", {}, "rumormill device add"), "."))),
    rules: () => chat.try(async () => showRules(chat)),
    closing: () => showClosing(chat),
    ticket: () => chat.try(() => showTicket(chat)),
  };
  document.addEventListener("click", (event) => {
    const { do: what, close: panel, side } = event.target.closest("[data-do], [data-close], [data-side]")?.dataset ?? {};
    if (what) open[what]();
    if (side) chat.side.show(chat.side.open === side ? null : side);
    if (panel) closePanel(panel);
  });
  function closePanel(which) {
    if (which === "rooms") return toggleRooms(false);
    chat.side.show(null);
    chat.composer.text.focus();
  }
  return { open, draw: (room) => draw(room, chat), closeRooms: () => toggleRooms(false), closePanel };
}

function toggleRooms(isOpen) {
  $("app").classList.toggle("with-rooms", isOpen);
  $("show-rooms").setAttribute("aria-expanded", String(isOpen));
  if (isOpen) $("rooms").querySelector("button").focus();
}

function draw(room, chat) {
  for (const id of ["tools", "banners", "log", "chips", "say"]) $(id).hidden = !room;
  const isEmpty = !room || shows(chat.visit) === "nothing";
  $("empty").hidden = !isEmpty;
  if (isEmpty) drawEmpty(room, chat.screens.open);
  if (isOut(room)) $("say").hidden = true;
  document.querySelector("#tools [data-do=ticket]").hidden = Boolean(room?.private);
  if (!room) return $("name").replaceChildren("Welcome"), $("topic").replaceChildren();
  $("name").replaceChildren(theirs(short(room.name, 60) || "room " + room.id.slice(0, 8)));
  $("topic").replaceChildren(theirs(short(room.topic, TOPIC_CHARS)));
  $("topic").title = line(room.topic);
  $("log").setAttribute("aria-label", `Messages in ${short(room.name, 60) || "this room"}`);
}

// What a visit shows so far; a page may still be loading.
function shows({ paging, timeline: { older, messages } }) {
  const isSaid = messages.some(({ kind }) => ["text", "file", "gone"].includes(kind));
  return paging || older || isSaid ? "something" : "nothing";
}

function drawEmpty(room, open) {
  const isNameless = room?.nick === room?.author.slice(0, 8);
  const key = room ? `quiet ${mine(room)} ${room.missing} ${isNameless} ${JSON.stringify(room.seeking)}` : "none";
  if ($("empty").dataset.shows === key) return;
  $("empty").dataset.shows = key;
  if (room?.seeking) return $("empty").replaceChildren(...seeking(room, open));
  $("empty").replaceChildren(...(room
    ? [el("h2", {}, room.missing ? "The messages are on their way" : "Nothing said yet"),
      el("p", {}, isOut(room) ? "" : room.missing ? "They appear here, newest first, as soon as a peer has sent them." : room.private ? `${PRIVATE} Write the first line below.` : `${room.standing ? CLOSED : OPEN} Write the first line below, or let somebody in.`),
      el("div", { class: "row" }, isNameless && button("Choose my name", open.nick, true), isOut(room) ? button("Try another ticket", open.join) : !room.private && button("Show the ticket", open.ticket))]
    : [el("h2", {}, "No room here yet"),
      el("p", {}, "Begin one and give its ticket to others, or paste a ticket that somebody gave you."),
      el("div", { class: "row" }, button("New room", open.create, true), button("Join with a ticket", open.join))]));
}

// A room of which nothing has arrived: whom it looks for, how, and what the person can do.
function seeking({ seeking: { since_ms, lan, peers }, peers: linked, standing }, open) {
  const item = ({ peer, routes, tries, why }) => el("li", {}, el("code", {}, line(peer).slice(0, 8)), " at ", theirs(short(routes.join(", "), ROUTES_CHARS) || "an address that the ticket does not tell"),
    el("span", { class: "quiet" }, tries ? `: dialled ${count(tries, "time")}, in vain` : ": being dialled", tries && why && " (", tries && why && theirs(short(why, 120)), tries && why && ")"));
  return [
    el("h2", {}, linked.length ? "Connected, and nothing has come yet" : "Looking for the others"),
    el("p", {}, "Nothing of this room is here so far. Looking since ", el("time", { datetime: iso(since_ms), title: moment(since_ms) }, clock(since_ms)), lan ? ", on this network and" : ",", " at the addresses in the ticket", peers.length ? ":" : ", which has none."),
    peers.length > 0 && el("ul", { class: "sought" }, peers.slice(0, SOUGHT).map(item)),
    el("p", {}, "Somebody who is in the room has to run Rumormill at the same time. Ask them to open it, to join the same network, or for a new ticket. It goes on looking by itself.", standing?.role !== "waiting" && " What you write is sent as soon as somebody comes."),
    el("div", { class: "row" }, button("Try another ticket", open.join, true), button("Leave this room", open.leave)),
  ].filter(Boolean);
}
