// Another port of this machine, where any user's program may listen: the data that a signed-in browser sends it, and
// the requests that its pages can make here. Against the mock, and against the program.

import test from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { afterwards, BIN, chat, holds, mock, node, open, said, type, until } from "./browser.mjs";
import { lunch } from "./mock.mjs";

// The attempts of the page at the other port, by method of asking: with everything that the browser adds by itself.
const TRIES = `
  const tried = [];
  const attempt = (name, run) => tried.push(Promise.resolve().then(run).then((got) => [name, String(got)], () => [name, "nothing"]));
  const read = (url, set) => fetch(url, set).then(async (answer) => answer.type === "opaque" ? "nothing" : answer.status + await answer.text());
  for (const path of ["v1/rooms", "session", "v1/events", "v1/openapi.json"]) {
    attempt("plain " + path, () => read(HERE + path, { mode: "no-cors", credentials: "include" }));
    attempt("cors " + path, () => read(HERE + path, { credentials: "include" }));
    attempt("said " + path, () => read(HERE + path, { method: "POST", mode: "no-cors", credentials: "include", headers: { "content-type": "text/plain" }, body: '{"name":"made by another port"}' }));
  }
  attempt("frame", () => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => done(frame.contentDocument?.body?.innerText || "nothing");
    frame.src = HERE;
    document.body.append(frame);
  }));
  attempt("script", () => new Promise((done) => {
    const script = document.createElement("script");
    script.onload = script.onerror = () => done("nothing");
    script.src = HERE + "v1/rooms";
    document.body.append(script);
  }));
  attempt("storage", () => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) === "{}{}" ? "nothing" : "something");
  attempt("cookie", () => document.cookie || "nothing");
  attempt("opener", () => window.opener ? "something" : "nothing");
  addEventListener("load", () => Promise.all(tried).then((all) => fetch("/tried", { method: "POST", body: JSON.stringify(all) })));
`;

// A program at another port, which records everything it receives.
async function other(t, here) {
  const told = [];
  const tried = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    told.push({ url: request.url, headers: request.rawHeaders, body });
    if (request.url === "/tried") tried.push(JSON.parse(body));
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html><title>other</title><body><script>const HERE = ${JSON.stringify(here)};${TRIES}</script>`);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  afterwards(t, () => new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  }));
  return { told, tried, port: server.address().port };
}

// Everything that the program at the other port receives from an open, signed-in page with this token.
async function visited(t, page, token, go) {
  const here = new URL(page.url()).origin + "/";
  const there = await other(t, here);
  for (const host of ["127.0.0.1", "localhost"]) {
    const away = await go(`http://${host}:${there.port}/`);
    await holds(page, () => there.tried.length);
    const tried = there.tried.pop();
    assert.equal(tried.length, 17);
    assert.deepEqual(tried.filter(([, got]) => got !== "nothing"), [], host);
    await away.close();
  }
  assert.ok(there.told.length >= 4, "it was visited");
  const all = JSON.stringify(there.told);
  assert.ok(!all.includes(token), "the token reaches no other port");
  const names = there.told.flatMap(({ headers }) => headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  for (const secret of ["cookie", "authorization"]) assert.ok(!names.includes(secret), `${secret} in ${all}`);
  const referers = there.told.flatMap(({ headers }) => headers.filter((_, i) => i % 2 && headers[i - 1].toLowerCase() === "referer"));
  assert.deepEqual(referers.filter((from) => from.includes(new URL(here).port)), [], "it does not learn whence one came");
  assert.deepEqual(await page.context().cookies(), [], "there is nothing that a browser would send by itself");
}

const token = (page) => page.evaluate(() => localStorage.getItem("token"));

test("a signed-in page reveals nothing to another port of this machine", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch, { popups: true });
  const kept = await token(page);
  assert.ok(made.tokens.has(kept));
  await visited(t, page, kept, async (link) => {
    // A member writes the link, and the test clicks it.
    made.say(room, 1, `see ${link}`);
    const [away] = await Promise.all([page.context().waitForEvent("page"), said(page, link).getByRole("link").click()]);
    return away;
  });
  assert.equal(made.rooms.length, 1);
  assert.ok(!made.requests.some((url) => url.includes(kept)), "the token is in no address");
  assert.ok(!made.heads.some(({ referer = "", cookie }) => cookie || referer.includes("#")));
});

test("another port is told nothing by the page of the program", { skip: !BIN && "RUMORMILL_BIN is not set" }, async (t) => {
  const page = await open(t, await node(t, "ada"), { popups: true });
  await page.locator("#empty button", { hasText: "New room" }).click();
  await page.keyboard.type("lunch");
  await page.keyboard.press("Enter");
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  const asked = [];
  page.on("request", (request) => asked.push([request.url(), request.headers().referer ?? ""].join(" ")));
  const kept = await token(page);
  await visited(t, page, kept, async (link) => {
    await type(page, `see ${link}`);
    await page.keyboard.press("Enter");
    const [away] = await Promise.all([page.context().waitForEvent("page"), said(page, link).getByRole("link").click()]);
    return away;
  });
  await page.reload();
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.equal(await token(page), kept, "a page that is loaded again is signed in still");
  assert.ok(asked.length > 10 && !asked.some((said) => said.includes(kept)), "the token is in no address and no referrer");
  assert.equal(await page.locator("#room-list li").count(), 1);
});

test("windows of a browser are signed in together, and out", async (t) => {
  const { mock: made } = await mock(t, lunch);
  const one = await open(t, made.link(), { quiet: true });
  await one.locator("#name", { hasText: "lunch" }).waitFor();
  const first = await token(one);
  made.codes.add("second-code");
  const two = await one.context().newPage();
  await two.goto(made.link("second-code"));
  await two.locator("#name", { hasText: "lunch" }).waitFor();
  assert.notEqual(await token(two), first);
  assert.equal(made.tokens.size, 1, "the token before went back");
  made.cut();
  made.say(made.rooms[0], 1, "said to both", { quiet: true });
  for (const page of [one, two]) await said(page, "said to both").waitFor();

  await two.locator("#settings").click();
  await two.getByRole("button", { name: "Sign out" }).click();
  for (const page of [one, two]) {
    await page.locator("#gate").waitFor();
    assert.equal(await said(page, "said to both").count(), 0, "nothing is left to read");
    assert.equal(await token(page), null);
  }
  assert.equal(made.tokens.size, 0);
});

test("events are read however the stream cuts them, and a broken one is passed over", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  const event = (text) => {
    const message = made.say(room, 1, text, { quiet: true });
    return Buffer.from(`event: message\ndata: ${JSON.stringify({ room: room.state.id, message, arrival: "end", hops: 1 })}\n\n`);
  };
  const [stream] = made.streams;
  const bytes = Buffer.concat([Buffer.from("event: message\ndata: {\n\nevent: nothing known\ndata: 1\n\n:\n\n"), event("grüße 👋 in pieces"), event("and one more")]);
  stream.socket.setNoDelay(true);
  for (let at = 0; at < bytes.length; at += 7) {
    const isGone = stream.write(bytes.subarray(at, at + 7));
    if (!isGone) await new Promise((done) => stream.once("drain", done));
    if (at % 70 === 0) await page.evaluate(() => 0);
  }
  await said(page, "grüße 👋 in pieces").waitFor();
  await said(page, "and one more").waitFor();
  // A line past every bound ends the stream, and the page reads again.
  made.say(room, 1, "said behind the endless line", { quiet: true });
  stream.write("data: " + "x".repeat(3 << 20));
  await until(page, () => document.querySelector("#log").innerText.includes("said behind the endless line"));
});
