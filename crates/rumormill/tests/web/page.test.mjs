// The page against a mock of the API: a conversation, changes of it, and navigation in it.

import test from "node:test";
import assert from "node:assert/strict";
import { chat, holds, log, mock, open, said, say, type, until } from "./browser.mjs";
import { START_MS, author, lunch } from "./mock.mjs";

const talk = (count) => (made) => {
  const room = made.room("talk");
  made.person(room, 1, "ada");
  for (let i = 0; i < count; i += 1) made.say(room, 1, `line ${i} of ${count}`, { quiet: true });
  room.marked = room.messages.at(-1)?.place ?? null;
  return room;
};

test("the code opens a session and leaves no trace", async (t) => {
  const { mock: made } = await mock(t, lunch);
  const page = await open(t, made.link(), {});
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.equal(page.url(), made.url);
  assert.equal(await page.evaluate(() => history.length), 2);
  await page.reload();
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.ok(!made.requests.some((request) => request.includes("first-code")), "the code is in no request line");
});

test("without a session there is a calm screen, which takes a link", async (t) => {
  const { mock: made } = await mock(t, lunch);
  const page = await open(t, made.link("no-such-code"), { quiet: true });
  await page.locator("#gate").getByText("This code has been used").waitFor();
  assert.equal(page.url(), made.url);
  await page.keyboard.type(made.link());
  await page.keyboard.press("Enter");
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.equal(await page.locator("#gate").isVisible(), false);
});

