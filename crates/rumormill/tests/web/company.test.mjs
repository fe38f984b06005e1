// Other people in the room: they can be hidden, addressed, mention the reader and type; and messages other than text.

import test from "node:test";
import assert from "node:assert/strict";
import { chat, holds, log, said, type, until } from "./browser.mjs";
import { author, lunch } from "./mock.mjs";

const enter = (page) => page.keyboard.press("Enter");
const command = async (page, text) => {
  await type(page, text);
  await enter(page);
};

test("somebody is hidden from their dialog, shown for a look, and shown again", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  await page.locator('[data-side="people"]').click();
  await page.locator("#side .person", { hasText: "grace" }).click();
  await page.locator("#ask", { hasText: "direct, 18 ms" }).getByText("Hide what they say").click();
  const marker = page.locator("#log .above", { hasText: "2 messages by grace hidden" });
  await marker.waitFor();
  assert.equal(await said(page, "The menu is at").count(), 0);
  await page.locator("#side .person", { hasText: "grace" }).getByText("here, hidden").waitFor();
  made.say(room, 2, "@vera can you hear me?", { names_me: true });
  await page.locator("#log .above", { hasText: "1 message by grace hidden" }).waitFor();
  assert.equal(await page.evaluate(() => document.title), "lunch · Rumormill", "nothing of hers is unread");
  await marker.getByText("Show").click();
  await said(page, "The menu is at").first().locator(".tag", { hasText: "hidden" }).waitFor();
  await command(page, "/hide grace");
  await until(page, () => !document.querySelector("#log .tag")?.innerText.includes("hidden") && !document.querySelector("#log [data-as=unhide]"));
  assert.equal(room.people.find(({ nick }) => nick === "grace").hidden, false);
});

test("what is hidden is not walked to, and a search leaves it out", async (t) => {
  const { page } = await chat(t, lunch);
  await command(page, "/hide edsger");
  await page.locator("#log .above", { hasText: "1 message by edsger hidden" }).waitFor();
  const texts = [];
  await page.keyboard.press("Shift+ArrowUp");
  for (let i = 0; i < 5; i += 1) {
    texts.push(await page.evaluate(() => document.activeElement.innerText));
    await page.keyboard.press("ArrowUp");
  }
  assert.ok(texts.some((text) => text.includes("sits by the window")) && texts.some((text) => text.includes("money on it")), texts.join("|"));
  assert.ok(!texts.some((text) => text.includes("too kind")));
  await command(page, "/search kind");
  await page.locator("#side", { hasText: "Nothing found" }).waitFor();
});

test("whoever is hidden elsewhere is hidden here too", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  made.hide(room, author(2), true);
  await page.locator("#log .above", { hasText: "2 messages by grace hidden" }).waitFor();
  made.hide(room, author(2), false);
  await said(page, "The menu is at").first().waitFor();
});

test("who writes shows until they have written, and writing is told now and then", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  const writes = (who, nick) => made.emit("typing", { room: room.state.id, author: author(who), nick });
  const line = page.locator("#typing");
  writes(1, "ada");
  await line.filter({ hasText: "ada is writing" }).waitFor();
  writes(2, "grace");
  await line.filter({ hasText: "ada and grace are writing" }).waitFor();
  writes(3, "alan");
  await line.filter({ hasText: "3 people are writing" }).waitFor();
  made.say(room, 1, "written");
  await line.filter({ hasText: "grace and alan are writing" }).waitFor();
  await type(page, "/nick somebody");
  assert.equal(room.typed, undefined, "a command is nobody's business");
  await page.locator("#text").fill("");
  await page.keyboard.type("hello world");
  await holds(page, () => room.typed > 0);
  assert.equal(room.typed, 1);
  await page.locator("#text").fill("");
  await command(page, "/set typing off");
  await until(page, () => localStorage.getItem("typing") === "off");
  made.say(room, 2, "two");
  made.say(room, 3, "three");
  await until(page, () => document.querySelector("#typing").textContent === "");
  writes(1, "ada");
  made.say(room, 4, "after that");
  await said(page, "after that").waitFor();
  assert.equal(await line.textContent(), "");
});

test("the desktop tells what one asked for, and the browser is asked on a click only", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  await page.evaluate(() => {
    window.told = [];
    window.asked = 0;
    window.Notification = class {
      static permission = "default";
      static async requestPermission() {
        window.asked += 1;
        return (this.permission = window.answer);
      }
      constructor(title, { body }) {
        window.told.push(`${title}: ${body}`);
      }
    };
    window.answer = "denied";
    document.hasFocus = () => false;
  });
  made.say(room, 1, "@vera once", { names_me: true });
  await said(page, "once").waitFor();
  assert.deepEqual(await page.evaluate(() => [window.asked, window.told]), [0, []]);
  await page.locator("#settings").click();
  await page.locator('select[name="notify"]').selectOption("mentions");
  await page.locator("#ask", { hasText: "does not let the page notify" }).waitFor();
  assert.equal(await page.locator('select[name="notify"]').inputValue(), "none");
  await page.evaluate(() => (window.answer = "granted"));
  await page.locator('select[name="notify"]').selectOption("mentions");
  await until(page, () => localStorage.getItem("notify") === "mentions");
  await page.keyboard.press("Escape");
  made.say(room, 1, "nothing for me");
  made.say(room, 1, "@vera twice", { names_me: true });
  made.say(room, 1, "@vera late", { names_me: true, arrival: "late" });
  made.hide(room, author(2), true);
  made.say(room, 2, "@vera hidden", { names_me: true });
  await said(page, "late").last().waitFor();
  await until(page, () => document.title.startsWith("("));
  assert.deepEqual(await page.evaluate(() => window.told), ["lunch: ada: @vera twice"]);
  await command(page, "/set notify all");
  await until(page, () => localStorage.getItem("notify") === "all");
  made.say(room, 3, "for everybody");
  await until(page, () => window.told.at(-1) === "lunch: alan: for everybody");
});

