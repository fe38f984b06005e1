// Features that people expect of any chat: actions beside a message, marked text, pictures, drafts, emoji, links to a
// message, the line above unread messages, and a room that finds nobody.

import test from "node:test";
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { chat, findings, holds, log, mock, open, overflow, said, type, until } from "./browser.mjs";
import { START_MS, author, lunch } from "./mock.mjs";

const PAGE = new URL("../../src/web/page/", import.meta.url);
const WIDTHS = [{ width: 1280, height: 800 }, { width: 800, height: 700 }, { width: 360, height: 640 }];
const FIVE_MIN_MS = 300_000;

const tops = (page) => log(page).locator(".text").evaluateAll((all) => all.map((node) => node.getBoundingClientRect().top));
const tool = (row, name) => row.locator(".tools").getByRole("button", { name, exact: true });

const talk = (count, set) => (made) => {
  const room = made.room("talk");
  made.person(room, 1, "ada");
  for (let i = 0; i < count; i += 1) made.say(room, 1, `line ${i} of ${count}`, { quiet: true, ...set });
  room.marked = room.messages.at(-1)?.place ?? null;
  return room;
};

for (const size of WIDTHS) {
  test(`what can be done with a message stands under the pointer and moves no text: ${size.width} pixels`, async (t) => {
    const { page, room } = await chat(t, lunch, size);
    const before = await tops(page);
    const theirs = said(page, "half past twelve is good");
    await theirs.hover();
    assert.deepEqual(await theirs.locator(".tools button").evaluateAll((all) => all.map((node) => node.ariaLabel)), ["Reply", "React", "More"]);
    assert.deepEqual([await tops(page), await findings(page), await overflow(page)], [before, [], []]);
    await tool(theirs, "Reply").click();
    await page.locator("#about-text", { hasText: "alan: Half past twelve" }).waitFor();
    await page.keyboard.press("Escape");
    const own = said(page, "money on it");
    await own.hover();
    assert.equal(await page.locator(".tools.hover").count(), 1);
    await tool(own, "React").click();
    await page.locator(".picker button", { hasText: "👀" }).click();
    await own.locator(".reactions button", { hasText: "👀 1" }).waitFor();
    await own.hover();
    await tool(own, "Edit").click();
    await page.keyboard.type(" Still.");
    await page.keyboard.press("Enter");
    await said(page, "money on it. Still.").hover();
    await tool(said(page, "money on it. Still."), "Take back").click();
    await page.locator("#ask button", { hasText: "Take it back" }).click();
    await until(page, () => !document.querySelector("#log").innerText.includes("money on it. Still."));
    assert.equal(room.messages.filter(({ gone }) => gone).length, 2);
  });
}

test("a tap shows what can be done with a message, and moves no text", async (t) => {
  const { page } = await chat(t, lunch, { width: 360, height: 640, hasTouch: true, isMobile: true });
  const before = await tops(page);
  const own = said(page, "sits by the window");
  await own.locator(".text").tap();
  await tool(own, "Edit").waitFor();
  assert.deepEqual([await tops(page), await overflow(page)], [before, []]);
  const [box] = await own.locator(".tools button").evaluateAll((all) => all.map((node) => node.getBoundingClientRect()).map(({ width, height }) => [width, height]));
  assert.ok(box[0] >= 40 && box[1] >= 38, `${box}`);
  await tool(own, "Edit").tap();
  assert.equal(await page.locator("#text").inputValue(), "Of course. @edsger sits by the window.");
});

