// The rules of a closed room, and the newcomers whose words they hold.

import { ask as at, call, Failure } from "./api.js";
import { close, show, twoLines } from "./ask.js";
import { button, el, theirs } from "./dom.js";
import { mine } from "./governing.js";
import { short } from "./words.js";

const SLOW = [[0, "off"], [5, "5 seconds"], [30, "30 seconds"], [60, "a minute"], [300, "5 minutes"], [3600, "an hour"]];
const HELP = "Write slow SECONDS, slow off, newcomers held, newcomers shown, tickets members or tickets governors.";
const WORDS = { "newcomers held": { hold: true }, "newcomers shown": { hold: false }, "tickets members": { tickets: true }, "tickets governors": { tickets: false }, "slow off": { slow_s: 0 } };

const rules = (chat) => chat.room?.rules;
const sets = (chat) => ["owner", "co-owner"].includes(mine(chat.room));
const change = async (chat, body) => chat.rooms.set(chat.id, await call("PUT", at(chat.id, "/rules"), body));

// The rules as sentences.
export const ruled = ({ slow_s, hold, tickets }) => [
  slow_s ? `Slow mode: a member says one message in ${slow_s} s.` : "Slow mode is off.",
  hold ? "What newcomers say is held until somebody lets them through." : "What newcomers say is shown at once.",
  tickets ? "Members make tickets." : "Only the owner, co-owners and moderators make tickets.",
];

// Shows the rules; the owner and co-owners change them.
export function showRules(chat) {
  const now = rules(chat);
  if (!now) throw new Failure(409, "Everybody is equal in an open room: it has no rules", "Begin a closed room for that.");
  const held = now.hold && button("What is held", () => chat.try(() => showHeld(chat)));
  if (!sets(chat)) return show("Rules of this room", el("ul", {}, ruled(now).map((one) => el("li", {}, one))), el("div", { class: "row end" }, held));
  const failed = el("div", { role: "alert" });
  const waits = SLOW.some(([s]) => s === now.slow_s) ? SLOW : [...SLOW, [now.slow_s, `${now.slow_s} seconds`]];
  const slow = el("select", { name: "slow", "data-first": true }, waits.map(([s, words]) => el("option", { value: s, selected: s === now.slow_s }, words)));
  const hold = el("input", { type: "checkbox", name: "hold", checked: now.hold });
  const tickets = el("input", { type: "checkbox", name: "tickets", checked: now.tickets });
  const set = (event) => {
    event.preventDefault();
    return change(chat, { slow_s: Number(slow.value), hold: hold.checked, tickets: tickets.checked }).then(close, (failure) => failed.replaceChildren(...twoLines(failure)));
  };
  show("Rules of this room", el("form", { onsubmit: set },
    el("label", { class: "setting" }, "Time between two messages of a member", slow),
    el("label", { class: "setting check" }, hold, "Hold what newcomers say until somebody lets them through"),
    el("label", { class: "setting check" }, tickets, "Members may make tickets"), failed,
    el("p", { class: "quiet" }, "Everybody sees the change, and every program applies it to what is said from then on. The owner, co-owners and moderators are neither slowed nor held."),
    el("div", { class: "row end" }, held, el("button", { class: "main" }, "Set the rules"))));
}

// Shows the rules, or changes one by words.
export function rulesByWords(chat, said) {
  if (!said) return showRules(chat);
  const [, number, unit = "s"] = /^slow (\d{1,6})([smh])?$/.exec(said) ?? [];
  const body = number ? { slow_s: Number(number) * { s: 1, m: 60, h: 3600 }[unit] } : WORDS[said];
  if (!body) throw new Failure(400, "Which rule?", HELP);
  return change(chat, body);
}

// Lists the messages that are held.
export async function showHeld(chat) {
  const { messages } = await call("GET", at(chat.id, "/held"));
  const item = ({ author, nick, text }) => el("li", {}, theirs(chat.names.show(author, nick), { class: "nick" }), " ", theirs(short(text, 200)), " ",
    button("Let through", () => {
      close();
      return chat.try(() => letThrough(chat, author));
    }));
  show("Held", messages.length ? el("ul", { class: "list" }, messages.map(item)) : el("p", {}, "Nothing is held."));
}

// Shows to everybody what a newcomer says.
export const letThrough = (chat, who) => call("POST", at(chat.id, "/orders"), { does: "let-through", who });
