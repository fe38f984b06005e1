// Our own process: requests and the stream of events, on the origin this page came from.

const ANSWER_MS = 20_000;
const AGAIN_MS = [250, 500, 1000, 2000, 4000];
const KINDS = ["message", "changed", "held", "file", "room", "person", "notice", "step", "typing", "lagged"];

// A failure in two lines: what happened, and what to do next. `status` is 0 when nobody answered.
export class Failure extends Error {
  constructor(status, what, help, code = "") {
    super(what);
    Object.assign(this, { status, what, help, code });
  }
}

const lost = () =>
  new Failure(0, "Rumormill on this computer does not answer", "See whether it still runs; start it again with rumormill serve.");

// A file goes as it is, for as long as it takes; everything else as JSON.
export async function call(method, path, body) {
  const isFile = body instanceof Blob;
  let answer, said;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": isFile ? "application/octet-stream" : "application/json" },
      body: body === undefined || isFile ? body : JSON.stringify(body),
      signal: isFile ? undefined : AbortSignal.timeout(ANSWER_MS),
      credentials: "same-origin",
      redirect: "error",
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
  const error = content?.error ?? {};
  throw new Failure(answer.status, error.what ?? `Rumormill refused (${answer.status})`, error.help ?? "Try again.", error.code);
}

export const session = (code) => call("POST", "/session", { code });

export const ask = (room, rest = "") => `/v1/rooms/${encodeURIComponent(room)}${rest}`;

export const about = (room, ref, rest = "") => ask(room, `/messages/${encodeURIComponent(ref)}${rest}`);

// Listens until told to stop. `open` is called whenever the stream begins, `close` when it broke, `shut` when
// this page has no session any more.
export function listen({ open, close, shut, event }) {
  let source, timer, stopped = false, tries = 0;
  const start = () => {
    source = new EventSource("/v1/events");
    source.onopen = () => {
      tries = 0;
      open();
    };
    source.onerror = async () => {
      source.close();
      if (stopped) return;
      close();
      const out = await call("GET", "/v1/rooms").then(() => false, (failure) => failure.status === 401);
      if (stopped) return;
      if (out) return shut();
      timer = setTimeout(start, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (said) => {
        let content;
        try {
          content = JSON.parse(said.data);
        } catch {
          return;
        }
        event(kind, content);
      });
    }
  };
  start();
  return () => {
    stopped = true;
    clearTimeout(timer);
    source.close();
  };
}