test("marked text is built of elements, and what only looks like it stays words", async (t) => {
  const span = (text, ...marks) => ({ text, marks });
  const blocks = [
    { kind: "text", spans: [span("so "), span("very", "strong"), span(" "), span("good", "emphasis", "strong"), span(" "), span("gone", "struck"), span(" "), span("x = <b>1</b>", "code"), span(" for "), span("@vera")] },
    { kind: "item", lists: 1, spans: [span("soup")] }, { kind: "item", lists: 2, number: 3, spans: [span("hot")] }, { kind: "item", lists: 2, number: 4, spans: [span("cold")] }, { kind: "item", lists: 1, spans: [span("bread")] },
    { kind: "text", quotes: 1, spans: [span("first\nsecond")] }, { kind: "text", quotes: 2, spans: [span("deep")] },
    { kind: "code", spans: [span("fn main() {\n    <script>\n}")] },
    { kind: "text", spans: [{ text: "the bank", href: "https://evil.example/x" }, span(" and "), { text: "https://bank.example/", href: "https://evil.example/" }, span(" and "), { text: "https://example.org/", href: "https://example.org/" }] },
  ];
  const { page } = await chat(t, (made) => {
    const room = lunch(made);
    made.say(room, 1, "marked", { quiet: true, blocks, mentions: [author(0)] });
    return room;
  });
  const made = await page.locator(".marked").last().evaluate((node) => [...node.querySelectorAll("*")].map(({ localName, value, textContent }) => (localName === "li" ? `li ${value} ${textContent}` : `${localName} ${textContent}`)));
  assert.deepEqual(made, [
    "p so very good gone x = <b>1</b> for @vera", "strong very", "strong good", "em good", "s gone", "code x = <b>1</b>", "span @vera",
    "ul souphotcoldbread", "li 0 souphotcold", "ol hotcold", "li 3 hot", "li 4 cold", "li 0 bread",
    "blockquote first\nseconddeep", "p first\nsecond", "blockquote deep", "p deep",
    "pre fn main() {\n    <script>\n}", "code fn main() {\n    <script>\n}",
    "p the bank (evil.example) and https://bank.example/ (evil.example) and https://example.org/", "a the bank", "span  (evil.example)", "a https://bank.example/", "span  (evil.example)", "a https://example.org/",
  ]);
  assert.deepEqual(await findings(page), []);
});

for (const size of WIDTHS) {
  test(`a page that is loaded again rests at the newest line, pictures or not, and scrolls by no pixel: ${size.width} pixels`, async (t) => {
    const { page, mock: made } = await chat(t, (made) => {
      const room = talk(40)(made);
      for (let i = 0; i < 5; i += 1) {
        const file = { hash: "ab".repeat(32), name: `photo${i}.png`, mime: "image/png", size: 9000, state: "here", have: 9000, pixels: [800, 600] };
        made.say(room, 1, file.name, { quiet: true, kind: "file", file });
      }
      made.say(room, 1, "the newest line", { quiet: true });
      room.marked = room.messages.at(-1).place;
      return room;
    }, size);
    const release = made.hold(({ url }) => url.includes("/files/"));
    await page.reload();
    await said(page, "the newest line").waitFor();
    const rests = () => page.evaluate(() => {
      const [log, rows] = [document.querySelector("#log"), [...document.querySelectorAll("#log article")]];
      return [Math.round(log.scrollHeight - log.scrollTop - log.clientHeight), rows.map((row) => row.getBoundingClientRect().height)];
    });
    const before = await rests();
    assert.equal(before[0], 0);
    release();
    await until(page, () => [...document.querySelectorAll(".file img")].at(-1)?.naturalWidth === 800);
    assert.deepEqual(await rests(), before, "pictures that arrive move nothing");
    await page.evaluate(() => scrollTo(0, 99));
    assert.deepEqual(await page.evaluate(() => [scrollX, scrollY, document.documentElement.scrollHeight - innerHeight]), [0, 0, 0]);
  });
}

test("an arrow changes what one said last, and what was being written comes back", async (t) => {
  const { page, room } = await chat(t, lunch);
  await page.keyboard.press("ArrowUp");
  await page.locator("#about-text", { hasText: "Changing: Of course." }).waitFor();
  await page.keyboard.type(" Promised.");
  await page.keyboard.press("Enter");
  await said(page, "by the window. Promised.").waitFor();
  assert.equal(room.messages.filter(({ text }) => text.endsWith("Promised.")).length, 1);
});

test("what is being written is there after a reload, in its room, until it is sent", async (t) => {
  const { page } = await chat(t, (made) => (made.room("tea"), lunch(made)));
  await page.keyboard.type("half a line");
  await page.keyboard.press("Alt+2");
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  await page.keyboard.type("another");
  await page.reload();
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  await until(page, () => document.querySelector("#text").value === "another");
  // An edit in between leaves it where it is.
  await page.locator("#text").fill("");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+1");
  await until(page, () => document.querySelector("#text").value === "half a line");
  await page.keyboard.press("Enter");
  await said(page, "half a line").waitFor();
  await page.reload();
  await page.locator("#name", { hasText: "tea" }).waitFor();
  assert.equal(await page.locator("#text").inputValue(), "");
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("draft"))), []);
});

