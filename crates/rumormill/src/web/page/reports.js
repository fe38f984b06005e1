// Reports of messages to those who govern a closed room.

import { ask as at, call } from "./api.js";
import { ask, close, show } from "./ask.js";
import { $, button, el, theirs } from "./dom.js";
import { governs } from "./governing.js";
import { count, moment, short } from "./words.js";

// Reports a message, if there is anybody to report it to.
export function reporting(chat, message) {
  if (message.mine || !chat.room?.standing || governs(chat.room)) return null;
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
