// Pictures. A request needs the token, which `src` cannot carry: so pictures are fetched when they come into sight.

import { fetched } from "./api.js";
import { el } from "./dom.js";

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

export function picture(path, set) {
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
