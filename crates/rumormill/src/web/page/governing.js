// Closed rooms: what you may do there with a person or a message, and where you stand.

import { ask as at, call } from "./api.js";
import { ask } from "./ask.js";
import { button, el, theirs } from "./dom.js";
import { line } from "./words.js";

const RANKS = { owner: 0, "co-owner": 1, moderator: 2, keeper: 2, member: 3 };
const MEANS = {
  "co-owner": "may do everything, but only to people of lower rank",
  moderator: "may let people in, remove members, end tickets and hide what members said",
};
const OUT = ["removed", "refused"];

const rank = (role) => RANKS[role] ?? 4;
export const mine = (room) => room?.standing?.role;
export const governs = (room) => ["owner", "co-owner", "moderator"].includes(mine(room));
const appoints = (room) => rank(mine(room)) <= 1;

// Whether nobody hears you in a room.
export const isOut = (room) => OUT.includes(mine(room));

// Where you stand, and what you can do about it; empty if you are in.
export function standing(room) {
  if (!room.standing?.says) return "";
  const then = room.standing.role === "removed" ? ". What is here stays for you to read. Ask to be let in again, or leave the room and join it with a new ticket." : ".";
  return room.standing.says + then;
}

// What of yours a keeper holds.
const holds = ({ here, lacks }) => (!here ? "" : lacks === 0 ? ", holds all that you wrote" : lacks ? `, lacks ${lacks} of yours` : "");
// The role beside a name; a plain member has none to show.
export const roleWord = ({ role, ...rest }) => (!role || role === "member" ? "" : role === "waiting" ? "waits to be let in" : role === "keeper" ? `keeper${holds(rest)}` : role);

// Whether what you do to this person counts. Of two co-owners the node knows who comes first.
async function outranks(chat, { author, role }) {
  if (rank(mine(chat.room)) !== 1 || role !== "co-owner") return rank(mine(chat.room)) < rank(role);
  return order(chat, { does: "dismiss", who: author }, "/foreseen").then(() => true, () => false);
}

// Buttons for what you may do with a person.
export async function governing(chat, who) {
  const { room } = chat;
  const isMember = rank(who.role) <= 3;
  if (!room.standing || !who.role || !governs(room)) return null;
  if (who.me) return button("Give up my role", () => stepDown(chat));
  if (!isMember) return button("Let in", () => give(chat, { does: "admit", who: who.author }, "Let in", `${name(chat, who)} can read and write here.`));
  if (!(await outranks(chat, who))) return null;
  const appoint = (role) => appoints(room) && who.role !== role && !["co-owner", "keeper"].includes(who.role) && button(`Make ${role}`, () => make(chat, who, role));
  return el("div", { class: "row", role: "group", "aria-label": "In this room" },
    appoint("moderator"), appoint("co-owner"),
    appoints(room) && who.role !== "member" && button("End the role", () => dismiss(chat, who)),
    button("Remove", () => remove(chat, who)));
}

const name = (chat, { author, nick }) => chat.names.show(author, nick);

const order = (chat, body, to = "/orders") => call("POST", at(chat.id, to), body);

// Asks for a yes, and shows what else would end, which the node knows.
async function give(chat, body, yes, text, more) {
  const { says } = ["remove", "dismiss", "step-down"].includes(body.does) ? await order(chat, body, "/foreseen") : { says: [] };
  const list = el("ul", { class: "ends" }, says.map((one) => el("li", {}, theirs(line(one)))));
  const { id } = chat;
  const run = async () => {
    await call("POST", at(id, "/orders"), { ...body, ...more?.() });
    await chat.visit?.readPeople();
  };
  ask({ title: `${yes}?`, text, more: [says.length > 0 && list, more?.node], yes, run });
}

export const make = (chat, who, role) => chat.try(() => give(chat, { does: "appoint", who: who.author, role }, `Make ${role}`, `As ${role}, ${name(chat, who)} ${MEANS[role]}.`));

export const dismiss = (chat, who) => chat.try(() => give(chat, { does: "dismiss", who: who.author }, "End the role", `${name(chat, who)} stays in the room.`));

export function remove(chat, who) {
  const box = el("input", { type: "checkbox", name: "hide" });
  const more = Object.assign(() => ({ hide: box.checked }), { node: el("label", { class: "setting check" }, box, "Take back what they said, too") });
  return chat.try(() => give(chat, { does: "remove", who: who.author }, "Remove", `${name(chat, who)} reads nothing that is said from then on, and keeps what they have.`, more));
}

export const stepDown = (chat) => chat.try(() => give(chat, { does: "step-down" }, "Give up my role", "Only others can give it back."));

// Hides a message for everybody, if you may.
export function hiding(chat, message) {
  const { role } = chat.people.get(message.author) ?? {};
  if (message.mine || !governs(chat.room) || rank(mine(chat.room)) >= rank(role ?? "member")) return null;
  return () => chat.try(() => give(chat, { does: "hide", message: message.ref }, "Hide this message", "Nobody in the room sees it any more, and everybody sees that you hid it."));
}
