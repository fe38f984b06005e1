// Files: how they look in a message, how they are sent, and how pictures come.

import { $, el, theirs } from "./dom.js";
import { fetched } from "./api.js";
import { line, size } from "./words.js";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const WIDEST_PX = 384;
const HIGHEST_PX = 288;
const NAME_BYTES = 255;
const SAVED_MS = 60_000;

// The size of a picture, known before it arrives.
function box([width, height] = []) {
  if (!(width > 0 && height > 0)) return {};
  const by = Math.min(WIDEST_PX / width, HIGHEST_PX / height, 1);
  return { width: Math.max(Math.round(width * by), 1), height: Math.max(Math.round(height * by), 1) };
}

// The file of a message. `act`: get(message), save(message), giveUp(message), path(message).
export function file(message, tab, act) {
  const { name, mime, size: bytes, state, have } = message.file;
  const percent = Math.floor((100 * have) / Math.max(bytes, 1));
  const control = (as, words, run) => el("button", { type: "button", tabindex: tab, "data-as": as, onclick: run }, words);
  const label = line(name) || "a file";
  const isHere = state === "here";
  return el("div", { class: "file" },
    isHere && PICTURES.includes(mime) && picture(act.path(message), { alt: label, ...box(message.file.pixels) }),
    el("p", { class: "text" }, theirs(label, { class: "file-name" }), el("span", { class: "quiet" }, `, ${size(bytes)}`, mime && ", ", mime && theirs(line(mime)))),
    el("div", { class: "row" },
      isHere && control("save", "Save", () => act.save(message)),
      (state === "asking" || state === "fetching") && el("progress", { max: Math.max(bytes, 1), value: have, "aria-label": `${label}, on its way` }),
      (state === "asking" || state === "fetching") && el("span", { class: "quiet" }, state === "asking" ? "asking for it" : `${percent} %`),
      state === "waiting" && el("span", { class: "quiet" }, "Nobody who has it is here. It comes when somebody does."),
      state === "absent" && control("get", "Get", () => act.get(message)),
      !isHere && state !== "absent" && control("give-up", "Give up", () => act.giveUp(message))));
}

// Saves the content of a path under a name.
export async function save(path, name) {
  const href = await fetched(path);
  el("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), SAVED_MS);
}

// A name for the file. Browsers give pasted pictures a meaningless one.
function called(given, isPasted) {
  const end = given.name.split(".").pop();
  const name = isPasted && /^image\.\w+$/.test(given.name) ? `pasted ${new Date().toISOString().slice(0, 19).replaceAll(":", ".")}.${end}` : given.name;
  const plain = name.replace(/[\/\\\u0000-\u001f\u007f-\u009f]/g, "_");
  return new TextEncoder().encode(plain).length > NAME_BYTES ? `file.${end}`.slice(0, 40) : plain;
}

// Handles files that are chosen, dropped or pasted. `send(file, name)` returns whether it was sent.
export function takeFiles(send) {
  const choice = $("file");
  const all = async (files, isPasted = false) => {
    for (const given of files) {
      const name = called(given, isPasted);
      $("sending").hidden = false;
      $("sending").replaceChildren("Sending ", theirs(line(name)), ` (${size(given.size)}) …`);
      if (!(await send(given, name))) break;
    }
    $("sending").hidden = true;
  };
  const open = () => choice.click();
  choice.addEventListener("change", async () => {
    await all([...choice.files]);
    choice.value = "";
  });
  $("attach").addEventListener("click", open);
  $("text").addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    all(files, true);
  });
  const carries = (event) => event.dataTransfer?.types.includes("Files") && !$("say").hidden;
  $("room").addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  $("room").addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    all([...event.dataTransfer.files]);
  });
  return open;
}

// Pictures. A request needs the token, which `src` cannot carry: so pictures are fetched when they come into sight.

const KEPT = 24;
const AHEAD = "300px";

// Paths with the addresses of fetched pictures, the latest last.
const addresses = new Map();
const awaited = new WeakMap();

const eye = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) continue;
    eye.unobserve(target);
    load(target, awaited.get(target));
  }
}, { rootMargin: AHEAD });

function picture(path, set) {
  const node = el("img", { ...set, src: addresses.get(path) });
  if (!addresses.has(path)) {
    awaited.set(node, path);
    eye.observe(node);
  }
  return node;
}

// A picture that fails leaves its text.
async function load(node, path) {
  const address = addresses.get(path) ?? (await fetched(path).catch(() => null));
  if (!address) return;
  const other = addresses.get(path);
  if (other && other !== address) URL.revokeObjectURL(address);
  addresses.delete(path);
  addresses.set(path, other ?? address);
  node.src = other ?? address;
  for (const [old, gone] of addresses) {
    if (addresses.size <= KEPT) return;
    addresses.delete(old);
    URL.revokeObjectURL(gone);
  }
}
