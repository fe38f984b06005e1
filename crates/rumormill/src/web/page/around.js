// The list of rooms, the title, notices, and the chips that lead to messages out of sight.

import { $, el, rows, theirs } from "./dom.js";
import { ask as at, call } from "./api.js";
import { standing } from "./governing.js";
import { clock, count, line, number, short } from "./words.js";

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
  if (room.seeking && $("empty").hidden) list.push({ code: "seeking", text: `Nobody of this room was found so far, looking since ${clock(room.seeking.since_ms)}. Somebody in it has to run Rumormill at the same time; what you write is sent then.` });
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
