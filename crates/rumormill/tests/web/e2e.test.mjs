// Two real nodes and a browser on each: a room created in one and joined in the other, and a conversation between them.
// RUMORMILL_BIN names the program.

import test from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterwards, BIN, findings, node, open, said, say, type, until } from "./browser.mjs";

const sent = (page) => page.keyboard.press("Enter");

test("two nodes talk through their pages", { skip: !BIN && "RUMORMILL_BIN is not set" }, async (t) => {
  const [one, two] = [await node(t, "one"), await node(t, "two")];
  const [ada, bob] = [await open(t, one), await open(t, two)];

  await ada.locator("#empty button", { hasText: "New room" }).click();
  await ada.keyboard.type("lunch");
  await sent(ada);
  await ada.locator("#name", { hasText: "lunch" }).waitFor();
  assert.ok(!ada.url().includes("#"));
  // An empty room says what to do.
  await ada.locator("#empty", { hasText: "Nothing said yet" }).getByText("Choose my name").click();
  await ada.locator("#ask-value").fill("ada");
  await sent(ada);
  await said(ada, "ada").filter({ hasText: "joined" }).waitFor();
  await say(ada, "who is hungry?");
  await ada.locator('[data-do="ticket"]').click();
  const ticket = await ada.locator("#ticket-text").inputValue();
  await ada.keyboard.press("Escape");

  await bob.locator("#empty button", { hasText: "Join" }).click();
  await bob.locator("#ask-value").fill(ticket);
  await sent(bob);
  await said(bob, "who is hungry?").waitFor();
  await type(bob, "/nick bob");
  await sent(bob);
  await said(bob, "bob").filter({ hasText: "joined" }).waitFor();
  assert.equal(await said(bob, "joined").last().locator(".nick").innerText(), "bob", "nothing tells them apart from themselves");
  await bob.locator("#status", { hasText: "1 peer direct" }).waitFor();

  // Reply, and the count of its holders.
  await type(bob, "");
  await bob.keyboard.press("Shift+ArrowUp");
  await bob.keyboard.press("ArrowUp");
  await said(bob, "who is hungry?").click();
  await bob.keyboard.press("r");
  // The suggestions come with the people of the room; Escape without suggestions would cancel the reply.
  await until(bob, () => document.querySelector("#about-text").checkVisibility());
  await bob.keyboard.type("I am, @ad");
  while (await bob.locator("#choices").isHidden()) {
    await bob.keyboard.press("Backspace");
    await bob.keyboard.type("d");
  }
  await bob.keyboard.type("a");
  await bob.keyboard.press("Escape");
  await sent(bob);
  const reply = said(ada, "I am, @ada");
  await reply.locator(".quote", { hasText: "who is hungry?" }).waitFor();
  await said(bob, "I am, @ada").locator(".held", { hasText: "✓ 1/1" }).waitFor();

  // React, change, take back.
  await reply.click();
  await ada.keyboard.press("+");
  await sent(ada);
  await said(bob, "I am, @ada").locator(".reactions button", { hasText: "👍 1" }).waitFor();
  await type(bob, "");
  await said(bob, "I am, @ada").locator(".who").click();
  await bob.keyboard.press("e");
  await bob.keyboard.type(" and bob");
  await sent(bob);
  await said(ada, "I am, @ada and bob").locator(".tag", { hasText: "edited" }).waitFor();
  await said(bob, "I am, @ada and bob").locator(".who").click();
  await bob.keyboard.press("Delete");
  await sent(bob);
  await ada.locator("#log article", { hasText: "(taken back)" }).waitFor();

  // The picture of the network: holders of messages, and a rumor on its way.
  await ada.locator('[data-side="network"]').click();
  await ada.locator(".picture .peer", { hasText: "bob" }).waitFor();
  await say(bob, "soup for me");
  await said(ada, "soup for me").waitFor();
  await ada.locator(".steps li", { hasText: "bob" }).first().waitFor();
  await type(ada, "/topic soup");
  await sent(ada);
  await bob.locator("#topic", { hasText: "soup" }).waitFor();
  assert.deepEqual(await findings(ada), []);

  // Bob writes, is hidden for Ada alone, and is shown again.
  await type(bob, "and bre");
  await ada.locator("#typing", { hasText: "bob is writing" }).waitFor();
  await bob.keyboard.type("ad");
  await sent(bob);
  await said(ada, "and bread").waitFor();
  await until(ada, () => document.querySelector("#typing").textContent === "");
  await type(ada, "/hide bob");
  await sent(ada);
  await ada.locator("#log .above", { hasText: "by bob hidden" }).first().waitFor();
  assert.equal(await said(ada, "and bread").count(), 0);
  await type(ada, "/hide bob");
  await sent(ada);
  await said(ada, "and bread").waitFor();

  // The input line of a reopened page is tall enough to read.
  await ada.reload();
  await said(ada, "soup for me").waitFor();
  await until(ada, () => document.querySelector("#text").getBoundingClientRect().height >= 30);
});

