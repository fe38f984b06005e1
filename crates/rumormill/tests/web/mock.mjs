// The API of the page, in memory, for cases that real nodes cannot stage: hostile words, fifty thousand messages and
// connections that break.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";

const PAGE = new URL("../../src/web/page/", import.meta.url).pathname;
const KINDS = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; form-action 'none'; " +
  "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const QR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h3v3h-3zM5 0h3v3h-3zM0 5h3v3h-3zM4 4h1v1h-1zM6 5h2v1h-2zM5 7h1v1h-1z"/></svg>';
export const START_MS = Date.UTC(2026, 4, 4, 9, 0);

const hex = (number, digits) => number.toString(16).padStart(digits, "0");
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="#4a8"/></svg>';
const EMOJI = [["🎉", "party popper"], ["🧀", "cheese wedge"], ["🥳", "partying face"], ["👍", "thumbs up"]];

// The blocks of a text without markup, as the program makes them: addresses become links; a text without addresses has
// no blocks.
export function linked(text) {
  const found = text.split(/(\bhttps?:\/\/[^\s<>"'`\\]*[^\s<>"'`\\.,:;!?)\]])/iu).map((piece, i) => (i % 2 && URL.canParse(piece) ? { text: piece, href: new URL(piece).href } : { text: piece }));
  return found.some(({ href }) => href) ? [{ kind: "text", spans: found.filter(({ text }) => text) }] : [];
}
export const author = (number) => hex(number * 4099 + 0xa1b2, 4).repeat(16).slice(0, 64);

class Refusal extends Error {
  constructor(status, code, what, help) {
    super(what);
    Object.assign(this, { status, said: { error: { code, what, help } } });
  }
}

export class Mock {
  constructor() {
    Object.assign(this, { rooms: [], codes: new Set(["first-code"]), streams: new Set(), sockets: new Set(), requests: [], isDown: false, nearby: [], asked: [], tokens: new Set(), heads: [], events: [], keepsEvents: false });
  }

  async start() {
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.on("connection", (socket) => {
      if (this.isDown) return socket.destroy();
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
    return this;
  }

  link(code = "first-code") {
    return this.url + "#" + code;
  }

  async stop() {
    this.cut();
    await new Promise((done) => this.server.close(done));
  }

  // Holds back the answers to requests that `is` picks, until the returned function is called.
  hold(is) {
    let release;
    const held = new Promise((done) => (release = done));
    this.gate = (request) => is(request) && held;
    return release;
  }

  // Breaks every connection.
  cut() {
    for (const socket of this.sockets) socket.destroy();
    this.streams.clear();
  }

  room(name, set = {}) {
    const id = hex(this.rooms.length + 0xd0, 4).repeat(16);
    const room = {
      messages: [], people: [], seqs: new Map(), marked: null,
      state: { id, name, topic: "", author: author(0), nick: "vera", missing: 0, peers: [], digest: "3f9a 12cd 77e0 41bb", skew_ms: 0, clock: "", stopped: null, traffic: { bytes_in: 0, bytes_out: 0, frames_in: 0, frames_out: 0 }, ...set },
    };
    this.rooms.push(room);
    this.person(room, 0, "vera", { me: true });
    return room;
  }

  person(room, who, nick, set = {}) {
    room.people.push({ author: author(who), nick, here: true, me: false, last_ms: START_MS, hidden: false, ...set });
  }

  peer(room, who, nick, path = "direct", rtt = 12) {
    room.state.peers.push({ peer: author(who + 500), author: author(who), nick, path, rtt_ms: rtt });
  }

  // A message of `who`, sent to the page unless `quiet`.
  say(room, who, text, { quiet = false, arrival = "end", at = null, ...set } = {}) {
    const seq = room.seqs.get(who) ?? 0;
    room.seqs.set(who, seq + 1);
    const time = at ?? (room.messages.at(-1)?.time_ms ?? START_MS) + 60_000;
    const { nick = "", hidden = false } = room.people.find((person) => person.author === author(who)) ?? {};
    const act = /^\/me (.*)$/s.exec(text);
    const message = {
      ref: `${author(who)}.${seq}`, place: `${hex(BigInt(Math.floor(time)) << 16n, 16)}.${author(who)}.${hex(seq, 16)}`, author: author(who), nick, time_ms: time, mine: who === 0,
      kind: "text", text: act?.[1] ?? text, blocks: linked(act?.[1] ?? text), action: Boolean(act), hidden, reply_to: null, mentions: [], names_me: false, edited: false, gone: null, reactions: [], holders: who === 0 ? 0 : null, id: hex(seq, 64), ...set,
    };
    if (set.kind === "nick" && nick !== text) message.before = nick;
    if (set.kind === "nick") for (const one of [...room.people, ...room.state.peers]) if (one.author === author(who)) one.nick = text;
    const above = room.messages.findLastIndex((other) => other.place < message.place);
    room.messages.splice(above + 1, 0, message);
    if (!quiet) {
      this.emit("message", { room: room.state.id, message, arrival, hops: 1 });
      this.status(room);
    }
    return message;
  }

  shown(room) {
    const unread = room.messages.filter((message) => !message.mine && !message.hidden && (!room.marked || message.place > room.marked));
    return { ...room.state, entries: room.messages.length, people: room.people.length, unread: unread.length, mentions: unread.filter((message) => message.names_me).length, read: room.marked };
  }

  status(room) {
    this.emit("room", { room: this.shown(room) });
  }

  changed(room, message) {
    this.emit("changed", { room: room.state.id, message });
    return message;
  }

  held(room, message, holders, acknowledged = 0) {
    Object.assign(message, { holders, acknowledged });
    this.emit("held", { room: room.state.id, ref: message.ref, holders, acknowledged });
  }

  // Events have ids, and are repeated to a reader that names the last one it saw, if `keepsEvents`.
  emit(kind, content) {
    const id = this.keepsEvents ? `id: ${this.events.length}\n` : "";
    const text = `${id}event: ${kind}\ndata: ${JSON.stringify(content)}\n\n`;
    if (this.keepsEvents) this.events.push(text);
    for (const stream of this.streams) stream.write(text);
  }

  async answer(request, response) {
    const url = new URL(request.url, this.url);
    const path = url.pathname.split("/").slice(1).map(decodeURIComponent);
    let text = "";
    for await (const piece of request) text += piece;
    const body = text ? JSON.parse(text) : null;
    this.requests.push(`${request.method} ${request.url}`);
    this.heads.push(request.headers);
    await this.gate?.(request);
    try {
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
      if (path[0] === "session") return this.session(request.method, token, body, response);
      if (path[0] !== "v1") return await this.file(url.pathname, response);
      if (!this.tokens.has(token)) throw new Refusal(401, "token", "no token", "open the link");
      if (path[1] === "events") return this.stream(request.headers["last-event-id"], response);
      if (path[1] === "signs") return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ signs: EMOJI.filter(([, name]) => name.includes(url.searchParams.get("q"))).map(([sign, name]) => ({ sign, name })) }));
      if (path[3] === "files" && request.method === "GET") return response.writeHead(200, { "content-type": "image/svg+xml" }).end(PICTURE);
      if (path[1] === "nearby") return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ rooms: this.nearby }));
      if (path.at(-1)?.endsWith(".svg") && path[1] === "rooms") return response.writeHead(200, { "content-type": "image/svg+xml" }).end(QR);
      const said = path[1] === "requests" ? this.request(request.method, path[2]) : this.api(request.method, path.slice(2), url.searchParams, body);
      const status = said === null ? 204 : request.method === "POST" ? 201 : 200;
      response.writeHead(status, { "content-type": "application/json" }).end(said === null ? "" : JSON.stringify(said));
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure;
      response.writeHead(failure.status, { "content-type": "application/json" }).end(JSON.stringify(failure.said));
    }
  }

  session(method, old, body, response) {
    const isIn = method === "POST";
    if (isIn && !this.codes.delete(body.code)) throw new Refusal(403, "code", "no such code", "get another");
    this.tokens.delete(old);
    if (!isIn) return response.writeHead(204).end();
    const token = `token-of-page-${(this.signed = (this.signed ?? 0) + 1)}`;
    this.tokens.add(token);
    response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ token }));
  }

  async file(path, response) {
    const file = join(PAGE, path === "/" ? "index.html" : path);
    const content = await readFile(file).catch(() => null);
    if (content === null) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": KINDS[extname(file)], "content-security-policy": POLICY, "x-content-type-options": "nosniff" }).end(content);
  }

  stream(last, response) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(":\n\n");
    if (this.keepsEvents && last !== undefined) response.write(this.events.slice(Number(last) + 1).join(""));
    this.streams.add(response);
    response.on("close", () => this.streams.delete(response));
  }

  api(method, [id, what, ref, part, sign], query, body) {
    if (!id) return method === "POST" ? this.begin(body) : { rooms: this.rooms.map((room) => this.shown(room)) };
    const room = this.rooms.find(({ state }) => state.id === id);
    if (!room) throw new Refusal(404, "room", "there is no such room here", "see which there are");
    const run = `${method} ${what ?? ""}`;
    if (run === "DELETE ") return this.rooms.splice(this.rooms.indexOf(room), 1), null;
    if (run === "GET ticket") return { ticket: "rumormill1" + "abcdefgh23456789".repeat(9) };
    if (what === "tickets") return this.tickets(method, room, ref, body);
    if (run === "POST foreseen") return { out: [], roles: [], tickets: [], says: body.does === "close" ? this.closing(room, body) : room.foreseen ?? [] };
    if (run === "POST orders") return this.order(room, body);
    if (run === "DELETE hint") return (room.state.hint = ""), this.status(room), null;
    if (run === "GET people") return ref ? this.whois(room, ref) : { people: room.people };
    if (run === "POST private") return this.private(room, body.people.map((who) => `@${room.people.find(({ author, nick }) => who === author || who === nick).nick}`).join(", "));
    if (run === "POST typing") return (room.typed = (room.typed ?? 0) + 1), null;
    if (what === "verified") return (room.people.find(({ author }) => author === ref).verified = method === "PUT"), { people: room.people };
    if (what === "hidden") return this.hide(room, ref, method === "PUT");
    if (what === "reports") return this.reports(method, room, ref, body);
    if (run === "GET held") return { messages: room.held ?? [], more: false };
    if (run === "PUT read") room.marked = body.place > (room.marked ?? "") ? body.place : room.marked;
    else if (run === "PUT nick") room.state.nick = room.people[0].nick = body.nick;
    else if (run === "PUT attention") {
      Object.assign(room.state, body);
      this.rooms.sort((a, b) => Boolean(b.state.pinned) - Boolean(a.state.pinned));
    } else if (run === "PUT display") Object.assign(room.state.display, body);
    else if (run === "PUT announced") room.state.announced = body.announced;
    else if (run === "PUT rules") Object.assign(room.state.rules, body);
    else if (run === "PUT topic") room.state.topic = body.topic;
    else if (what === "messages") return ref ? this.message(method, room, ref, part, sign, body) : this.messages(method, room, query, body);
    return this.shown(room);
  }

  reports(method, room, ref, body) {
    room.reports ??= [];
    if (method === "GET") return { reports: room.reports.map((one) => ({ by: { author: author(0), nick: "Vera" }, author: { author: author(3), nick: "Mallory" }, text: "buy this", time_ms: 1_700_000_000_000, ...one })) };
    if (method === "DELETE") return (room.reports = room.reports.filter(({ message }) => message !== ref)), null;
    room.reports.push(body);
    return { told: 1 };
  }

  order(room, body) {
    (room.orders ??= []).push(body);
    if (body.does === "close") {
      Object.assign(room.state, { may_close: false, hint: "", standing: { role: "owner", says: "" } });
      for (const person of room.people) person.role = person.me ? "owner" : body.without.includes(person.author) ? "removed" : "member";
      this.say(room, 0, "closed the room", { kind: "act" });
    }
    return { ref: `${author(0)}.9` };
  }

  // What it means to close an open room.
  closing(room, { without }) {
    const out = room.people.filter(({ author }) => without.includes(author));
    const kept = room.people.filter(({ me, last_ms }) => !me && last_ms).length - out.length;
    const means = ["the ticket of the room would let nobody in any more; you get a new one", "this cannot be undone"];
    return [`you and ${kept} others would be in, who wrote here`, ...out.map(({ nick }) => `${nick} would not`), ...means];
  }

  // A private room with somebody, and what others ask.
  private(room, name) {
    const private_ = this.room(name, { private: { of: room.state.id, with: [] }, standing: { role: "member", says: "" } });
    return this.shown(private_);
  }

  request(method, id) {
    if (method === "GET") return { requests: this.asked };
    const found = this.asked.find((asked) => asked.id === id);
    this.asked = this.asked.filter((asked) => asked !== found);
    return method === "DELETE" ? null : this.private(this.rooms[0], `@${found.from.nick}`);
  }

  tickets(method, room, id, body) {
    room.tickets ??= [];
    if (method === "DELETE") return (room.tickets.find((ticket) => ticket.id === id).state = "revoked"), null;
    if (method === "POST") {
      room.tickets.push({ id: hex(room.tickets.length + 0x7e, 4).repeat(16), maker: { author: author(0), nick: "vera" }, mine: true, used: 0, state: "good", ...body });
      return { ticket: "rumormill1" + "newticket2345678".repeat(9) };
    }
    return { tickets: room.tickets };
  }

  whois(room, text) {
    const said = text.replace(/^@/, "");
    const found = room.people.filter(({ author, nick }) => author === said || nick === said);
    if (!found.length) throw new Refusal(404, "nobody", `nobody here is called "${said}"`, "Tab completes a name");
    if (found.length > 1) throw new Refusal(409, "several", `"${said}" may mean several people`, "say which");
    const [person] = found;
    const who = person.author;
    const peer = room.state.peers.find(({ author }) => author === who) ?? null;
    return { ...person, since_ms: START_MS, entries: room.messages.filter(({ author }) => author === who).length, peer, safety: person.me ? "" : "30414 71192 05570 88231 46605 19928 73310 25544 60187 90023 41776 08895" };
  }

  hide(room, who, hidden) {
    const person = room.people.find(({ author }) => author === who);
    person.hidden = hidden;
    for (const message of room.messages) if (message.author === who) message.hidden = hidden;
    this.emit("person", { room: room.state.id, author: who, nick: person.nick, here: person.here, hidden });
    this.status(room);
    return { people: room.people };
  }

  begin({ name, ticket, open }) {
    if (ticket && !ticket.startsWith("rumormill1")) throw new Refusal(400, "ticket", "this is no ticket", "paste all of it, from rumormill1 to its last character");
    return this.shown(this.room(name ?? "joined", name && !open ? { standing: { role: "owner", says: "" } } : {}));
  }

  messages(method, room, query, body) {
    if (method === "POST") {
      if (body.text.length > 8192) throw new Refusal(400, "long", "this is longer than a message may be", "say it in several parts");
      const answered = body.reply_to && room.messages.find((message) => message.ref === body.reply_to);
      const reply = answered ? { ref: answered.ref, nick: answered.nick, text: answered.text } : null;
      return { messages: [this.say(room, 0, body.text, { reply_to: reply, mentions: body.mentions ?? [] })] };
    }
    const limit = Number(query.get("limit") ?? 50);
    const isHidden = (ref) => room.people.some(({ author, hidden }) => hidden && ref.startsWith(author));
    const messages = room.messages.map((message) => (message.reply_to && isHidden(message.reply_to.ref) ? { ...message, reply_to: { ...message.reply_to, text: "" } } : message));
    if (query.has("q")) return { messages: messages.filter(({ text }) => text.includes(query.get("q"))).reverse().slice(0, limit), more: false };
    if (query.has("after")) {
      const later = messages.filter(({ place }) => place > query.get("after"));
      return { messages: later.slice(0, limit), more: later.length > limit };
    }
    const earlier = query.has("before") ? messages.filter(({ place }) => place < query.get("before")) : messages;
    return { messages: earlier.slice(-limit), more: earlier.length > limit };
  }

  message(method, room, ref, part, sign, body) {
    const message = room.messages.find((other) => other.ref === ref);
    if (!message) throw new Refusal(404, "message", "there is no such message here", "it may come later");
    if (part === "unread") {
      room.marked = room.messages.filter(({ place }) => place < message.place).at(-1)?.place ?? null;
      this.status(room);
      return this.shown(room);
    }
    if (part === "holders") {
      const others = room.people.filter(({ me }) => !me);
      const holders = others.slice(0, message.holders ?? 1);
      const acknowledged = holders.slice(0, message.acknowledged ?? 0).map(({ author }) => author);
      return { holders, acknowledged, of: others.length };
    }
    if (part === "reactions") {
      message.reactions = react(message.reactions, sign, method === "PUT");
    } else if (method !== "GET") {
      if (!message.mine) throw new Refusal(403, "not-yours", "somebody else said this", "only who said a thing can change it");
      const act = /^\/me (.*)$/s.exec(body?.text ?? "");
      if (method === "PUT") Object.assign(message, { text: act?.[1] ?? body.text, blocks: linked(act?.[1] ?? body.text), action: Boolean(act), edited: true });
      else Object.assign(message, { text: "", kind: "gone", gone: "retracted", reactions: [] });
    }
    return method === "GET" ? message : this.changed(room, message);
  }
}

