// The commands, which begin with a slash: each with its help and what it does.

import { el, show } from "./dom.js";
import { Failure } from "./api.js";
import { dismiss, letThrough, make, remove, rulesByWords, showHeld, showReports, stepDown } from "./governing.js";
import { meant, message, setHidden, showKeepers, showPerson, showSafety } from "./person.js";
import { setByWords, settings, words } from "./settings.js";
import { dayBegin } from "./side.js";
import { line } from "./words.js";

const usage = (what, help) => {
  throw new Failure(400, what, help);
};

export function commands(chat) {
  const { open } = chat.screens;
  const orAsk = (run, otherwise) => (rest) => (rest ? run(rest) : otherwise());
  const needed = (name) => name || usage("Whom do you mean?", "Write a name behind it; Tab completes names.");
  return [
    ["help", "", "keys and commands", open.help],
    ["me", "text", "say what you do", () => usage("What do you do?", "Write it behind /me.")],
    ["nick", "name", "be called so", orAsk((name) => chat.set(chat.id, "/nick", { nick: name }), open.nick)],
    ["topic", "text", "set the topic", orAsk((topic) => chat.set(chat.id, "/topic", { topic }), open.topic)],
    ["names", "", "who is here", () => chat.side.show("people")],
    ["keepers", "", "the keepers of this room, and what each stores", () => chat.try(() => showKeepers(chat))],
    ["whois", "name", "who that is", (name) => showPerson(chat, needed(name))],
    ["verify", "name", "compare your safety number with theirs", async (name) => showSafety(chat, await meant(chat, needed(name)))],
    ["hide", "name", "do not show what they say, or show it again", async (name) => {
      const { author, hidden } = await meant(chat, needed(name));
      return setHidden(chat, author, !hidden);
    }],
    ["msg", "name text", "talk privately; name,name text: as a group", (said) => {
      const [, names, text] = /^((?:"[^"]*"|[^\s,]+)(?:,\s*(?:"[^"]*"|[^\s,]+))*)\s*([^]*)$/.exec(needed(said)) ?? usage("Whom do you mean?", "Write /msg name text.");
      return message(chat, names.match(/"[^"]*"|[^\s,]+/g).map((name) => name.replaceAll('"', "")), text);
    }],
    ["kick", "name", "remove somebody from a closed room", async (name) => remove(chat, await meant(chat, needed(name)))],
    ["appoint", "name", "make somebody a moderator; name co-owner: more", async (said) => {
      const [, name, role = "moderator"] = /^(.*?)(?: (co-owner|moderator))?$/.exec(needed(said));
      return make(chat, await meant(chat, name), role);
    }],
    ["dismiss", "name", "end the role of somebody", async (name) => dismiss(chat, await meant(chat, needed(name)))],
    ["step-down", "", "give up your own role", () => stepDown(chat)],
    ["close", "", "close an open room that you founded", open.closing],
    ["rules", "slow 30", "the rules here, in an open room your own", (said) => rulesByWords(chat, said)],
    ["held", "", "what newcomers said that is held", () => showHeld(chat)],
    ["through", "name", "show what a newcomer says, which is held", async (name) => letThrough(chat, (await meant(chat, needed(name))).author)],
    ["reports", "", "what was reported to you", () => showReports(chat)],
    ["search", "words", "look for messages", (sought) => {
      chat.side.show("search");
      return sought && chat.side.search(sought);
    }],
    ["day", "2026-05-31", "go to what was said on a day", (day) => {
      const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? dayBegin(day) : NaN;
      return Number.isNaN(ms) ? usage("Which day do you mean?", "Write it as /day 2026-05-31.") : chat.visit.toDay(ms);
    }],
    ["seen", "", "who has my last message", () => {
      const own = chat.visit.timeline.messages.findLast(({ mine, kind }) => mine && kind === "text");
      if (own) chat.log.act.holders(own);
      else usage("You have said nothing here lately", "Say something first.");
    }],
    ["file", "", "send files", () => chat.writing.chooseFiles()],
    ["get", "", "get the last file offered", () => {
      const offer = chat.visit.timeline.messages.findLast(({ file }) => file?.state === "absent" || file?.state === "waiting");
      return offer ? chat.log.act.get(offer) : usage("No file waits here to be fetched", "Save one that is here with the link below it.");
    }],
    ["peers", "", "the network", () => chat.side.show("network")],
    ["ticket", "", "let somebody in", open.ticket],
    ["qr", "", "the ticket for a telephone's camera", open.ticket],
    ["digest", "", "do we hold the same?", () => show("Digest of the room", el("p", {}, el("code", {}, chat.room.digest)), el("p", { class: "quiet" }, "Two people who see the same digest hold the same entries."))],
    ["set", "name value", "settings", orAsk((set) => setByWords(set), settings)],
    ["new", "name", "begin a closed room; name --open: an open one", orAsk((said) => {
      const [, name, isOpen] = /^(.*?)(\s+--open)?$/.exec(said);
      return chat.begin({ name, open: Boolean(isOpen) });
    }, open.create)],
    ["join", "ticket", "enter a room, or go to one", orAsk((ticket) => {
      const [one, ...others] = named([...chat.rooms.values()], ticket);
      if (others.length) usage(`Several rooms here are called “${line(ticket)}”`, `Write the id of one: ${[one, ...others].map(({ id }) => id.slice(0, 8)).join(", ")}.`);
      return one ? chat.enter(one.id) : chat.begin({ ticket });
    }, open.join)],
    ["mute", "", "make no sound or notification for this room, or make them again", () => chat.attend("muted")],
    ["pin", "", "list this room first, or no longer", () => chat.attend("pinned")],
    ["leave", "", "leave this room", open.leave],
  ].map(([word, rest, what, run]) => ({ word, rest, what, run }));
}

// The rooms that a word names: by id, by name, or by the beginning of the id.
function named(rooms, word) {
  const low = word.toLowerCase();
  const is = [({ id }) => id === low, ({ name }) => line(name).toLowerCase() === low, ({ id }) => low.length >= 4 && id.startsWith(low)];
  return is.map((test) => rooms.filter(test)).find((found) => found.length) ?? [];
}

// Completions of a command's argument, each with an explanation.
export function fitting(chat, word, rest) {
  const begins = (text) => text.toLowerCase().startsWith(rest.toLowerCase());
  const people = () => [...chat.people.values()].filter(({ me }) => !me || word === "whois").map(({ author, hidden }) => [chat.names.show(author), hidden ? "hidden" : ""]);
  const found = { whois: people, verify: people, hide: people, msg: people, kick: people, appoint: people, dismiss: people, through: people, set: words, join: () => [...chat.rooms.values()].map(({ name }) => [line(name), "room"]) }[word]?.() ?? [];
  return found.filter(([text]) => text && text !== rest && begins(text));
}