test("what is written in Markdown reads so at the other end, and who is alone is told whom they wait for", { skip: !BIN && "RUMORMILL_BIN is not set" }, async (t) => {
  const [one, two] = [await node(t, "one"), await node(t, "two")];
  const [ada, bob] = [await open(t, one), await open(t, two)];
  // A ticket of an empty room: its founder has left it.
  await ada.locator("#empty button", { hasText: "New room" }).click();
  await ada.keyboard.type("gone");
  await sent(ada);
  await ada.locator('[data-do="ticket"]').click();
  const stale = await ada.locator("#ticket-text").inputValue();
  await ada.keyboard.press("Escape");
  await type(ada, "/leave");
  await sent(ada);
  await ada.locator("#ask", { hasText: "Leave this room?" }).waitFor();
  await sent(ada);
  await ada.locator("#empty button", { hasText: "New room" }).waitFor();
  await bob.locator("#empty button", { hasText: "Join" }).click();
  await bob.locator("#ask-value").fill(stale);
  await sent(bob);
  await bob.locator("#empty", { hasText: "Looking for the others" }).filter({ hasText: /127\.0\.0\.1:\d+/ }).waitFor();
  await bob.locator("#empty .sought", { hasText: /dialled \d+ times?, in vain \(it answers, and does not let us into this room\)/ }).waitFor();

  await ada.locator("#empty button", { hasText: "New room" }).click();
  await ada.keyboard.type("lunch");
  await sent(ada);
  await ada.locator("#name", { hasText: "lunch" }).waitFor();
  await ada.locator('[data-do="ticket"]').click();
  const ticket = await ada.locator("#ticket-text").inputValue();
  await ada.keyboard.press("Escape");
  await bob.locator("#empty button", { hasText: "Try another ticket" }).click();
  await bob.locator("#ask-value").fill(ticket);
  await sent(bob);
  await said(bob, "founded the room").waitFor();
  await type(ada, "**so** `x<y`");
  for (const line of ["", "- soup", "- bread", "", "> quoted", "", "```", "code", "```", "see https://example.org/a_b"]) {
    await ada.keyboard.press("Shift+Enter");
    await ada.keyboard.type(line);
  }
  await sent(ada);
  await said(bob, "quoted").waitFor();
  const shown = await bob.locator(".marked").evaluate((node) => [...node.querySelectorAll("*")].map(({ localName, textContent }) => `${localName} ${textContent}`));
  assert.deepEqual(shown, ["p so x<y", "strong so", "code x<y", "ul soupbread", "li soup", "li bread", "blockquote quoted", "p quoted", "pre code", "code code", "p see https://example.org/a_b", "a https://example.org/a_b"]);

  // Emoji by name; unread from a message on, which both this page and the program remember.
  await bob.locator("#emoji").click();
  await bob.locator(".picker input").fill("tada");
  await sent(bob);
  await until(bob, () => document.querySelector("#text").value === "🎉");
  await bob.locator("#text").fill("");
  await said(bob, "quoted").click();
  await bob.keyboard.press("u");
  await bob.locator("#unread", { hasText: "1 new" }).waitFor();
  await bob.reload();
  await bob.locator("#unread", { hasText: "1 new" }).waitFor();
  await bob.reload();
  await said(bob, "quoted").waitFor();
  await until(bob, () => !document.querySelector("#log[aria-busy]"));
  assert.equal(await bob.locator("#unread").count(), 0, "it was read");
});

// One picture, one pixel.
const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