test("a conversation with the keyboard alone", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await said(page, "first line\nsecond line").waitFor();
  assert.equal(room.messages.at(-1).text, "first line\nsecond line");
  // Reply to ada's message.
  made.say(room, 1, "who brings bread?");
  await said(page, "who brings bread?").waitFor();
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("r");
  await page.locator("#about-text", { hasText: "ada: who brings bread?" }).waitFor();
  await page.keyboard.type("I do");
  await page.keyboard.press("Enter");
  const reply = said(page, "I do");
  await reply.waitFor();
  assert.equal(room.messages.at(-1).reply_to.nick, "ada");
  assert.match(await reply.locator(".quote").innerText(), /ada\s+who brings bread\?/);
  // Edit it, and cancel another edit with Escape.
  await page.keyboard.press("ArrowUp");
  assert.equal(await page.locator("#text").inputValue(), "I do");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#text").inputValue(), "");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.type(", and cheese");
  await page.keyboard.press("Enter");
  await said(page, "I do, and cheese").locator(".tag", { hasText: "edited" }).waitFor();
  // React, by picking and by typing an emoji.
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("+");
  await page.locator(".picker").waitFor();
  await page.keyboard.press("Enter");
  await said(page, "I do, and cheese").locator('.reactions [aria-pressed="true"]', { hasText: "👍 1" }).waitFor();
  await page.keyboard.press("+");
  await page.locator(".picker input").focus();
  await page.keyboard.type("🧀");
  await page.keyboard.press("Enter");
  await said(page, "I do, and cheese").locator(".reactions button", { hasText: "🧀 1" }).waitFor();
  // Take it back.
  await page.keyboard.press("Delete");
  await page.locator("#ask", { hasText: "Take this back?" }).waitFor();
  await page.keyboard.press("Enter");
  await log(page).last().filter({ hasText: "(taken back)" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
});

test("one can write on while lines are on their way, and they keep their order", async (t) => {
  const { page, room } = await chat(t, lunch);
  for (let i = 0; i < 5; i += 1) {
    await page.keyboard.type(`quick ${i}`);
    await page.keyboard.press("Enter");
  }
  await said(page, "quick 4").waitFor();
  assert.deepEqual(room.messages.slice(-5).map(({ text }) => text), [0, 1, 2, 3, 4].map((i) => `quick ${i}`));
});

test("names complete and mention", async (t) => {
  const { page, room } = await chat(t, lunch);
  await page.keyboard.type("ask @ed");
  await page.locator("#choices li", { hasText: "edsger" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type("or @grace");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await said(page, "ask @edsger or @grace").waitFor();
  assert.deepEqual(room.messages.at(-1).mentions.toSorted(), [author(2), author(4)].toSorted());
  assert.deepEqual(await said(page, "ask @edsger or").locator(".called").allInnerTexts(), ["@edsger", "@grace"]);
});

test("names that could be taken for each other show digits", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  made.person(room, 9, "аda");
  made.emit("person", { room: room.state.id, author: author(9), nick: "аda", here: true });
  made.say(room, 9, "send me the ticket");
  await said(page, "send me the ticket").locator(".nick", { hasText: author(9).slice(0, 4) }).waitFor();
  await said(page, "Shall we go").locator(".nick", { hasText: author(1).slice(0, 4) }).waitFor();
  assert.equal(await said(page, "money on it").locator(".nick").innerText(), "vera");
});

test("who holds a message shows, in figures, words and picture", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  await say(page, "is this on?");
  const own = room.messages.at(-1);
  await said(page, "is this on?").locator(".held", { hasText: "0/5" }).waitFor();
  made.held(room, own, 2, 1);
  const tick = said(page, "is this on?").locator(".held", { hasText: "✓ 2/5" });
  await tick.waitFor();
  assert.equal(await tick.getAttribute("title"), "received by 2 of 5 others, acknowledged by 1");
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("h");
  await page.locator(".holding", { hasText: "received by 2 of 5 others: ada, grace" }).waitFor();
  await page.locator(".holding", { hasText: "acknowledged by 1: ada" }).waitFor();
  assert.equal(await page.locator(".peer.has").count(), 2);
  assert.match(await page.locator(".picture").getAttribute("aria-label"), /4 peers: 3 direct, 1 relayed\. The selected message is received by 2 of 5 others/);
  made.held(room, own, 4);
  await page.locator(".holding", { hasText: "4 of 5 others" }).waitFor();
  assert.equal(await page.locator(".peer.has").count(), 4);
});

test("a rumor walks through the picture, or lights the link where motion is not wanted", async (t) => {
  for (const motion of ["no-preference", "reduce"]) {
    const { page, mock: made, room } = await chat(t, lunch, { motion });
    await page.locator('[data-side="network"]').click();
    await page.locator(".peer").first().waitFor();
    await page.evaluate(() => {
      new MutationObserver((found) => (window.moved ??= found[0].target.localName)).observe(document.querySelector(".picture"), { subtree: true, childList: true, attributeFilter: ["class"] });
    });
    made.emit("step", { room: room.state.id, kind: "push", from: null, to: author(501), entries: 1 });
    await page.locator(".steps li", { hasText: "push to ada, 1 entry" }).waitFor();
    await until(page, () => window.moved);
    assert.equal(await page.evaluate(() => window.moved), motion === "reduce" ? "line" : "g");
    await until(page, () => !document.querySelector(".rumor"));
  }
});

test("one begins where one left off, and what one passes over is not read", async (t) => {
  const { page, mock: made, room } = await chat(t, (made) => {
    const room = talk(200)(made);
    room.marked = room.messages[99].place;
    return room;
  });
  const marker = page.locator("#unread", { hasText: "100 new" });
  await marker.waitFor();
  assert.equal(await marker.evaluate((node) => node.nextElementSibling.querySelector(".text").innerText), "line 100 of 200");
  // Only visible messages count as read.
  await holds(page, () => room.marked > room.messages[100].place);
  assert.ok(room.marked < room.messages[140].place, "what is out of sight is not read");
  await page.locator("#chips button", { hasText: "Newest" }).click();
  await said(page, "line 199 of 200").waitFor();
  await holds(page, () => room.marked === room.messages.at(-1).place);
  await page.locator("#chips button", { hasText: "100 new" }).click();
  await marker.waitFor();
  await page.locator("#chips button", { hasText: "Newest" }).click();
  made.say(room, 1, "one more");
  await said(page, "one more").waitFor();
  await holds(page, () => room.marked === room.messages.at(-1).place);
});

test("fifty thousand messages are paged, with real numbers and a bounded page", async (t) => {
  const { page, room } = await chat(t, (made) => {
    const room = talk(38_412)(made);
    room.state.missing = 12_608;
    return room;
  });
  const shown = page.locator("#shown");
  assert.equal(await shown.innerText(), "50 shown, 38,412 of 51,020 here");
  assert.match(await page.locator("#status").innerText(), /12,608 entries missing/);
  await page.keyboard.press("ArrowUp");
  const at = () => page.evaluate(() => Number(/line (\d+) of/.exec(document.activeElement.innerText)?.[1]));
  for (let now = await at(); now > 37_900; ) {
    await page.keyboard.press("Home");
    await holds(page, async () => (await at()) < now);
    now = await at();
    assert.ok((await log(page).count()) <= 400);
  }
  assert.equal(await shown.innerText(), "400 shown, 38,412 of 51,020 here");
  // The page fetches dropped messages below again.
  await page.locator("#chips button", { hasText: "Newest" }).click();
  await said(page, "line 38411 of").waitFor();
  assert.equal(await log(page).count(), 50);
  assert.equal(room.messages.length, 38_412);
});

test("scrolling pages up and down without moving what one reads", async (t) => {
  const { page, mock: made } = await chat(t, talk(1000));
  const scroller = page.locator("#log");
  const top = () => scroller.evaluate((node) => {
    const edge = node.getBoundingClientRect().top;
    const row = [...node.querySelectorAll("article")].find((each) => each.getBoundingClientRect().bottom > edge);
    return row.querySelector(".text").innerText;
  });
  // The uppermost row loses its head when earlier messages come.
  const release = made.hold(({ method, url }) => method === "GET" && url.includes("/messages?"));
  await scroller.evaluate((node) => (node.scrollTop = 150));
  const before = await top();
  release();
  await until(page, () => document.querySelectorAll("#log article").length === 100);
  assert.equal(await top(), before);
  for (let count = 150; count <= 400; count += 50) {
    await scroller.evaluate((node) => (node.scrollTop = 50));
    await until(page, (count) => document.querySelectorAll("#log article").length === count && !document.querySelector("[aria-busy]"), count);
  }
  await scroller.evaluate((node) => (node.scrollTop = 50));
  await until(page, () => !document.querySelector("[aria-busy]") && document.querySelector("#log article:last-of-type").innerText.includes("line 949"));
  await scroller.evaluate((node) => (node.scrollTop = node.scrollHeight));
  await until(page, () => document.querySelector("#log article:last-of-type").innerText.includes("line 999"));
});

test("late arrivals stand where they belong, and are told", async (t) => {
  const { page, mock: made, room } = await chat(t, talk(20));
  for (const minute of [3, 5, 7]) made.say(room, 1, `late at ${minute}`, { at: START_MS + minute * 60_000 + 1000, arrival: "late" });
  const chip = page.locator("#chips button", { hasText: "3 earlier messages arrived above" });
  await chip.click();
  await until(page, () => document.activeElement.innerText.includes("late at 3"));
  assert.deepEqual(await page.locator("#log article.late .text").allInnerTexts(), ["late at 3", "late at 5", "late at 7"]);
  const texts = await log(page).locator(".text").allInnerTexts();
  assert.deepEqual(texts.slice(2, 5), ["line 2 of 20", "late at 3", "line 3 of 20"]);
  await until(page, () => !document.querySelector("#chips")?.innerText.includes("earlier"));
});

test("what was said while the connection was lost is there when it is back", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch, { quiet: true });
  made.isDown = true;
  made.cut();
  await page.locator("#status", { hasText: "does not answer" }).waitFor();
  await type(page, "said into the void");
  await page.keyboard.press("Enter");
  await page.locator("#alerts", { hasText: "does not answer" }).waitFor();
  assert.equal(await page.locator("#text").inputValue(), "said into the void", "what was typed is kept");
  made.say(room, 1, "said meanwhile");
  room.messages[1].text = "changed meanwhile";
  made.isDown = false;
  await said(page, "said meanwhile").waitFor();
  await said(page, "changed meanwhile").waitFor();
  await page.keyboard.press("Enter");
  await said(page, "said into the void").waitFor();
  assert.match(await page.locator("#status").innerText(), /3 peers direct, 1 relayed/);
});

