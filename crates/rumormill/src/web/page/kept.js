// Values that this page keeps in the browser, per origin; without storage, until the window closes.

const alone = new Map();

function store() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

export function kept(name) {
  return alone.get(name) ?? store()?.getItem(name) ?? null;
}

export function keep(name, value) {
  alone.delete(name);
  try {
    if (store()) return store().setItem(name, value);
  } catch {
  }
  alone.set(name, value);
}

export function drop(name) {
  alone.delete(name);
  store()?.removeItem(name);
}

// Deletes all values whose names begin so.
export function dropAll(prefix) {
  for (const name of [...alone.keys(), ...Object.keys(store() ?? {})]) if (name.startsWith(prefix)) drop(name);
}

// Calls `run` with the new value, or `null`, when another window changes it.
export function whenElsewhere(name, run) {
  addEventListener("storage", ({ key, newValue }) => (key === name || key === null) && run(key === null ? null : newValue));
}