test("a file is sent in one page and saved in another", { skip: !BIN && "RUMORMILL_BIN is not set" }, async (t) => {
  const [one, two] = [await node(t, "one"), await node(t, "two")];
  const [ada, bob] = [await open(t, one), await open(t, two)];
  await ada.locator("#empty button", { hasText: "New room" }).click();
  await ada.keyboard.type("lunch");
  await sent(ada);
  await ada.locator('[data-do="ticket"]').click();
  const ticket = await ada.locator("#ticket-text").inputValue();
  await ada.keyboard.press("Escape");
  await bob.locator("#empty button", { hasText: "Join" }).click();
  await bob.locator("#ask-value").fill(ticket);
  await sent(bob);
  await said(bob, "founded the room").waitFor();

  // A chosen file, larger than a piece; only its button fetches it.
  const long = Buffer.alloc(700_000, "rumor ");
  await ada.locator("#file").setInputFiles({ name: "long <b>.txt", mimeType: "text/plain", buffer: long });
  await said(ada, "long _b_.txt, 700.0 kB, text/plain").waitFor();
  const offer = said(bob, "long _b_.txt");
  await offer.getByRole("button", { name: "Get" }).click();
  const [saved] = await Promise.all([bob.waitForEvent("download"), offer.getByRole("button", { name: "Save" }).click()]);
  assert.ok(long.equals(await readFile(await saved.path())));
  assert.equal(await offer.locator("b").count(), 0);

  // A pasted picture, which is shown only where the file is here.
  await ada.locator("#text").evaluate((text, bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
    text.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, [...PICTURE]);
  await until(ada, () => document.querySelector(".file img")?.naturalWidth === 1);
  const picture = said(bob, ".png, 70 B, image/png");
  await picture.waitFor();
  assert.equal(await picture.locator("img").count(), 0);
  await picture.getByRole("button", { name: "Get" }).click();
  await until(bob, () => document.querySelector(".file img")?.naturalWidth === 1);
  assert.deepEqual(await picture.locator("img").evaluate((img) => [img.getAttribute("width"), img.getAttribute("height")]), ["1", "1"], "its size is known before it is here");

  // A dropped file, retracted with the keyboard, and gone at the other node.
  await ada.locator("#room").evaluate((room) => {
    const data = new DataTransfer();
    data.items.add(new File(["dropped"], "dropped.txt"));
    room.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await said(bob, "dropped.txt, 7 B").waitFor();
  assert.deepEqual(await findings(ada), []);
  assert.deepEqual(await findings(bob), []);
  await said(ada, "dropped.txt").locator(".who").click();
  await ada.keyboard.press("Delete");
  await sent(ada);
  await bob.locator("#log article", { hasText: "(taken back)" }).waitFor();
});

test("Ada founds an open room, closes it without Mallory, and goes on with Bob", { skip: !BIN && "RUMORMILL_BIN is not set" }, async (t) => {
  const pages = [];
  for (const name of ["ada", "bob", "mallory"]) pages.push(await open(t, await node(t, name)));
  const [ada, bob, mallory] = pages;
  const called = async (page, name) => {
    await type(page, `/nick ${name}`);
    await sent(page);
    await said(page, name).filter({ hasText: "joined" }).waitFor();
  };
  const ticketOf = async (page) => {
    await page.locator('#tools [data-do="ticket"]').click();
    const ticket = await page.locator("#ticket-text").inputValue();
    await page.keyboard.press("Escape");
    return ticket;
  };
  await ada.locator("#empty button", { hasText: "New room" }).click();
  await ada.keyboard.type("market");
  await ada.locator("#ask [name=open]").check();
  await ada.locator("#ask button.main").click();
  await ada.locator("#empty", { hasText: "This room is open" }).waitFor();
  assert.equal(await ada.locator(".banner").count(), 0, "she knows what she chose");
  await called(ada, "ada");
  const old = await ticketOf(ada);
  for (const [page, name] of [[bob, "bob"], [mallory, "mallory"]]) {
    await page.locator("#empty button", { hasText: "Join" }).click();
    await page.locator("#ask-value").fill(old);
    await sent(page);
    await page.locator("#name", { hasText: "market" }).waitFor();
    await called(page, name);
    await said(ada, name).filter({ hasText: "joined" }).waitFor();
  }
  await say(mallory, "buy this");
  await said(ada, "buy this").waitFor();

  await ada.locator('[data-do="more"]').click();
  await ada.locator("#ask").getByText("Close this room", { exact: true }).click();
  await ada.locator("#ask").getByText("You and 2 others would be in").waitFor();
  await ada.locator("#ask").getByLabel("mallory").uncheck();
  await ada.locator("#ask").getByText("mallory would not").waitFor();
  await ada.locator("#ask").getByText("Close it for good").click();
  for (const page of [ada, bob]) await said(page, "closed the room").waitFor();
  await mallory.locator(".banner", { hasText: "ada removed you from this room" }).waitFor();
  await ada.locator(".banner", { hasText: "You closed this room" }).waitFor();
  assert.notEqual(await ticketOf(ada), old);
  await say(bob, "among us");
  await said(ada, "among us").waitFor();
  await ada.locator('[data-side="people"]').click();
  await ada.locator("#side .person", { hasText: "ada" }).getByText("owner").waitFor();
  assert.equal(await said(mallory, "among us").count(), 0);
});