test("emoji are found by name, below a message and while one writes", async (t) => {
  const { page, room } = await chat(t, lunch);
  await page.keyboard.type("cheers :part");
  await page.locator("#choices li", { hasText: "party popper" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.locator("#text").inputValue(), "cheers 🎉 ");
  await page.locator("#emoji").click();
  await page.locator(".picker input").fill("cheese");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("#text").value === "cheers 🎉 🧀");
  await page.locator("#text").press("Enter");
  await said(page, "cheers 🎉 🧀").waitFor();
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("+");
  await page.locator(".picker input").fill("thumbs");
  await page.keyboard.press("Enter");
  await said(page, "cheers").locator(".reactions button", { hasText: "👍 1" }).waitFor();
  await page.locator("#emoji").click();
  await page.locator(".picker input").fill("nothing like it");
  await page.locator("#ask", { hasText: "No emoji is called so." }).waitFor();
  assert.equal(room.messages.at(-1).reactions[0].sign, "👍");
});

test("a link to a message leads there, from outside and from what somebody says", async (t) => {
  const { page, mock: made, room } = await chat(t, (made) => (made.room("tea"), talk(1000)(made)), { permissions: ["clipboard-read", "clipboard-write"] });
  await page.keyboard.press("Alt+2");
  await said(page, "line 999 of").waitFor();
  await said(page, "line 990 of").hover();
  await tool(said(page, "line 990 of"), "More").click();
  await page.locator("#ask button", { hasText: "Copy a link" }).click();
  await until(page, () => document.querySelector("#spoken").textContent === "The link is copied.");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, `${made.url}#m/${room.state.id}/${room.messages[990].ref}`);
  const far = link.replace(/\.990$/, ".123");
  await page.keyboard.press("Alt+1");
  await page.locator("#name", { hasText: "tea" }).waitFor();
  await page.goto(far);
  await until(page, () => document.activeElement.innerText?.includes("line 123 of"));
  assert.equal(page.url(), made.url);
  made.say(room, 1, `see ${link}`);
  await page.locator("#chips button", { hasText: "new" }).click();
  await said(page, "see http").getByRole("link").click();
  await until(page, () => document.activeElement.innerText?.includes("line 990 of"));
  const other = await page.context().newPage();
  await other.goto(far);
  await until(other, () => document.activeElement.innerText?.includes("line 123 of"));
  await other.goto(link.replace(room.state.id, "0".repeat(64)));
  await other.locator("#alerts", { hasText: "a room that you are not in" }).waitFor();
});

test("a day leads to what was said then", async (t) => {
  const { page } = await chat(t, (made) => {
    const room = made.room("days");
    made.person(room, 1, "ada");
    for (let day = 0; day < 200; day += 1) made.say(room, 1, `said on day ${day}`, { quiet: true, at: START_MS + day * 86_400_000 });
    room.marked = room.messages.at(-1).place;
    return room;
  });
  await page.locator('[data-side="search"]').click();
  await page.locator('input[name="day"]').fill("2026-05-14");
  await until(page, () => document.activeElement.innerText?.includes("said on day 10"));
  await page.locator("#text").focus();
  await page.keyboard.type("/day 2026-06-03");
  await page.keyboard.press("Enter");
  await until(page, () => document.activeElement.innerText?.includes("said on day 30"));
});

test("times are told as ages that go on, and exactly for whoever asks", async (t) => {
  const { mock: made, room } = await mock(t, lunch);
  const now = Date.UTC(2026, 10, 28, 12, 0);
  made.say(room, 1, "a while ago", { quiet: true, at: now - FIVE_MIN_MS });
  made.say(room, 1, "just so", { quiet: true, at: now - 5000 });
  const page = await open(t, "about:blank");
  await page.clock.install({ time: now });
  await page.goto(made.link());
  const time = (text) => said(page, text).locator("time");
  await time("a while ago").filter({ hasText: "5 min ago" }).waitFor();
  assert.equal(await time("a while ago").getAttribute("title"), "28 November 2026 at 11:55:00");
  assert.equal(await time("just so").textContent(), "now");
  assert.equal(await time("Shall we go").textContent(), "09:02");
  await page.clock.runFor(3 * 3_600_000);
  await time("a while ago").filter({ hasText: "3 h ago" }).waitFor();
});