// A page that has lost its process, which keeps its events, and somebody who speaks meanwhile.
const broken = async (t) => {
  const { page, mock: made, room } = await chat(t, lunch, { quiet: true });
  made.keepsEvents = true;
  made.say(room, 1, "said before");
  await said(page, "said before").waitFor();
  made.isDown = true;
  made.cut();
  await page.locator("#status", { hasText: "does not answer" }).waitFor();
  made.say(room, 1, "said meanwhile");
  return { page, made, room };
};

test("after a break the page gets each missed event once, and reads nothing again", async (t) => {
  const { page, made, room } = await broken(t);
  made.requests.length = 0;
  made.isDown = false;
  await said(page, "said meanwhile").waitFor();
  made.say(room, 1, "said after");
  await said(page, "said after").waitFor();
  await page.locator("#status", { hasText: /3 peers direct, 1 relayed/ }).waitFor();
  for (const text of ["said before", "said meanwhile", "said after"])
    assert.equal(await said(page, text).count(), 1, text);
  const reads = made.requests.filter((request) => /^GET \/v1\/rooms(\?|$|\/[^/]*\/messages)/.test(request));
  assert.deepEqual(reads, []);
});

test("a page that cannot go on where it broke reads again", async (t) => {
  const { page, made } = await broken(t);
  made.events.fill("");
  made.events.push(`id: ${made.events.length}\nevent: lagged\ndata: {"missed":0,"why":"restart"}\n\n`);
  made.isDown = false;
  await said(page, "said meanwhile").waitFor();
  assert.equal(await said(page, "said before").count(), 1);
});

