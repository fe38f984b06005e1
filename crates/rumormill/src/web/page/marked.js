// Builds the nodes of a text that the API parsed. Words of others become text nodes only.

import { el } from "./dom.js";
import { clean } from "./words.js";

const DEEPEST = 8;
const MARKS = new Map(Object.entries({ strong: "strong", emphasis: "em", struck: "s", code: "code" }));
const PERMALINK = /^#m\/([0-9a-f]{64})\/([0-9a-f]{64}\.\d{1,20})$/;
const HERE = ["127.0.0.1", "localhost", "[::1]"];

const depth = (said) => Math.min(Math.max(Number(said) || 0, 0), DEEPEST);

// The room and message of a permalink to this page or another person's.
export function goal(hash) {
  const [, room, ref] = PERMALINK.exec(hash) ?? [];
  return room ? { room, ref } : null;
}

export const permalink = (room, ref) => `${location.origin}/#m/${room}/${ref}`;

// The blocks of a message. `say(text)` makes the nodes of plain text, `go(goal)` opens a message.
export function marked(blocks, tab, { say, go }) {
  const root = el("div", { class: "text marked" });
  const boxes = [root];
  let lists = [];
  for (const { kind, quotes, lists: within, number, spans } of blocks) {
    const quoted = depth(quotes);
    if (quoted !== boxes.length - 1) lists = [];
    boxes.length = Math.min(boxes.length, quoted + 1);
    while (boxes.length <= quoted) boxes.push(into(boxes.at(-1), el("blockquote")));
    lists.length = Math.min(lists.length, depth(within));
    const inline = spans.flatMap((span) => words(span, tab, { say, go }));
    if (kind === "item") {
      const name = number === undefined || number === null ? "ul" : "ol";
      if (lists.length === depth(within) && lists.at(-1)?.list.localName !== name) lists.pop();
      while (lists.length < Math.max(depth(within), 1)) lists.push({ list: into(lists.at(-1)?.item ?? boxes.at(-1), el(name)), item: null });
      const last = lists.at(-1);
      last.item = into(last.list, el("li", { value: name === "ol" && String(number), dir: "auto" }, inline));
    } else {
      const made = kind === "code" ? el("pre", { dir: "ltr" }, el("code", {}, clean(spans[0]?.text))) : el("p", { dir: "auto" }, inline);
      into(lists.at(-1)?.item ?? boxes.at(-1), made);
    }
  }
  return root;
}

function into(parent, node) {
  parent.append(node);
  return node;
}

function words({ text, marks = [], href }, tab, { say, go }) {
  const said = clean(text);
  const plain = marks.includes("code") || href ? [said] : say(said);
  const inner = marks.reduce((nodes, mark) => (MARKS.has(mark) ? [el(MARKS.get(mark), {}, nodes)] : nodes), plain);
  return href ? link(said, href, inner, { tab, go }) : inner;
}

// Only web addresses become links, and a link whose text differs shows its target.
function link(said, href, inner, { tab, go }) {
  const url = URL.canParse(href) ? new URL(href) : null;
  if (!url?.host || !/^https?:$/.test(url.protocol)) return inner;
  const to = HERE.includes(url.hostname) && goal(url.hash);
  const follow = to && ((event) => {
    event.preventDefault();
    go(to);
  });
  const isPlain = URL.canParse(said.trim()) && new URL(said.trim()).host === url.host;
  return [
    el("a", { href: url.href, rel: "noreferrer noopener", target: "_blank", title: to ? "goes to a message" : `opens ${url.host}`, tabindex: tab, onclick: follow }, inner),
    !isPlain && el("span", { class: "quiet" }, ` (${url.host})`),
  ].filter(Boolean);
}
