// Closed rooms: what you may do there with a person or a message, where you stand, the room's rules and held words, reports,
// closing an open room, tickets, and rooms that need none because they are announced on this network.

import { $, ask, button, close, el, rows, show, theirs, twoLines } from "./dom.js";
import { ask as at, call, Failure, fetched } from "./api.js";
import { count, line, moment, number, short, size } from "./words.js";

const RANKS = { owner: 0, "co-owner": 1, moderator: 2, keeper: 2, member: 3 };
const MEANS = {
  "co-owner": "may do everything, but only to people of lower rank",
  moderator: "may let people in, remove members, end tickets and hide what members said",
};
const OUT = ["removed", "refused"];

const rank = (role) => RANKS[role] ?? 4;
export const mine = (room) => room?.standing?.role;
const governs = (room) => ["owner", "co-owner", "moderator"].includes(mine(room));
const appoints = (room) => rank(mine(room)) <= 1;

// Whether nobody hears you in a room.
export const isOut = (room) => OUT.includes(mine(room));

// Where you stand, and what you can do about it; empty if you are in.
export function standing(room) {
  if (!room.standing?.says) return "";
  const then = room.standing.role === "removed" ? ". What is here stays for you to read. Ask to be let in again, or leave the room and join it with a new ticket." : ".";
  return room.standing.says + then;
}

// What of yours a keeper holds. One that dropped messages holds all entries, some without their words.
const holds = ({ here, lacks, stock }) => {
  const yours = !here ? "" : lacks === 0 ? ", holds all your entries" : lacks ? `, lacks ${lacks} of yours` : "";
  return yours + (stock?.full ? ", full" : "");
};
// How much a keeper stores, how much it may, and what to do if that is not enough.
export function stored({ message_bytes, message_limit, since_ms, file_bytes, file_limit, files_left_out, full }) {
  const of = (bytes, limit) => (limit === null ? size(bytes) : `${size(bytes)} of ${size(limit)}`);
  const since = since_ms ? `, none from before ${moment(since_ms)}` : "";
  const out = files_left_out ? `, ${count(files_left_out, "file")} left out` : "";
  const then = full ? ". It is full and drops the oldest, which members still have: whoever runs it gives it more space with rumormill keeper --quota SIZE, or make a ticket for another keeper." : "";
  return `messages ${of(message_bytes, message_limit)}${since}; files ${of(file_bytes, file_limit)}${out}${then}`;
}
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

export const stepDown = (chat) => chat.try(() => give(chat, { does: "step-down" }, "Give up my role", "Only another owner or co-owner can give it back; without one nobody can."));

// Hides a message for everybody, if you may.
export function hiding(chat, message) {
  const { role } = chat.people.get(message.author) ?? {};
  if (message.mine || !governs(chat.room) || rank(mine(chat.room)) >= rank(role ?? "member")) return null;
  return () => chat.try(() => give(chat, { does: "hide", message: message.ref }, "Hide this message", "Nobody in the room sees it any more, and everybody sees that you hid it."));
}

// Shows who stays when an open room is closed and what else that means, and closes it if the founder still wants that.
export const showClosing = (chat) => chat.try(async () => {
  const { people } = await call("GET", at(chat.id, "/people"));
  const says = el("ul", { class: "ends", "aria-live": "polite" });
  const others = people.filter(({ me, last_ms }) => !me && last_ms);
  const stays = others.map(() => el("input", { type: "checkbox", checked: true }));
  const body = () => ({ does: "close", without: others.filter((_, i) => !stays[i].checked).map(({ author }) => author) });
  // The last choice counts, however the answers come.
  let asked = 0;
  const foresee = async () => {
    const last = (asked += 1);
    const foreseen = await order(chat, body(), "/foreseen");
    if (last === asked) says.replaceChildren(...foreseen.says.map((one) => el("li", {}, theirs(line(one)))));
  };
  await foresee();
  const choice = others.length > 0 && el("fieldset", { onchange: () => chat.try(foresee) }, el("legend", {}, "Who stays"),
    others.map((who, i) => el("label", { class: "check" }, stays[i], theirs(name(chat, who)))));
  ask({ title: "Close this room?", text: "Then you govern it: you say who is in, and can remove people and end tickets.", more: [choice, says], yes: "Close it for good", run: async () => {
    await order(chat, body());
    chat.notice({ room: chat.id, code: "closed", text: "You closed this room. Its old ticket lets nobody in any more: “Ticket” shows the new one." });
    await chat.visit?.readPeople();
  } });
});

// The rules of a closed room, and the newcomers whose words they hold.

const SLOW = [[0, "off"], [5, "5 seconds"], [30, "30 seconds"], [60, "a minute"], [300, "5 minutes"], [3600, "an hour"]];
const HELP = "Write slow SECONDS, slow off, newcomers held, newcomers shown, tickets members or tickets governors.";
const WORDS = { "newcomers held": { hold: true }, "newcomers shown": { hold: false }, "tickets members": { tickets: true }, "tickets governors": { tickets: false }, "slow off": { slow_s: 0 } };