test("events that were dropped make the page read again", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  made.say(room, 1, "an event of this was dropped", { quiet: true });
  made.emit("lagged", { missed: 1 });
  await said(page, "an event of this was dropped").waitFor();
});

test("an answer that events overtook changes nothing", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  const [message] = room.messages.filter(({ reactions }) => reactions.length);
  const before = structuredClone(message);
  const pressed = page.locator('.reactions [aria-pressed="true"]', { hasText: "👍 3" });
  await page.route("**/reactions/**", async (route) => {
    const response = await route.fetch();
    await pressed.waitFor();
    await route.fulfill({ response, json: before });
  });
  const answered = page.waitForResponse(/reactions/);
  await page.locator(".reactions button", { hasText: "👍 2" }).click();
  await (await answered).finished();
  made.say(room, 1, "said after it");
  await said(page, "said after it").waitFor();
  assert.equal(await pressed.count(), 1);
});

test("an ended session leads back to the calm screen", async (t) => {
  const { page, mock: made } = await chat(t, lunch, { quiet: true });
  made.tokens.clear();
  made.cut();
  await page.locator("#gate").waitFor();
  made.codes.add("second-code");
  await page.goto(made.link("second-code"));
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.equal(page.url(), made.url);
});

test("rooms on this network are entered without a ticket, and ours is announced there", async (t) => {
  const { page, mock: made } = await chat(t, lunch);
  await page.locator('[data-do="join"]').click();
  await page.locator("#ask .nearby", { hasText: "No room is announced" }).waitFor();
  await page.keyboard.press("Escape");
  made.nearby = [{ name: "<b>tea\u202e", id: "ab".repeat(32), peer: "cd".repeat(32), ticket: "rumormill1near" }];
  await page.locator('[data-do="join"]').click();
  const door = page.locator("#ask .nearby button");
  await door.waitFor();
  assert.equal(await door.textContent(), "<b>tea");
  await door.click();
  await page.locator("#name", { hasText: "joined" }).waitFor();
  assert.equal(await page.locator("#ask").isVisible(), false);

  await page.locator('[data-do="ticket"]').click();
  const toggle = page.getByRole("button", { name: "Announce it" });
  await toggle.click();
  await page.locator("#ask", { hasText: "Whoever is on this network can find" }).waitFor();
  assert.equal(made.rooms.at(-1).state.announced, true);
  await toggle.click();
  await until(page, () => !document.querySelector("#ask").textContent.includes("Whoever is on this network"));
  assert.equal(made.rooms.at(-1).state.announced, false);
});

test("rooms are begun, entered, changed and left", async (t) => {
  const { page, mock: made } = await chat(t, lunch, { quiet: true });
  await type(page, "/new tea");
  await page.keyboard.press("Enter");
  await page.locator("#name", { hasText: "tea" }).waitFor();
  await page.locator("#empty", { hasText: "Nothing said yet" }).waitFor();
  await type(page, "/topic where the pot is");
  await page.keyboard.press("Enter");
  await page.locator("#topic", { hasText: "where the pot is" }).waitFor();
  await type(page, "/nick Ada L.");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("#text").value === "");
  assert.equal(made.rooms[1].state.nick, "Ada L.");
  await page.locator('[data-do="join"]').click();
  await page.keyboard.type("not a ticket");
  await page.keyboard.press("Enter");
  await page.locator("#ask", { hasText: "this is no ticket" }).waitFor();
  await page.locator("#ask-value").fill("rumormill1xyz");
  await page.keyboard.press("Enter");
  await page.locator("#name", { hasText: "joined" }).waitFor();
  await page.keyboard.press("Alt+1");
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  await page.keyboard.press("Alt+ArrowDown");
  await page.locator("#name", { hasText: "tea" }).waitFor();
  await page.keyboard.press("Alt+ArrowUp");
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  await page.keyboard.press("Alt+2");
  await page.locator("#name", { hasText: "tea" }).waitFor();
  await type(page, "/leave");
  await page.keyboard.press("Enter");
  await page.locator("#ask", { hasText: "Leave this room?" }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.deepEqual(made.rooms.map(({ state }) => state.name), ["lunch", "joined"]);
});

