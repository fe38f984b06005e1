// Emoji: the frequent ones, and all others by name.

import { close, el, rows, show } from "./dom.js";
import { call } from "./api.js";
import { short } from "./words.js";

const SIGNS = ["👍", "❤️", "😂", "🎉", "😮", "😢", "👀", "✅"];
const SIGN_CHARS = 16;
const NAMED = /[\p{L}\p{N}]/u;

export const named = (words, limit = 24) => call("GET", "/v1/signs?" + new URLSearchParams({ q: words, limit })).then(({ signs }) => signs, () => []);

// Lets the person choose a sign; `take(sign)` gets it.
export function pick(title, take) {
  let found = [];
  let asked = Promise.resolve();
  const list = el("div", { class: "signs", role: "group", "aria-label": "Found" });
  const told = el("p", { class: "quiet", role: "status" });
  const set = (sign) => {
    close();
    take(sign);
  };
  const sign = (one, name) => el("button", { type: "button", title: name, "aria-label": name, onclick: () => set(one) }, one);
  const look = () => {
    const words = input.value.trim();
    asked = NAMED.test(words) ? named(words) : Promise.resolve([]);
    return asked.then((signs) => {
      if (words !== input.value.trim()) return;
      found = signs;
      rows(list, found.map(({ sign: one, name }) => ({ key: one, stamp: [one], make: () => sign(short(one, SIGN_CHARS), short(name, 60)) })));
      told.textContent = NAMED.test(words) && !found.length ? "No emoji is called so." : "";
    });
  };
  const input = el("input", { type: "search", "aria-label": "Find an emoji by name, or any other sign", placeholder: "Find by name, as party", autocomplete: "off", oninput: look });
  const picker = el("form", { class: "picker", onsubmit: async (event) => {
    event.preventDefault();
    const own = input.value.trim();
    await asked;
    if (NAMED.test(own) ? found.length : own) set(NAMED.test(own) ? found[0].sign : [...own].slice(0, SIGN_CHARS).join(""));
  } }, el("div", { class: "signs", role: "group", "aria-label": "Often taken" }, SIGNS.map((one, i) => el("button", { type: "button", "data-first": !i, onclick: () => set(one) }, one))),
    el("div", { class: "row" }, input, el("button", { class: "main" }, "Take it")), told, list);
  show(title, picker);
}