const change = (chat, body) => chat.set(chat.id, "/rules", body);

// The rules as sentences.
const ruled = ({ slow_s, hold, tickets }) => [
  slow_s ? `Slow mode: a member says one message in ${slow_s} s.` : "Slow mode is off.",
  hold ? "What newcomers say is held until somebody lets them through." : "What newcomers say is shown at once.",
  tickets ? "Members make tickets." : "Only the owner, co-owners and moderators make tickets.",
];

// Shows the rules; the owner and co-owners change them.
export function showRules(chat) {
  const now = chat.room?.rules;
  if (chat.room?.display) return showDisplay(chat);
  if (!now) throw new Failure(409, "Nobody sets rules in a private room", "Begin a closed room for that.");
  const held = now.hold && button("What is held", () => chat.try(() => showHeld(chat)));
  if (!appoints(chat.room)) return show("Rules of this room", el("ul", {}, ruled(now).map((one) => el("li", {}, one))), el("div", { class: "row end" }, held));
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

// What you hold back in an open room, which has no rules.
function showDisplay(chat) {
  const { hold, flood } = chat.room.display;
  const newcomers = el("input", { type: "checkbox", name: "hold", checked: hold, "data-first": true });
  const most = el("input", { type: "number", name: "flood", min: 0, max: 60, value: flood });
  ask({ title: "What you see here", yes: "Set it", run: () => chat.set(chat.id, "/display", { hold: newcomers.checked, flood: Number(most.value) }), more: [
    el("label", { class: "setting check" }, newcomers, "Hold back what newcomers say until somebody known answers or reacts"),
    el("label", { class: "setting" }, "Messages of one person a minute that you see; 0 for all", most),
    el("p", { class: "quiet" }, "Everybody is equal in an open room: this is for you alone, and nobody learns of it."),
    button("What is held", () => chat.try(() => showHeld(chat))),
  ] });
}

// Shows the rules, or changes one by words.
export function rulesByWords(chat, said) {
  if (!said) return showRules(chat);
  if (chat.room?.display) {
    const [, flood] = /^flood (\d{1,2}|off)$/.exec(said) ?? [];
    const seen = flood ? { flood: Number(flood) || 0 } : said.startsWith("newcomers") && WORDS[said];
    if (!seen) throw new Failure(400, "Which rule?", "Write newcomers held, newcomers shown, flood NUMBER or flood off.");
    return chat.set(chat.id, "/display", seen);
  }
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
export const letThrough = (chat, who) => order(chat, { does: "let-through", who });

// Reports of messages to those who govern a closed room.

// Reports a message, if there is anybody to report it to.
export function reporting(chat, message) {
  if (message.mine || !chat.room?.standing || chat.room.private || governs(chat.room)) return null;
  const words = el("input", { name: "words", maxlength: 200, autocomplete: "off" });
  return () => ask({
    title: "Report this message?", yes: "Report it",
    text: "The owner, co-owners and moderators who are connected are told by you; if none is, the report waits until one comes. Nobody else learns of it.",
    more: el("label", { class: "setting" }, "Why, if you like", words),
    run: async () => {
      const { told } = await call("POST", at(chat.id, "/reports"), { message: message.ref, words: words.value });
      $("spoken").textContent = told ? `Reported to ${count(told, "person", "people")}.` : "The report waits until somebody who governs this room is connected.";
    },
  });
}

// Lists what was reported to you.
export async function showReports(chat) {
  const { reports } = await call("GET", at(chat.id, "/reports"));
  const item = ({ by, author, message, text, words, time_ms }) => el("li", {},
    el("span", {}, theirs(chat.names.show(by.author, by.nick), { class: "nick" }), " reports ", theirs(chat.names.show(author.author, author.nick), { class: "nick" }), ": ", theirs(short(text, 200))),
    words && el("span", { class: "quiet" }, theirs(short(words, 200))), el("span", { class: "quiet" }, moment(time_ms)),
    button("Go there", () => {
      close();
      return chat.visit.jump(message);
    }),
    button("Done", () => chat.try(async () => {
      await call("DELETE", at(chat.id, `/reports/${message}`));
      await showReports(chat);
    })));
  show("Reported to you", reports.length ? el("ul", { class: "list" }, reports.map(item)) : el("p", {}, "Nobody has reported anything to you here."));
}

// Tickets: one to hand over, and in a closed room all of them.

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
  } }, el("div", { class: "row" }, el("label", {}, "People", uses), el("label", {}, "Time", ends), appoints(room) && el("label", { class: "check" }, keeper, "For a keeper, which stores and serves the room and cannot read it"), el("button", {}, "Make a ticket")));
  await draw();
  return el("section", {}, el("h3", {}, "Another ticket"), form, failed, el("h3", {}, "Tickets of this room"), list);
}

const LOOK_MS = 3200;

// The rooms announced on this network; `enter` gets the ticket of the chosen one.
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