// Two rooms with somebody in each; the first is open.
const two = (made) => {
  const [lunch, work] = [made.room("lunch"), made.room("work")];
  for (const room of [lunch, work]) {
    made.person(room, 1, "ada");
    made.say(room, 1, `welcome to ${room.state.name}`, { quiet: true });
    room.marked = room.messages.at(-1).place;
  }
  return lunch;
};

const goTo = async (page, name) => {
  await page.locator("#room-list button", { hasText: name }).click();
  await said(page, `welcome to ${name}`).waitFor();
};

test("what is said in a room stays in it, however late its newest page comes", async (t) => {
  const { page, mock: made, room } = await chat(t, (made) => {
    const room = two(made);
    for (let i = 0; i < 300; i += 1) made.say(room, 1, `line ${i} of lunch`, { quiet: true });
    room.marked = room.messages.at(-1).place;
    return room;
  });
  // Far above the end, so that saying something reads the newest page first.
  await page.keyboard.press("F6");
  await page.keyboard.press("F6");
  await page.keyboard.press("/");
  await page.keyboard.type("line 12 of");
  await page.keyboard.press("Enter");
  await page.locator(".found button").first().click();
  await said(page, "line 12 of lunch").waitFor();
  const newest = ({ method, url }) => method === "GET" && url.endsWith(`/${room.state.id}/messages?limit=50`);
  const release = made.hold(newest);
  const before = made.requests.length;
  await type(page, "soup at noon");
  await page.keyboard.press("Enter");
  const isAsked = (request) => request.startsWith("GET") && request.endsWith("/messages?limit=50");
  await holds(page, () => made.requests.slice(before).some(isAsked));
  await goTo(page, "work");
  release();
  await say(page, "nothing of lunch here");
  await say(page, "nor here");
  assert.equal(await said(page, "soup at noon").count(), 0);
  await page.locator("#room-list button", { hasText: "lunch" }).click();
  await said(page, "soup at noon").waitFor();
  assert.equal(await said(page, "nothing of lunch here").count(), 0);
});

test("a page of one room that comes late does not show in another", async (t) => {
  const { page, mock: made, room } = await chat(t, two);
  const release = made.hold(({ method, url }) => method === "GET" && url.includes(`/${room.state.id}/messages`));
  await goTo(page, "work");
  await page.locator("#room-list button", { hasText: "lunch" }).click();
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  await goTo(page, "work");
  release();
  await say(page, "still at work");
  assert.equal(await said(page, "welcome to lunch").count(), 0);
});

test("edits and commands are about the room in which they were written", async (t) => {
  const { page, mock: made, room } = await chat(t, two);
  await say(page, "soup at non");
  const release = made.hold(({ method, url }) => method === "POST" && url.endsWith("/messages"));
  await type(page, "and bread");
  await page.keyboard.press("Enter");
  // An edit and a command wait after the line that is being sent.
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("soup at noon");
  await page.keyboard.press("Enter");
  await page.keyboard.type("/topic food");
  await page.keyboard.press("Enter");
  await goTo(page, "work");
  release();
  await holds(page, () => room.messages.some(({ text }) => text === "soup at noon"));
  await goTo(page, "lunch");
  await holds(page, async () => (await page.locator("#text").inputValue()) === "/topic food");
  assert.deepEqual(made.rooms.map(({ state }) => state.topic), ["", ""]);
});

test("what is begun in one room waits there", async (t) => {
  const { page } = await chat(t, (made) => (made.room("tea"), lunch(made)));
  await page.keyboard.type("half a line");
  await page.keyboard.press("Alt+2");
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.equal(await page.locator("#text").inputValue(), "");
  await page.keyboard.press("Alt+1");
  await page.locator("#name", { hasText: "tea" }).waitFor();
  assert.equal(await page.locator("#text").inputValue(), "half a line");
});

