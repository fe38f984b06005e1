// Settings of this page, kept in this browser; the theme; notifications.

import { button, el, show, twoLines } from "./dom.js";
import { drop, dropAll, Failure, keep, kept, signOut } from "./api.js";
import { Names } from "./names.js";
import { line, short } from "./words.js";

const NOTIFIED_CHARS = 160;

// Each setting: its title, and its values with their titles; the first is the default.
const SETTINGS = {
  theme: ["Colours", { auto: "as the system has them", light: "light", dark: "dark" }],
  notify: ["Notify me", { none: "never", mentions: "when somebody names me", all: "of every message" }],
  typing: ["Tell and show who is writing", { on: "yes", off: "no" }],
};

export function value(name) {
  const chosen = kept(name);
  const values = SETTINGS[name][1];
  return Object.hasOwn(values, chosen) ? chosen : Object.keys(values)[0];
}

// Changes a setting. Browsers grant notifications only on a click or a key.
async function set(name, chosen) {
  if (name === "notify" && chosen !== "none" && (await globalThis.Notification?.requestPermission()) !== "granted")
    throw new Failure(403, "This browser does not let the page notify you", "Allow notifications for this address in the browser, then choose again.");
  keep(name, chosen);
  applyTheme();
}

export function applyTheme() {
  const theme = value("theme");
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
}

export function settings() {
  const failed = el("div", { role: "alert" });
  const choose = async ({ target }) => {
    failed.replaceChildren();
    await set(target.name, target.value).catch((failure) => failed.replaceChildren(...twoLines(failure)));
    target.value = value(target.name);
  };
  // The next user of this browser finds nothing that was read here.
  const leave = () => signOut().then(() => {
    drop("room");
    dropAll("draft ");
    location.reload();
  }, (failure) => failed.replaceChildren(...twoLines(failure)));
  show("Settings", ...Object.entries(SETTINGS).map(([name, [what, values]], i) =>
    el("label", { class: "setting" }, what, el("select", { name, onchange: choose, "data-first": !i }, Object.entries(values).map(([word, words]) => el("option", { value: word, selected: word === value(name) }, words))))), failed,
    el("div", { class: "row" }, button("Sign out of this browser", leave), el("span", { class: "quiet" }, "Rumormill goes on; a link from rumormill serve leads back.")));
}

export function setByWords(said) {
  const [name, chosen = ""] = said.split(/\s+/);
  const values = Object.keys(SETTINGS[name]?.[1] ?? {});
  if (!values.includes(chosen))
    throw new Failure(400, values.length ? `${name} is one of ${values.join(", ")}` : `There is no setting “${line(name)}”`, "Write /set to see them all.");
  return set(name, chosen);
}

export const words = () => Object.entries(SETTINGS).flatMap(([name, [what, values]]) => Object.keys(values).map((word) => [`${name} ${word}`, what]));

// Notifies of a message, unless somebody looks at it.
export function notify(chat, { room, message, arrival }) {
  if (chat.rooms.get(room)?.muted) return;
  const isReply = message.reply_to?.ref.startsWith(chat.rooms.get(room)?.author + ".");
  const worth = { mentions: message.names_me || isReply, all: message.kind === "text" }[value("notify")];
  const isSeen = room === chat.id && chat.visit.stuck && document.hasFocus();
  if (!worth || isSeen || message.mine || message.hidden || arrival !== "end" || globalThis.Notification?.permission !== "granted") return;
  // The names of a room that is not open are unknown.
  const names = room === chat.id ? chat.names : new Names();
  const said = `${names.show(message.author, message.nick)}: ${short(message.text, NOTIFIED_CHARS)}`;
  const told = new Notification(short(chat.rooms.get(room)?.name ?? "", 60) || "Rumormill", { body: said, tag: room });
  told.onclick = () => {
    focus();
    told.close();
    if (room !== chat.id) chat.enter(room);
  };
}