test("the tab shows by its picture that something is unread", async (t) => {
  const { page, mock: made } = await chat(t, (made) => (lunch(made), made.room("tea"), made));
  const icon = () => page.locator("#icon").getAttribute("href");
  assert.equal(await icon(), "icon.svg");
  made.say(made.rooms[1], 1, "tea?");
  await holds(page, async () => (await icon()) === "icon-unread.svg");
  assert.equal((await page.request.get(made.url + "icon-unread.svg")).status(), 200);
  await page.keyboard.press("Alt+2");
  await holds(page, async () => (await icon()) === "icon.svg");
});

test("a command that takes nothing does nothing else with words behind it", async (t) => {
  const { page } = await chat(t, lunch, { quiet: true });
  for (const command of ["/close without spam", "/ticket keeper"]) {
    await type(page, command);
    await page.keyboard.press("Enter");
    await page.locator("#alerts .alert", { hasText: "takes nothing behind it here" }).waitFor();
    assert.equal(await page.locator("dialog[open]").count(), 0);
    assert.equal(await page.locator("#text").inputValue(), command);
    await page.locator("#text").fill("");
  }
});

test("an error goes when its cause is gone", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch, { quiet: true });
  await type(page, "/nonsense");
  await page.keyboard.press("Enter");
  await page.locator("#alerts .alert").waitFor();
  await page.keyboard.press("Backspace");
  await page.locator("#alerts .alert").waitFor({ state: "detached" });
  await page.locator("#text").fill("");
  made.isDown = true;
  made.cut();
  await type(page, "said into the void");
  await page.keyboard.press("Enter");
  await page.locator("#alerts", { hasText: "does not answer" }).waitFor();
  made.isDown = false;
  await page.locator("#alerts .alert").waitFor({ state: "detached" });
  const notice = (code, text) => made.emit("notice", { room: room.state.id, code, text });
  Object.assign(room.state, { clock: "your clock looks wrong", stopped: "the disk is full" });
  made.status(room);
  notice("skewed", "your clock looks wrong");
  notice("stopped", "This room has stopped");
  await page.locator(".banner").nth(1).waitFor();
  Object.assign(room.state, { clock: "", stopped: null });
  made.status(room);
  await page.locator(".banner").first().waitFor({ state: "detached" });
});

// Simulates that the window loses the focus, or gets it back.
const look = (page, isHere) => page.evaluate((isHere) => {
  document.hasFocus = () => isHere;
  dispatchEvent(new Event(isHere ? "focus" : "blur"));
}, isHere);

test("on every return a line tells where one left off, and what came while nobody looked is not read", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  const line = page.locator("#unread");
  await look(page, false);
  const before = room.marked;
  for (const text of ["one", "two"]) made.say(room, 1, `away ${text}`);
  await line.filter({ hasText: "2 new" }).waitFor();
  assert.equal(room.marked, before, "nobody looked");
  await look(page, true);
  await holds(page, () => room.marked === room.messages.at(-1).place);
  assert.ok(await line.isVisible(), "it stays while one reads");
  await look(page, false);
  await line.waitFor({ state: "detached" });
  // Whoever looks away before the program has heard what was read has read it nevertheless.
  made.say(room, 1, "a glance");
  await line.filter({ hasText: "1 new" }).waitFor();
  let isAsked = false;
  const answer = made.hold(({ method, url }) => method === "PUT" && url.endsWith("/read") && (isAsked = true));
  await look(page, true);
  await holds(page, () => isAsked);
  await look(page, false);
  answer();
  await line.waitFor({ state: "detached" });
  for (let i = 0; i < 60; i += 1) made.say(room, 1, `away again ${i}`);
  await line.filter({ hasText: "60 new" }).waitFor();
  await said(page, "away again 59").waitFor({ state: "attached" });
  await look(page, true);
  assert.match(await line.evaluate((node) => node.nextElementSibling.innerText), /away again 0/);
  const top = await line.evaluate((node) => node.getBoundingClientRect().top - document.querySelector("#log").getBoundingClientRect().top);
  assert.ok(top >= 0 && top < 100, `it stands on top: ${top}`);
  await holds(page, () => room.marked > room.messages.at(-60).place);
  assert.ok(room.marked < room.messages.at(-5).place, "what is out of sight is not read");
  // A reader who leaves again in the middle finds the line there.
  const read = room.marked;
  await look(page, false);
  await until(page, () => document.querySelector("#unread")?.previousElementSibling.innerText.includes("away again"));
  await page.reload();
  await line.waitFor();
  assert.equal(await line.evaluate((node) => node.nextElementSibling.dataset.key), room.messages.find(({ place }) => place > read).ref);
});

