// Two hundred hostile words in every place that shows others' text: none runs, and none becomes an element.

import test from "node:test";
import assert from "node:assert/strict";
import { BIN, chat, holds, log, node, open, until } from "./browser.mjs";
import { author } from "./mock.mjs";

const MARK = "alert(1)";
const MARKUP = [
  "<script>X</script>", "<img src=x onerror=X>", "<svg onload=X>", "<svg/onload=X>", "<body onload=X>", "<iframe src=javascript:X>", "<iframe srcdoc='<script>X</script>'>",
  "<a href=javascript:X>click</a>", "<math><mtext></form><form><mglyph><style></math><img src onerror=X>", "<details open ontoggle=X>", "<input autofocus onfocus=X>",
  "<select autofocus onfocus=X>", "<textarea autofocus onfocus=X>", "<video><source onerror=X></video>", "<audio src=x onerror=X>", "<marquee onstart=X>", "<object data=javascript:X>",
  "<embed src=javascript:X>", "<form action=javascript:X><button>b</button></form>", "<button formaction=javascript:X form=f>b</button>", "<meta http-equiv=refresh content='0;url=javascript:X'>",
  "<base href=javascript:X//>", "<link rel=stylesheet href=//evil.example/x.css>", "<style>@import '//evil.example/x.css'</style>", "<div style='background:url(javascript:X)'>d</div>",
  "<template><script>X</script></template>", "<noscript><p title='</noscript><img src=x onerror=X>'>", "<xmp><p title='</xmp><img src=x onerror=X>'>", "<table background=javascript:X>",
  "<isindex action=javascript:X type=submit>", "<keygen autofocus onfocus=X>", "<x onclick=X>x</x>", "<x onmouseover=X>x</x>", "<!--><img src=x onerror=X>-->", "<![CDATA[<img src=x onerror=X>]]>",
  "<?xml version='1.0'?><script>X</script>", "<foreignObject><script>X</script></foreignObject>", "<animate onbegin=X attributeName=x dur=1s>", "<set attributeName=onmouseover to=X>", "<use href='data:image/svg+xml,<script>X</script>'>",
];
const AROUND = [(text) => text, (text) => `">${text}`, (text) => `'>${text}`, (text) => `</bdi></p></article>${text}`];
const LINKS = [
  "javascript:X", "JaVaScRiPt:X", "java\tscript:X", "javascript://example.org/%0aX", "data:text/html,<script>X</script>", "vbscript:X", "file:///etc/passwd", "blob:http://example.org/x",
  "https://javascript:X@", "http://", "https://[::::]", "https://example.org/\"onmouseover=\"X", "https://example.org/'onmouseover='X", "https://example.org/<script>X</script>",
];
const STEERING = [
  "\u202egnp.exe\u202c", "\u2066a\u2067b\u2068c", "\u200e\u200f\u061c", "\u001b[2J\u001b[31mred", "\u009b31m", "\u0007\u0000\u0008", "\r\nfake line", "\u2028fake\u2029line", "\ufeffbom", "\u{e0041}\u{e007f}tags",
  "Z\u0300".repeat(100), "👩\u200d🚀".repeat(50), "a".repeat(5000), "مرحبا <script>X</script> שלום", "\ufff9a\ufffab\ufffb",
];
const NAMES = ["__proto__", "constructor", "toString", "{{constructor.constructor('X')()}}", "${X}", "`${X}`", "';X;//", "\\u003cscript\\u003eX", "&lt;script&gt;X&lt;/script&gt;", "&#60;script&#62;X", "%3Cscript%3EX"];
const ALL = [...MARKUP.flatMap((text) => AROUND.map((put) => put(text))), ...LINKS, ...STEERING, ...NAMES].map((text) => text.replaceAll("X", MARK));

