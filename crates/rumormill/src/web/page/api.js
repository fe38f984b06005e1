// Our own process: requests and the stream of events, on the origin this page came from. Each shows the token of this
// page in a header, which no browser adds to a request of its own: so no other page can ask in our name.

import { drop, keep, kept, whenElsewhere } from "./kept.js";

const ANSWER_MS = 20_000;
const AGAIN_MS = [250, 500, 1000, 2000, 4000];
const KINDS = new Set([
  "message",
  "changed",
  "held",
  "file",
  "room",
  "left",
  "person",
  "notice",
  "step",
  "typing",
  "lagged",
]);
// Characters of one line of the stream: four times the longest event.
const LINE_CHARS = 1 << 20;
const TOKEN = "token";

// A failure in two lines: what happened, and what to do next. `status` is 0 when nobody answered.
export class Failure extends Error {
  constructor(status, what, help, code = "") {
    super(what);
    Object.assign(this, { status, what, help, code });
  }
}

const lost = () =>
  new Failure(
    0,
    "Rumormill on this computer does not answer",
    "See whether it still runs; start it again with rumormill serve.",
  );

const refused = (status, { what, help, code } = {}) =>
  new Failure(status, what ?? `Rumormill refused (${status})`, help ?? "Try again.", code);

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

// A file goes as it is, for as long as it takes; everything else as JSON.
export async function call(method, path, body) {
  const isFile = body instanceof Blob;
  let answer, said;
  try {
    answer = await request(method, path, {
      headers:
        body === undefined
          ? {}
          : { "content-type": isFile ? "application/octet-stream" : "application/json" },
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

// What is at a path, however long it is, as an address that only this page can read until it is revoked.
export async function fetched(path) {
  let answer, blob;
  try {
    answer = await request("GET", path);
    blob = await answer.blob();
  } catch {
    throw lost();
  }
  if (answer.ok) return URL.createObjectURL(blob);
  throw refused(
    answer.status,
    await blob
      .text()
      .then(JSON.parse)
      .then(
        ({ error }) => error,
        () => undefined,
      ),
  );
}

// Exchanges a code for the token of this page.
export async function signIn(code) {
  const { token } = await call("POST", "/session", { code });
  keep(TOKEN, token);
}

// Gives the token back.
export async function signOut() {
  await call("DELETE", "/session");
  drop(TOKEN);
}

// Calls `run` when another window of this origin signed in, with `true`, or out.
export const whenSignedElsewhere = (run) => whenElsewhere(TOKEN, (token) => run(token !== null));

export const ask = (room, rest = "") => `/v1/rooms/${encodeURIComponent(room)}${rest}`;

export const about = (room, ref, rest = "") => ask(room, `/messages/${encodeURIComponent(ref)}${rest}`);

// Listens until told to stop. `open` is called whenever the stream begins, with whether it goes on where it broke,
// `close` when it broke, `shut` when this page is not signed in any more. A stream that goes on sends each event that
// was missed, or `lagged` before all else.
export function listen({ open, close, shut, event }) {
  const stop = new AbortController();
  const { signal } = stop;
  let tries = 0;
  // The id of the last event.
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

// Follows the stream to its end; returns the status of an answer that is none, or 0.
async function follow(signal, last, event, open) {
  let reader;
  try {
    const headers = last.id ? { "last-event-id": last.id } : {};
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
    if (!take(value))
      return reader.cancel().then(
        () => 0,
        () => 0,
      );
  }
}

// Takes pieces of the stream and tells each event that is whole; `false` past the longest line.
function lines(last, event) {
  let begun = "";
  let kind = "";
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

// A fault in what an event leads to ends no stream.
function tell(event, kind, data) {
  try {
    event(kind, JSON.parse(data));
  } catch (error) {
    if (!(error instanceof SyntaxError)) reportError(error);
  }
}
