// Keys outside the input.

import { $ } from "./dom.js";

const AREAS = ["room-list", "log", "text", "side-body"];

export function keys(chat) {
  document.addEventListener("keydown", (event) => {
    if ($("app").hidden || $("ask").open || event.isComposing || event.ctrlKey || event.metaKey) return;
    const inText = event.target.matches("input, textarea");
    const run = event.altKey ? withAlt(chat, event.code) : always(chat, event) ?? (inText ? null : outside(chat, event));
    if (!run) return;
    event.preventDefault();
    run();
  });
}

function withAlt(chat, code) {
  const rooms = [...chat.rooms.values()];
  const here = rooms.findIndex(({ id }) => id === chat.id);
  const digit = /^Digit([1-9])$/.exec(code)?.[1];
  const next = digit ? rooms[digit - 1]
    : code === "ArrowUp" ? rooms.at(here - 1)
    : code === "ArrowDown" ? rooms[(here + 1) % rooms.length]
    : code === "KeyA" ? rooms.toSorted((a, b) => b.mentions - a.mentions).find(({ id, unread }) => unread && id !== chat.id)
    : null;
  return next && (() => chat.enter(next.id));
}

function always(chat, { key, target, shiftKey }) {
  if (key === "F6") return () => around(shiftKey ? -1 : 1);
  if (key !== "Escape") return null;
  if ($("rooms").contains(target)) return () => (chat.screens.closeRooms(), chat.composer.text.focus());
  if ($("side").contains(target)) return () => chat.screens.closePanel("side");
  if (target !== chat.composer.text) return () => (chat.visit?.select(null), chat.composer.text.focus());
  return chat.side.open && (() => chat.screens.closePanel("side"));
}

// Moves to the next visible area.
function around(way) {
  const shown = AREAS.map($).filter((node) => node.checkVisibility());
  const now = shown.findIndex((node) => node.contains(document.activeElement));
  const next = shown[(now + way + shown.length) % shown.length];
  (next?.id === "room-list" ? next.querySelector("[aria-current], button") : next)?.focus();
}

function outside(chat, event) {
  const { key } = event;
  if (key === "?") return chat.screens.open.help;
  if (!chat.room) return null;
  if (key === "/") return () => chat.side.show("search");
  if (!$("log").contains(event.target)) return null;
  return onMessage(chat, event) ?? walk(chat, event);
}

function onMessage({ log, visit }, { key, target }) {
  const message = log.selected && visit.timeline.find(log.selected);
  if (!["text", "file"].includes(message?.kind) || target.closest("button, a")) return null;
  const { act } = log;
  const own = act.wrote(message) && { Delete: () => act.takeBack(message), ...(message.kind === "text" && { e: () => act.edit(message) }) };
  const all = { r: () => act.reply(message), "+": () => act.pick(message), h: () => act.holders(message), u: () => act.unread(message), m: () => act.more(message) };
  return { ...all, ...own }[key];
}

function walk({ visit, log, composer }, { key, target }) {
  const { timeline } = visit;
  const messages = timeline.visible;
  const now = messages.findIndex(({ ref }) => ref === log.selected);
  const last = messages.length - 1;
  const to = { ArrowUp: now < 0 ? last : now - 1, ArrowDown: now < 0 ? last : now + 1, Home: 0, End: last }[key];
  if (to === undefined || last < 0 || target.closest(".tools")) return null;
  if (to > last) return timeline.newer ? () => visit.newer() : () => composer.text.focus();
  const select = (at) => visit.isOpen && visit.select(timeline.visible.at(at).ref);
  if (key === "End" && timeline.newer) return async () => (await visit.newest(), select(-1));
  return async () => {
    if (to > 0 || !timeline.older) return select(Math.max(to, 0));
    const { ref } = messages[0];
    await visit.older();
    const above = timeline.visible.findIndex((message) => message.ref === ref) - 1;
    select(key === "ArrowUp" ? Math.max(above, 0) : 0);
  };
}