test("a message is marked as unread, and stays so until one comes back", async (t) => {
  const { page, mock: made, room } = await chat(t, (made) => (lunch(made), made.room("tea"), made.rooms[0]));
  const third = room.messages[3];
  await said(page, "I can be there at").hover();
  await tool(said(page, "I can be there at"), "More").click();
  await page.locator("#ask button", { hasText: "Mark as unread" }).click();
  await page.locator("#unread", { hasText: "3 new" }).waitFor();
  assert.equal(room.marked, room.messages[2].place);
  await page.locator("#room-list li", { hasText: "lunch" }).locator(".badge", { hasText: "@1" }).waitFor();
  made.say(room, 1, "one more");
  await said(page, "one more").waitFor();
  assert.ok(room.marked < third.place, "it is still unread");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+2");
  await page.locator("#name", { hasText: "tea" }).waitFor();
  assert.ok(room.marked < third.place);
  await page.keyboard.press("Alt+1");
  await page.locator("#unread", { hasText: "4 new" }).waitFor();
  await holds(page, () => room.marked === room.messages.at(-1).place);
});

test("who takes a first name joins", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  made.person(room, 9, "Ann");
  made.say(room, 9, "Ann", { kind: "nick" });
  await log(page).filter({ hasText: /Ann.*joined/s }).waitFor();
  assert.equal(await log(page).last().locator(".nick").innerText(), "Ann");
  made.say(room, 9, "Annie", { kind: "nick" });
  await said(page, "is now called Annie").locator(".nick").filter({ hasText: /^Ann$/ }).waitFor();
});

for (const size of WIDTHS) {
  test(`a room that finds nobody says whom it looks for, and no longer once somebody came: ${size.width} pixels`, async (t) => {
    const { page, mock: made, room } = await chat(t, (made) => made.room("", {
      nick: author(0).slice(0, 8),
      seeking: { since_ms: START_MS, lan: true, peers: [{ peer: "c0ffee01".repeat(8), routes: ["192.168.1.5:4711", "https://relay.example.org/"], tries: 0, why: "" }] },
    }), { ...size, motion: "reduce" });
    const told = page.locator("#empty");
    await told.filter({ hasText: "Looking for the others" }).filter({ hasText: "since 09:00" }).filter({ hasText: "c0ffee01 at 192.168.1.5:4711, https://relay.example.org/: being dialled" }).waitFor();
    await told.getByText("Ask them to open it").waitFor();
    await told.getByText("on this network and at the addresses").waitFor();
    room.state.seeking.lan = false;
    made.status(room);
    await told.getByText(", at the addresses").waitFor();
    room.state.seeking.peers[0] = { ...room.state.seeking.peers[0], tries: 3, why: "it does not answer" };
    made.status(room);
    await told.filter({ hasText: "dialled 3 times, in vain (it does not answer)" }).waitFor();
    await page.locator("#status", { hasText: "Nobody found yet, looking since 09:00" }).waitFor();
    assert.deepEqual([await findings(page), await overflow(page)], [[], []]);
    await type(page, "is anybody there?");
    await page.keyboard.press("Enter");
    await page.locator(".banner", { hasText: "Nobody of this room was found so far" }).waitFor();
    delete room.state.seeking;
    room.state.name = "lunch";
    made.person(room, 1, "ada");
    made.say(room, 1, "I am");
    await said(page, "I am").waitFor();
    await page.locator(".banner").waitFor({ state: "detached" });
  });
}

test("the page is small: below 180 kB, and 60 kB compressed", async () => {
  // As they are served: scripts without comment lines and indentation.
  const served = async (name) => {
    const file = await readFile(new URL(name, PAGE));
    return name.endsWith(".js") ? Buffer.from(file.toString().replace(/^[ \t]*(\/\/.*$)?/gm, "")) : file;
  };
  const files = await Promise.all((await readdir(PAGE)).map(served));
  const sum = (sizes) => sizes.reduce((one, other) => one + other, 0);
  const [whole, packed] = [sum(files.map(({ length }) => length)), sum(files.map((file) => gzipSync(file, { level: 9 }).length))];
  assert.ok(whole < 180_000, `${whole} bytes`);
  assert.ok(packed < 60_000, `${packed} bytes compressed`);
});
