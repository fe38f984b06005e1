// Requests to our own process, and its events. Each request carries the token of this page in a header, which no
// browser adds by itself, so no other page can send requests in our name. And the values that this page keeps in the browser.

const ANSWER_MS = 20_000;
const AGAIN_MS = [250, 500, 1000, 2000, 4000];
const KINDS = new Set(["message", "changed", "held", "file", "room", "left", "person", "notice", "step", "typing", "recounted", "asked", "lagged"]);
// Longest line of the event stream, in characters: four times the longest event.
const LINE_CHARS = 1 << 20;
const TOKEN = "token";

// What happened, and what to do next. `status` is 0 when nobody answered.
export class Failure extends Error {
  constructor(status, what, help, code = "") {
    super(what);
    Object.assign(this, { status, what, help, code });
  }
}

const lost = () =>
  new Failure(0, "Rumormill on this computer does not answer", "See whether it still runs; start it again with rumormill serve.");

const refused = (status, { what, help, code } = {}) => new Failure(status, what ?? `Rumormill refused (${status})`, help ?? "Try again.", code);

function request(method, path, { headers, ...set } = {}) {
  const token = kept(TOKEN);
  return fetch(path, {
    ...set,
    method,
    headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
  });
}

// Sends a file as it is, without a time limit, and everything else as JSON.
export async function call(method, path, body) {
  const isFile = body instanceof Blob;
  let answer, said;
  try {
    answer = await request(method, path, {
      headers: body === undefined ? {} : { "content-type": isFile ? "application/octet-stream" : "application/json" },
      body: body === undefined || isFile ? body : JSON.stringify(body),
      signal: isFile ? undefined : AbortSignal.timeout(ANSWER_MS),
    });
    said = await answer.text();
  } catch {
    throw lost();
  }
  let content = null;
  try {
    content = said ? JSON.parse(said) : null;
  } catch {
    throw new Failure(answer.status, "The answer of Rumormill makes no sense", "Load this page again.");
  }
  if (answer.ok) return content;
  throw refused(answer.status, content?.error);
}

// Fetches a path, and returns an address of the content that only this page can read.
export async function fetched(path) {
  let answer, blob;
  try {
    answer = await request("GET", path);
    blob = await answer.blob();
  } catch {
    throw lost();
  }
  if (answer.ok) return URL.createObjectURL(blob);
  throw refused(answer.status, await blob.text().then(JSON.parse).then(({ error }) => error, () => undefined));
}

export async function signIn(code) {
  const { token } = await call("POST", "/session", { code });
  keep(TOKEN, token);
}

export async function signOut() {
  await call("DELETE", "/session");
  drop(TOKEN);
}

// Calls `run` with `true` when another window signs in, and with `false` when it signs out.
export const whenSignedElsewhere = (run) => whenElsewhere(TOKEN, (token) => run(token !== null));

export const ask = (room, rest = "") => `/v1/rooms/${encodeURIComponent(room)}${rest}`;

export const about = (room, ref, rest = "") => ask(room, `/messages/${encodeURIComponent(ref)}${rest}`);

// Follows the events until the returned function is called. `open` is called at each connection, with whether the
// server resumes the events, `close` when a connection ends, and `shut` when this page is no longer signed in.
export function listen({ open, close, shut, event }) {
  const stop = new AbortController();
  const { signal } = stop;
  let tries = 0;
  const last = { id: "" };
  const begin = async () => {
    const goesOn = last.id !== "";
    const status = await follow(signal, last, event, () => {
      tries = 0;
      open(goesOn);
    });
    if (signal.aborted) return;
    if (status === 401) return shut();
    close();
    const timer = setTimeout(begin, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  };
  begin();
  return () => stop.abort();
}

// Reads the stream to its end; returns the status of a refusal, or 0.
async function follow(signal, last, event, open) {
  let reader;
  try {
    const headers = last.id && { "last-event-id": last.id };
    const answer = await request("GET", "/v1/events", { signal, headers });
    if (!answer.ok) return answer.status;
    reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  } catch {
    return 0;
  }
  open();
  const take = lines(last, event);
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done || signal.aborted) return 0;
    if (!take(value)) return reader.cancel().then(() => 0, () => 0);
  }
}

// Takes pieces of the stream and passes on complete events; returns `false` after a line that is too long.
function lines(last, event) {
  let begun = "", kind = "";
  const line = (text) => {
    if (text.startsWith("id:")) last.id = text.slice(3).trim();
    else if (text.startsWith("event:")) kind = text.slice(6).trim();
    else if (text.startsWith("data:") && KINDS.has(kind)) tell(event, kind, text.slice(5));
    else if (!text) kind = "";
  };
  return (piece) => {
    const [first, ...rest] = piece.split("\n");
    begun += first;
    for (const next of rest) {
      line(begun);
      begun = next;
    }
    return begun.length <= LINE_CHARS;
  };
}

// An error in a handler does not end the stream.
function tell(event, kind, data) {
  try {
    event(kind, JSON.parse(data));
  } catch (error) {
    if (!(error instanceof SyntaxError)) reportError(error);
  }
}

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
function whenElsewhere(name, run) {
  addEventListener("storage", ({ key, newValue }) => (key === name || key === null) && run(key === null ? null : newValue));
}
