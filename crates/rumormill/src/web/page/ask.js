// Dialogs: one at a time; Escape closes them.

import { $, el } from "./dom.js";

const dialog = $("ask");

export function show(title, ...content) {
  dialog.replaceChildren(
    el("div", { class: "bar" }, el("h2", { id: "ask-title" }, title), el("button", { type: "button", class: "close", "aria-label": "Close", title: "Close (Esc)", onclick: () => dialog.close() }, "✕")),
    ...content);
  if (!dialog.open) dialog.showModal();
  (dialog.querySelector("[data-first]") ?? dialog.querySelector(".close")).focus();
}

export const close = () => dialog.close();

// Asks for a line of text, or for a yes if there is no `label`. An error of `run` is shown, and the dialog stays
// open. `more` is shown below the line.
export function ask({ title, text, label, value = "", more, yes, run }) {
  const input = label && el("input", { id: "ask-value", value, autocomplete: "off", required: true, "data-first": true });
  const failed = el("div", { role: "alert" });
  const button = el("button", { class: "main", "data-first": !label }, yes);
  const form = el("form", { onsubmit: async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    try {
      await run(input?.value.trim() ?? "");
      dialog.close();
    } catch (failure) {
      failed.replaceChildren(...twoLines(failure));
    }
    button.disabled = false;
  } },
    text && el("p", {}, text),
    label && el("label", { for: "ask-value" }, label),
    input,
    more,
    failed,
    el("div", { class: "row end" }, el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), button));
  show(title, form);
  input?.select();
}

export const twoLines = ({ what, message, help }) => [el("p", { class: "what" }, el("bdi", {}, what ?? message)), el("p", {}, el("bdi", {}, help ?? "Load this page again."))];
