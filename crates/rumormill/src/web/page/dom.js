// Makes elements from attributes and text. Nothing here takes markup.

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