test("commands are listed, completed, and never said", async (t) => {
  const { page, room } = await chat(t, lunch);
  const before = room.messages.length;
  await type(page, "/");
  await page.locator("#choices li", { hasText: "/whois name" }).waitFor();
  await page.keyboard.press("ArrowUp");
  await page.locator('#choices [aria-selected="true"]', { hasText: "/leave" }).waitFor();
  await page.keyboard.type("wh");
  await page.keyboard.press("Tab");
  assert.equal(await page.locator("#text").inputValue(), "/whois ");
  await page.keyboard.type("ed");
  await page.keyboard.press("Tab");
  assert.equal(await page.locator("#text").inputValue(), "/whois edsger");
  await enter(page);
  await page.locator("#ask h2", { hasText: "edsger" }).waitFor();
  await page.keyboard.press("Escape");
  for (const text of ["/nonsense", "/tmp/file is full", "/nick/x", "/me"]) {
    await page.locator("#text").fill("");
    await command(page, text);
    await page.locator("#alerts .alert").waitFor();
    await until(page, (text) => document.querySelector("#text").value === text, text);
    await page.locator("#alerts .close").click();
  }
  assert.equal(room.messages.length, before);
  await page.locator("#text").fill("");
  await command(page, "//shrug");
  await said(page, "/shrug").waitFor();
  assert.equal(room.messages.at(-1).text, "/shrug");
});

test("each command does what it says", async (t) => {
  const { page, mock: made, room } = await chat(t, (made) => (made.room("tea"), lunch(made)), { quiet: true });
  await page.keyboard.press("Alt+2");
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  await until(page, () => document.activeElement.id === "text");
  const dialog = async (text, words) => {
    await command(page, text);
    await page.locator("#ask", { hasText: words }).waitFor();
    await page.keyboard.press("Escape");
  };
  await dialog("/help", "Keyboard and commands");
  await dialog("/digest", "3f9a 12cd 77e0 41bb");
  await dialog("/qr", "Whoever has this ticket can enter");
  await dialog("/set", "Notify me");
  await dialog("/whois @ada", "direct, 3 ms");
  await dialog("/leave", "Leave this room?");
  for (const [text, words] of [["/names", "5 here, 1 away"], ["/peers", "On the wire"], ["/seen", "of 5 others"]]) {
    await command(page, text);
    await page.locator("#side", { hasText: words }).waitFor();
  }
  await command(page, "/whois nobody");
  await page.locator("#alerts", { hasText: 'nobody here is called "nobody"' }).waitFor();
  await page.locator("#text").fill("");
  await command(page, "/set colours pink");
  await page.locator("#alerts", { hasText: "There is no setting" }).waitFor();
  await page.locator("#text").fill("");
  await command(page, "/join tea");
  await page.locator("#name", { hasText: "tea" }).waitFor();
  assert.equal(made.rooms.length, 2);
  assert.ok(room.messages.every(({ text }) => !text.startsWith("/")));
});

test("what somebody does is shown as such, and edited as it was written", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  made.say(room, 1, "/me waves");
  const act = log(page).and(page.locator(".action")).filter({ hasText: "waves" });
  await act.waitFor();
  assert.equal(await act.locator(".nick").evaluate((node) => getComputedStyle(node, "::before").content + node.innerText), '"* "ada');
  await command(page, "/me waves back");
  await said(page, "waves back").waitFor();
  assert.deepEqual([room.messages.at(-1).action, room.messages.at(-1).text], [true, "waves back"]);
  await page.keyboard.press("ArrowUp");
  assert.equal(await page.locator("#text").inputValue(), "/me waves back");
  await page.keyboard.type(" twice");
  await enter(page);
  await said(page, "waves back twice").locator(".tag", { hasText: "edited" }).waitFor();
  assert.equal(room.messages.at(-1).action, true);
});

test("what somebody said stands under the name they have now", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  made.say(room, 2, "amazing grace", { kind: "nick" });
  await said(page, "I can be there").locator(".nick", { hasText: "amazing grace" }).waitFor();
  await said(page, "is now called amazing grace").locator(".nick").filter({ hasText: /^grace$/ }).waitFor();
});

test("who is connected is here, whatever was told before", async (t) => {
  const { page, mock: made, room } = await chat(t, lunch);
  await page.locator('[data-side="people"]').click();
  await page.locator("#side", { hasText: "5 here, 1 away" }).waitFor();
  made.peer(room, 5, "barbara");
  made.status(room);
  await page.locator("#side", { hasText: "6 here, 0 away" }).waitFor();
  room.state.peers = [];
  made.status(room);
  await page.locator("#side", { hasText: "1 here, 5 away" }).waitFor();
});