// Traces of a successful attack: elements and attributes that this page never makes.
const foreign = () => {
  const made = "html head meta title link script body noscript main h1 h2 h3 p code form label div input button nav ul li span aside footer dialog textarea bdi time article a svg g line circle path text ol table caption tbody tr th td mark img strong em s pre blockquote".split(" ");
  const all = [...document.querySelectorAll("*")];
  return [
    ...all.filter((node) => !made.includes(node.localName)).map((node) => "element " + node.localName),
    ...all.flatMap((node) => [...node.attributes].filter(({ name }) => name.startsWith("on") || name === "srcdoc" || name === "formaction").map(({ name }) => "attribute " + name)),
    ...[...document.querySelectorAll("a, #log img, iframe")].filter((node) => !/^https?:/.test(node.href ?? "")).map((node) => "link " + node.outerHTML),
    ...[...document.querySelectorAll("script")].slice(1).map(() => "a second script"),
    ...all.filter((node) => node.style?.length && node.id !== "text").map((node) => "style " + node.style.cssText),
  ];
};

// Control characters anywhere in the text for the screen or for a screen reader.
const steered = () => {
  const steers = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/u;
  const shown = [document.title, document.body.textContent, ...[...document.querySelectorAll("[title], [aria-label]")].flatMap((node) => [node.title, node.ariaLabel ?? ""])];
  return shown.filter((text) => steers.test(text)).map((text) => text.slice(0, 80));
};

function hostile(made) {
  const room = made.room(ALL[0], { topic: ALL[1] });
  ALL.forEach((text, i) => {
    if (i < 60) made.person(room, i + 1, text);
    if (i < 30) made.peer(room, i + 1, text);
  });
  const by = (i) => (i % 60) + 1;
  const kinds = ["text", "nick", "topic", "founded"];
  ALL.forEach((text, i) => made.say(room, by(i), text, {
    quiet: true,
    kind: i % 7 === 0 ? kinds[(i / 7) % 4] : "text",
    reply_to: i % 3 ? null : { ref: `${author(by(i))}.${text}`, nick: text, text },
    mentions: [author(by(i + 1))],
    reactions: [{ sign: text.slice(0, 64), authors: [author(by(i)), text], mine: false }],
  }));
  room.marked = room.messages.at(-1).place;
  return room;
}

test("there are two hundred of them", () => assert.ok(ALL.length >= 200, String(ALL.length)));

test("hostile text in messages, nicks, topics, names and signs stays text", async (t) => {
  const { page, room, mock: made } = await chat(t, hostile, { height: 3000 });
  const clean = async (where) => {
    assert.deepEqual(await page.evaluate(foreign), [], where);
    assert.deepEqual(await page.evaluate(steered), [], where);
  };
  await clean("the newest");
  await until(page, (all) => {
    document.querySelector('[data-as="older"]')?.click();
    return document.querySelectorAll("#log article").length === all;
  }, ALL.length);
  await clean("all of them");
  for (const which of ["people", "network", "search"]) {
    await page.locator(`[data-side="${which}"]`).click();
    await clean(which);
  }
  await page.keyboard.type("alert");
  await page.keyboard.press("Enter");
  await page.locator("#side", { hasText: "messages found" }).waitFor();
  await clean("what a search found");
  for (const text of ALL) made.emit("notice", { room: room.state.id, code: text, text });
  made.emit("step", { room: room.state.id, kind: ALL[2], from: ALL[3], to: null, entries: 1 });
  await page.locator(".banner").first().waitFor();
  await clean("notices");
  await page.locator("article .text a").first().waitFor({ state: "attached" });
  assert.ok((await page.locator("article .text a").evaluateAll((links) => links.every((link) => link.rel === "noreferrer noopener" && link.target === "_blank"))));
});

// Each as words, as a link's words and target, as a quote, as an item and as code.
const MARKED = [(text) => `**${text}**`, (text) => `[${text}](https://example.org/)`, (text) => `[click](${text})`, (text) => `[click](<${text}>)`, (text) => `> ${text}`, (text) => `- ${text}\n1. ${text}`, (text) => `\`\`\`${text}\n${text}\n\`\`\``, (text) => `\`${text}\` ![${text}](${text})`];