function react(reactions, sign, on) {
  const others = reactions.filter((reaction) => reaction.sign !== sign);
  const authors = (reactions.find((reaction) => reaction.sign === sign)?.authors ?? []).filter((by) => by !== author(0));
  if (on) authors.push(author(0));
  return authors.length ? [...others, { sign, authors, mine: on }] : others;
}

// A room as it is on a good day, with five people and a conversation.
export function lunch(mock) {
  const room = mock.room("lunch", { topic: "Where we eat today, and who comes along", missing: 0 });
  ["ada", "grace", "alan", "edsger", "barbara"].forEach((nick, i) => {
    mock.person(room, i + 1, nick, { here: i < 4 });
    if (i < 4) mock.peer(room, i + 1, nick, i === 3 ? "relayed" : "direct", [3, 18, 41, 96][i]);
  });
  const quiet = { quiet: true };
  mock.say(room, 1, "lunch", { ...quiet, kind: "founded" });
  mock.say(room, 1, "Shall we go to the market today? They have soup.", quiet);
  const menu = mock.say(room, 2, "Yes. The menu is at https://market.example.org/today?day=mon (it changes daily).", quiet);
  mock.say(room, 2, "I can be there at half past twelve.", quiet);
  mock.say(room, 3, "Where we eat today, and who comes along", { ...quiet, kind: "topic" });
  mock.say(room, 3, "Half past twelve is good.", { ...quiet, reply_to: { ref: menu.ref, nick: "grace", text: menu.text }, reactions: [{ sign: "👍", authors: [author(1), author(2)], mine: false }] });
  mock.say(room, 0, "I bring the card that still has money on it.", { ...quiet, holders: 4, reactions: [{ sign: "🎉", authors: [author(1), author(4), author(0)], mine: true }] });
  mock.say(room, 4, "@vera you are too kind. Save me a seat?", { ...quiet, mentions: [author(0)], names_me: true });
  mock.say(room, 0, "Of course. @edsger sits by the window.", { ...quiet, mentions: [author(4)], holders: 5, edited: true });
  mock.say(room, 5, "", { ...quiet, kind: "gone", gone: "retracted" });
  room.marked = room.messages.at(-1).place;
  return room;
}

// As a program of its own, it serves a room to look at.
if (process.argv[1] === new URL(import.meta.url).pathname) {
  const mock = await new Mock().start();
  lunch(mock);
  console.log(mock.link());
}
