// Actions on the messages of the open room, in the log and in the panel.

import { $, ask, button, close, el, show } from "./dom.js";
import { about, call } from "./api.js";
import { save } from "./files.js";
import { hiding, letThrough, reporting } from "./governing.js";
import { permalink } from "./marked.js";
import { showPerson } from "./person.js";
import { pick } from "./picker.js";
import { moment } from "./words.js";

const SEARCH = 50;

export function messageActs(chat) {
  // The answer is not shown: it may be older than the newest event.
  const react = (message, sign, on) => {
    const path = about(chat.id, message.ref, "/reactions/" + encodeURIComponent(sign));
    chat.try(() => call(on ? "PUT" : "DELETE", path));
  };
  // Fetches the file of a message, or stops fetching it; events report the progress.
  const askFor = (method, message) => chat.try(() => call(method, chat.visit.fileAt(message)));
  const acts = {
    react,
    older: () => chat.visit.older(),
    jump: (ref) => chat.visit.jump(ref),
    unfold: (ref) => {
      if (!chat.log.opened.delete(ref)) chat.log.opened.add(ref);
      chat.drawNow();
    },
    reply: (message) => chat.composer.reply(message),
    edit: (message) => chat.composer.edit(message),
    // Whether it was said on this machine, which alone can change it.
    wrote: ({ mine, device }) => mine && device === chat.room.device,
    pick: (message) =>
      pick("React", (sign) => {
        const mine = message.reactions.find((reaction) => reaction.sign === sign)?.mine;
        react(message, sign, !mine);
      }),
    takeBack: (message) => takeBack(chat.id, message),
    more: (message) => more(acts, message, { hide: hiding(chat, message), report: reporting(chat, message), through: message.held && !message.mine && (() => chat.try(() => letThrough(chat, message.author))) }),
    unread: (message) => chat.try(() => chat.visit.markUnread(message)),
    copyLink: (message) => copyLink(chat.id, message),
    go: (to) => chat.go(to),
    tools: (ref) => {
      const message = chat.visit.timeline.find(ref);
      return message && chat.log.tools(message, " hover");
    },
    path: (message) => chat.visit.fileAt(message),
    save: (message) => chat.try(() => save(chat.visit.fileAt(message), message.file.name)),
    get: (message) => askFor("POST", message),
    giveUp: (message) => askFor("DELETE", message),
    holders: (message) => {
      chat.log.selected = message.ref;
      chat.side.show("network");
      chat.visit.readHolders();
      chat.drawNow();
    },
  };
  return acts;
}

function takeBack(room, message) {
  const path = about(room, message.ref);
  const text = "Rumormill asks every node to forget what this message says. Whoever has read it has read it.";
  ask({ title: "Take this back?", text, yes: "Take it back", run: () => call("DELETE", path) });
}

function more(acts, message, { hide, report, through }) {
  const choice = (words, run, ...look) =>
    button(
      words,
      () => {
        close();
        return run(message);
      },
      ...look,
    );
  show(
    "This message",
    el("p", { class: "quiet" }, moment(message.time_ms)),
    el(
      "div",
      { class: "stack" },
      choice("Mark as unread from here", acts.unread, false, true),
      choice("Copy a link to it", acts.copyLink),
      choice("Who has it", acts.holders),
      through && choice("Let its author through", through),
      report && choice("Report it to the moderators", report),
      hide && choice("Hide it for everybody", hide),
    ),
  );
}

async function copyLink(room, { ref }) {
  const address = permalink(room, ref);
  const done = await navigator.clipboard.writeText(address).then(
    () => true,
    () => false,
  );
  if (done) $("spoken").textContent = "The link is copied.";
  else show("Link to this message", el("p", {}, el("code", {}, address)));
}

export function sideActs(chat) {
  return {
    get names() {
      return chat.names;
    },
    people: () => chat.people.values(),
    search: async (q) => {
      const found = await chat.try(() => chat.visit.read({ q, limit: SEARCH }));
      return found?.messages.filter(({ hidden }) => !hidden);
    },
    jump: (message) => chat.visit.jump(message),
    day: (ms) => chat.visit.toDay(ms),
    person: ({ author }) => chat.try(() => showPerson(chat, author)),
    opened: (which) => {
      chat.visit?.readHolders();
      chat.drawNow();
      (which === "search" ? chat.side.words : $("side-body")).focus();
    },
  };
}