test("hostile words stay words when the program takes them for Markdown", { skip: !BIN && "RUMORMILL_BIN is not set" }, async (t) => {
  const page = await open(t, await node(t, "hostile"));
  await page.locator("#empty button", { hasText: "New room" }).click();
  await page.keyboard.type("room");
  await page.keyboard.press("Enter");
  await page.locator("#name", { hasText: "room" }).waitFor();
  const said = ALL.flatMap((text, i) => [text, MARKED[i % MARKED.length](text)]);
  await page.evaluate(async (said) => {
    const [room] = (await (await fetch("/v1/rooms", { headers: { authorization: `Bearer ${localStorage.getItem("token")}` } })).json()).rooms;
    for (const text of said) {
      const answer = await fetch(`/v1/rooms/${room.id}/messages`, { method: "POST", body: JSON.stringify({ text }), headers: { authorization: `Bearer ${localStorage.getItem("token")}`, "content-type": "application/json" } });
      if (!answer.ok) throw new Error(`${answer.status} for ${text}`);
    }
  }, said);
  await page.reload();
  await page.locator("#log article").first().waitFor();
  for (let shown = 0; shown < 390; ) {
    await page.evaluate(() => document.querySelector('[data-as="older"]')?.click());
    await holds(page, async () => (await log(page).count()) > shown && !(await page.locator("#log[aria-busy]").count()));
    shown = await log(page).count();
  }
  assert.deepEqual(await page.evaluate(foreign), []);
  assert.deepEqual(await page.evaluate(steered), []);
  assert.ok((await page.locator("#log .marked a, #log .marked pre, #log .marked li, #log .marked blockquote, #log .marked strong").count()) > 100, "some of it is Markdown");
});

test("hostile blocks of an API that went mad stay words", async (t) => {
  const { page } = await chat(t, (made) => {
    const room = made.room("mad");
    made.person(room, 1, "ada");
    ALL.forEach((text, i) => made.say(room, 1, text, { quiet: true, blocks: [
      { kind: ["text", "item", "code", text][i % 4], quotes: i % 3 ? i : text, lists: i % 5 ? i * 7 : text, number: i % 2 ? text : i, spans: [{ text, marks: [text, "strong", "__proto__"], href: i % 2 ? text : `javascript:${text}` }] },
    ] }));
    room.marked = room.messages.at(-1).place;
    return room;
  }, { height: 3000 });
  await until(page, (all) => {
    document.querySelector('[data-as="older"]')?.click();
    return document.querySelectorAll("#log article").length === all;
  }, ALL.length);
  assert.deepEqual(await page.evaluate(foreign), []);
  assert.deepEqual(await page.evaluate(steered), []);
});

test("hostile words in every room's name and topic, one after the other", async (t) => {
  const { page, mock: made, room } = await chat(t, (made) => made.room("room"));
  for (const text of ALL) {
    Object.assign(room.state, { name: text, topic: text, nick: text, stopped: text, digest: text });
    made.status(room);
  }
  Object.assign(room.state, { name: "the last", topic: "" });
  made.status(room);
  await page.locator("#name", { hasText: "the last" }).waitFor();
  for (const text of ALL.filter((_, i) => i % 10 === 0)) made.room(text, { topic: text });
  made.emit("lagged", { missed: 1 });
  await page.locator("#room-list li").nth(ALL.length / 10 - 1).waitFor();
  await page.locator('[data-do="more"]').click();
  assert.deepEqual(await page.evaluate(foreign), []);
  assert.deepEqual(await page.evaluate(steered), []);
});

test("nothing outside of this origin is ever asked for", async (t) => {
  const { page, mock: made } = await chat(t, hostile);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.reload();
  await page.locator("#log article").first().waitFor();
  assert.ok(asked.length > 5);
  assert.deepEqual(asked.filter((url) => !url.startsWith(made.url)), []);
});

test("a link is shown as it was typed, and says where it goes", async (t) => {
  const { page } = await chat(t, (made) => {
    const room = made.room("links");
    made.person(room, 1, "ada");
    made.say(room, 1, "see (https://example.org/a_(b)?q=1#x), http://good.example@evil.example/ and javascript:alert(1) or ftp://example.org", { quiet: true });
    return room;
  });
  const links = await log(page).locator("a").evaluateAll((all) => all.map((link) => [link.textContent, link.getAttribute("href"), link.title]));
  assert.deepEqual(links, [
    ["https://example.org/a_(b)?q=1#x", "https://example.org/a_(b)?q=1#x", "opens example.org"],
    ["http://good.example@evil.example/", "http://good.example@evil.example/", "opens evil.example"],
  ]);
});
