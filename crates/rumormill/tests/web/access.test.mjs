// Findings of axe and cut-off text on every main screen, in light and dark, wide and at 360 pixels.

import test from "node:test";
import assert from "node:assert/strict";
import { chat, findings, log, mock, open, overflow, said, type, until } from "./browser.mjs";
import { START_MS, author, lunch } from "./mock.mjs";

const SCREENS = {
  "a conversation": [lunch, async () => {}],
  "a selected message": [lunch, async (page) => {
    await page.locator("#text").focus();
    await page.keyboard.press("Shift+ArrowUp");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("+");
    await page.locator(".picker").waitFor();
  }],
  "a mention": [lunch, async (page) => {
    await type(page, "@");
    await page.locator("#choices li").first().waitFor();
  }],
  "a command": [lunch, async (page) => {
    await type(page, "/");
    await page.locator("#choices li", { hasText: "1 to 8 of" }).waitFor();
  }],
  "somebody, and somebody hidden": [lunch, async (page, made, room) => {
    made.say(room, 3, "/me waves");
    made.emit("typing", { room: room.state.id, author: author(4), nick: "edsger" });
    await type(page, "/hide grace");
    await page.keyboard.press("Enter");
    await page.locator("#log .above", { hasText: "2 messages by grace hidden" }).waitFor();
    await type(page, "/whois grace");
    await page.keyboard.press("Enter");
    await page.locator("#ask td", { hasText: "You do not see what they say" }).waitFor();
  }],
  settings: [lunch, async (page) => {
    await type(page, "/set");
    await page.keyboard.press("Enter");
    await page.locator("#ask select").first().waitFor();
  }],
  people: [lunch, (page) => page.locator('[data-side="people"]').click()],
  "the network": [lunch, async (page) => {
    await said(page, "money on it").click();
    await page.locator('[data-side="network"]').click();
    await page.locator(".holding", { hasText: "4 of 5" }).waitFor();
  }],
  search: [lunch, async (page) => {
    await page.locator('[data-side="search"]').click();
    await page.keyboard.type("twelve");
    await page.keyboard.press("Enter");
    await page.locator(".found li").first().waitFor();
  }],
  ticket: [lunch, (page) => page.locator('[data-do="ticket"]').click()],
  help: [lunch, async (page) => {
    await type(page, "/help");
    await page.keyboard.press("Enter");
    await page.locator("#ask table").first().waitFor();
  }],
  "a room without a word": [(made) => made.room("tea"), (page) => page.locator("#empty").waitFor()],
  trouble: [lunch, async (page, made, room) => {
    Object.assign(room.state, { peers: [], missing: 12_608, skew_ms: -4200, clock: "your clock looks 4 s ahead of the others'; set it right", stopped: "the disk is full" });
    made.status(room);
    made.emit("notice", { room: room.state.id, code: "skewed", text: "Your clock differs from most peers" });
    made.say(room, 1, "so late", { at: START_MS + 90_000, arrival: "late" });
    await type(page, "/nonsense");
    await page.keyboard.press("Enter");
    await page.locator("#alerts .alert").waitFor();
    await page.locator(".banner", { hasText: "the disk is full" }).waitFor();
  }],
};

const LOOKS = [{ theme: "light" }, { theme: "dark" }, { theme: "light", width: 360, height: 640 }];

for (const look of LOOKS) {
  const name = `${look.theme}, ${look.width ?? 1280} pixels`;
  for (const [screen, [fill, go]] of Object.entries(SCREENS)) {
    test(`${screen}: ${name}`, async (t) => {
      const { page, mock: made, room } = await chat(t, fill, { ...look, motion: "reduce" });
      await go(page, made, room);
      assert.deepEqual(await findings(page), []);
      assert.deepEqual(await overflow(page), []);
    });
  }

  test(`without a session, and without a room: ${name}`, async (t) => {
    const { mock: made } = await mock(t);
    const page = await open(t, made.url, { ...look, quiet: true });
    await page.locator("#gate").waitFor();
    assert.deepEqual([await findings(page), await overflow(page)], [[], []]);
    await page.goto(made.link());
    await page.locator("#empty", { hasText: "No room here yet" }).waitFor();
    assert.deepEqual([await findings(page), await overflow(page)], [[], []]);
  });
}

test("at 360 pixels the list of rooms opens, and closes with Escape", async (t) => {
  const { page } = await chat(t, (made) => (made.room("tea"), lunch(made)), { width: 360, height: 640 });
  await page.locator("#show-rooms").click();
  await page.locator("#room-list button", { hasText: "lunch" }).waitFor();
  assert.deepEqual([await findings(page), await overflow(page)], [[], []]);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#rooms").isVisible(), false);
  await page.locator("#show-rooms").click();
  await page.locator("#room-list button", { hasText: "lunch" }).click();
  await page.locator("#name", { hasText: "lunch" }).waitFor();
  assert.equal(await page.locator("#rooms").isVisible(), false);
});

test("everything is reached with Tab, in one turn, and what has the focus shows it", async (t) => {
  const { page } = await chat(t, lunch);
  const wanted = await page.evaluate(() => [...document.querySelectorAll("#app button, #app textarea, #app a, #log")].filter((node) => node.checkVisibility() && node.tabIndex >= 0).length);
  const seen = new Set();
  for (let i = 0; i < wanted + 5; i += 1) {
    await page.keyboard.press("Tab");
    const [path, outline] = await page.evaluate(() => {
      const node = document.activeElement;
      return [node.outerHTML.slice(0, 200), getComputedStyle(node).outlineStyle];
    });
    if (!path.startsWith("<body")) {
      assert.notEqual(outline, "none", path);
      seen.add(path);
    }
  }
  assert.equal(seen.size, wanted);
});

test("the messages are a log that screen readers follow, and the status is not read out", async (t) => {
  const { page } = await chat(t, lunch);
  assert.deepEqual(await page.locator("#log").evaluate((node) => [node.role, node.ariaLive, node.ariaLabel]), ["log", "polite", "Messages in lunch"]);
  assert.equal(await page.locator("#status").evaluate((node) => node.closest("[aria-live], [role=status]")), null);
  assert.equal(await log(page).first().evaluate((node) => node.localName), "article");
  await until(page, () => document.querySelector("#spoken").textContent === "");
});
