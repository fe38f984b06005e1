// Pictures. A request for one has to show the token, which an address in `src` cannot: so they are fetched when they come
// into sight, and shown by addresses that only this page can read.

import { fetched } from "./api.js";
import { el } from "./dom.js";

const KEPT = 24;
const AHEAD = "300px";

// Paths, each with the address of its picture once that is here; the one shown last is at the end.
const addresses = new Map();
const awaited = new WeakMap();

const eye = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      eye.unobserve(target);
      load(target, awaited.get(target));
    }
  },
  { rootMargin: AHEAD },
);

export function picture(path, set) {
  const node = el("img", { ...set, src: addresses.get(path) });
  if (!addresses.has(path)) {
    awaited.set(node, path);
    eye.observe(node);
  }
  return node;
}

// One that does not come leaves the words that stand for it.
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
