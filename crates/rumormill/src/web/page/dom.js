// Makes elements from attributes and text, and dialogs. Nothing here takes markup.

export const $ = (id) => document.getElementById(id);

// `set` holds attributes; `on*` are listeners, `true` is an empty attribute, `null`, `undefined` and `false` are none.
export function el(name, set = {}, ...children) {
  return fill(document.createElement(name), set, children);
}

export function svg(name, set = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), set, children);
}

function fill(node, set, children) {
  for (const [key, value] of Object.entries(set)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const button = (words, run, isMain, isFirst) => el("button", { type: "button", class: isMain && "main", "data-first": isFirst, onclick: run }, words);

export const table = (title, lines) =>
  el("table", {}, title && el("caption", {}, title), el("tbody", {}, lines.map(([name, words]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, words)))));

// Text of others, isolated so that it keeps its own direction.
export const theirs = (text, set = {}) => el("bdi", set, text);

// Makes `list`, each { key, stamp, make }, the children of `parent`. A node is kept while its stamp is equal.
export function rows(parent, list) {
  const kept = parent.kept ?? new Map();
  const next = new Map();
  const lost = parent.contains(document.activeElement) ? document.activeElement : null;
  const keys = new Set(list.map(({ key }) => key));
  for (const [key, { node }] of kept) if (!keys.has(key)) node.remove();
  let at = parent.firstChild;
  for (const { key, stamp, make } of list) {
    let item = kept.get(key);
    if (!item || stamp.some((part, i) => part !== item.stamp[i])) {
      const node = make();
      node.dataset.key = key;
      if (at && at === item?.node) at = node;
      item?.node.replaceWith(node);
      item = { node, stamp };
    }
    if (item.node === at) at = at.nextSibling;
    else parent.insertBefore(item.node, at);
    next.set(key, item);
  }
  parent.kept = next;
  if (lost && !lost.isConnected) focusAgain(parent, lost, next);
}

// Moves the focus from a replaced node to the same control in the new one, or to its row.
function focusAgain(parent, lost, items) {
  const key = lost.closest("[data-key]")?.dataset.key ?? "";
  const node = items.get(key)?.node;
  const same = lost.dataset.as && node?.querySelector(`[data-as="${CSS.escape(lost.dataset.as)}"]`);
  (same || node || parent).focus({ preventScroll: true });
}

// Dialogs: one at a time; Escape closes them.

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