test("other rooms show what is unread and who is called", async (t) => {
  const { page, mock: made } = await chat(t, (made) => (lunch(made), made.room("tea"), made));
  const [, tea] = made.rooms;
  made.say(tea, 1, "@vera?", { names_me: true });
  await page.locator("#room-list li", { hasText: "tea" }).locator(".badge.hot", { hasText: "@1" }).waitFor();
  await until(page, () => document.title.startsWith("(1) "));
  await page.keyboard.press("Alt+a");
  await page.locator("#name", { hasText: "tea" }).waitFor();
  await until(page, () => !document.querySelector("#room-list .badge"));
});

test("a pinned room comes first, and a muted room is calm", async (t) => {
  const { page, mock: made } = await chat(t, two, { quiet: true });
  const names = () => page.locator("#room-list .name").allInnerTexts();
  await goTo(page, "work");
  await type(page, "/pin");
  await page.keyboard.press("Enter");
  await page.locator("#room-list li", { hasText: "work" }).getByRole("img", { name: "pinned" }).waitFor();
  await holds(page, async () => (await names()).join() === "work,lunch");
  await page.keyboard.press("Alt+1");
  await page.locator("#name", { hasText: "work" }).waitFor();
  await page.locator('[data-do="more"]').click();
  await page.getByRole("button", { name: "Mute this room" }).click();
  await page.locator("#room-list li", { hasText: "work" }).getByRole("img", { name: "muted" }).waitFor();
  await goTo(page, "lunch");
  const work = made.rooms.find(({ state }) => state.name === "work");
  assert.deepEqual([work.state.muted, work.state.pinned], [true, true]);
  made.say(work, 1, "nothing that hurries");
  await page.locator("#room-list li", { hasText: "work" }).locator(".badge.calm", { hasText: "1" }).waitFor();
  // Another window ends both.
  Object.assign(work.state, { muted: false, pinned: false });
  made.rooms.reverse();
  made.status(work);
  await holds(page, async () => (await names()).join() === "lunch,work");
  await page.locator("#room-list .badge:not(.calm)", { hasText: "1" }).waitFor();
});

test("search finds, and goes there", async (t) => {
  const { page } = await chat(t, talk(1000));
  await page.keyboard.press("F6");
  await page.keyboard.press("F6");
  await page.keyboard.press("/");
  await page.keyboard.type("line 123 of");
  await page.keyboard.press("Enter");
  await page.locator("#side", { hasText: "1 message found" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await until(page, () => document.activeElement.innerText?.includes("line 123 of") && document.activeElement.localName === "article");
  assert.equal(await log(page).count(), 101);
});

test("the ticket shows with its picture, and is copied", async (t) => {
  const { page } = await chat(t, lunch, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.locator('[data-do="ticket"]').click();
  await until(page, () => document.querySelector(".qr")?.naturalWidth > 0);
  await page.locator("#ask button", { hasText: "Copy" }).click();
  await page.locator("#ask", { hasText: "Copied." }).waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^rumormill1/);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#ask").isVisible(), false);
});

test("notices and how the room stands are told", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  made.emit("notice", { room: room.state.id, code: "forked", text: "barbara wrote in two places" });
  await page.locator(".banner", { hasText: "barbara wrote in two places" }).locator("button").click();
  await until(page, () => !document.querySelector(".banner"));
  Object.assign(room.state, { peers: [], missing: 3, skew_ms: 4200, clock: "your clock looks 4 s behind the others'; set it right", stopped: "the disk is full" });
  made.status(room);
  await page.locator(".banner", { hasText: "the disk is full" }).waitFor();
  const status = await page.locator("#status").innerText();
  for (const words of ["No peer connected, 5 away", "3 entries missing, 10 of 13 here", "Your clock looks 4 s behind the others'", "This room has stopped"])
    assert.ok(status.includes(words), `${words} in ${status}`);
});

test("the theme is kept", async (t) => {
  const { page } = await chat(t, lunch);
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  const theme = page.locator('select[name="theme"]');
  await page.locator("#settings").click();
  await theme.selectOption("light");
  assert.equal(await paper(), light);
  await theme.selectOption("dark");
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.reload();
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.equal(await paper(), dark);
});
