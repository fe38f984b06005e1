// A closed room in the page: roles, what may be done with people and messages, tickets, and being out.

import test from "node:test";
import assert from "node:assert/strict";
import { chat, findings, overflow, said, until } from "./browser.mjs";
import { author } from "./mock.mjs";

const OWNER = { standing: { role: "owner", says: "" } };
const SIZES = [[1280, "light"], [800, "dark"], [360, "light"], [360, "dark"]];

const HINT = "you founded this open room: anyone with its ticket reads along, until you close it with /close";

// Vera's room before she closes it: Ann, Ben and Mallory wrote there, and Wanda only looks on.
function open(mock) {
  const room = mock.room("lunch", { topic: "Where we eat today", may_close: true, hint: HINT });
  ["Ann", "Ben", "Mallory", "Wanda"].forEach((nick, i) => mock.person(room, i + 1, nick, i < 3 ? {} : { last_ms: 0 }));
  mock.say(room, 0, "lunch", { quiet: true, kind: "founded" });
  mock.say(room, 1, "Soup today?", { quiet: true });
  mock.say(room, 3, "buy this, it is very cheap", { quiet: true });
  return room;
}

// Vera's room: Ann moderates, Ben is a member, Mallory spams, and Wanda waits.
function closed(set = OWNER) {
  return (mock) => {
    const room = mock.room("lunch", { topic: "Where we eat today", ...set });
    room.people[0].role = set.standing.role;
    const people = [["Ann", "moderator"], ["Ben", "member"], ["Mallory", "member"], ["Wanda", "waiting"]];
    people.forEach(([nick, role], i) => mock.person(room, i + 1, nick, { role, here: i < 3 }));
    const quiet = { quiet: true };
    mock.say(room, 0, "lunch", { ...quiet, kind: "founded" });
    mock.say(room, 0, "Vera made Ann a moderator", { ...quiet, kind: "act" });
    mock.say(room, 1, "Soup today?", quiet);
    mock.say(room, 3, "buy this, it is very cheap", quiet);
    room.foreseen = ["Mallory would be out", "the ticket 7e7e7e7e of Vera would let nobody in any more"];
    return room;
  };
}

async function personDialog(page, name) {
  if (!(await page.locator("#side").isVisible())) await page.locator('[data-side="people"]').click();
  await page.locator("#side .person", { hasText: name }).click();
  return page.locator("#ask");
}

test("the owner sees who is what, removes Mallory with what he said, and makes Ben a moderator", async (t) => {
  const { page, room } = await chat(t, closed());
  const dialog = await personDialog(page, "Mallory");
  await page.locator("#side .person", { hasText: "Ann" }).getByText("moderator").waitFor();
  await page.locator("#side .person", { hasText: "Wanda" }).getByText("waits to be let in").waitFor();
  await dialog.getByText("Remove", { exact: true }).click();
  await dialog.getByText("Mallory would be out").waitFor();
  await dialog.getByText("would let nobody in any more").waitFor();
  await dialog.getByText("Take back what they said, too").click();
  await dialog.locator("button.main").click();
  await dialog.waitFor({ state: "hidden" });
  await (await personDialog(page, "Ben")).getByText("Make moderator").click();
  await dialog.getByText("As moderator, Ben may let people in").waitFor();
  await dialog.locator("button.main").click();
  await dialog.waitFor({ state: "hidden" });
  await (await personDialog(page, "Ann")).getByText("End the role").click();
  await dialog.getByText("Cancel").click();
  assert.deepEqual(room.orders, [
    { does: "remove", who: author(3), hide: true },
    { does: "appoint", who: author(2), role: "moderator" },
  ]);
});

test("a moderator hides a member's words, and is offered nothing against those above", async (t) => {
  const { page, room } = await chat(t, closed({ standing: { role: "moderator", says: "" } }));
  room.people[1].role = "owner";
  await said(page, "buy this").click();
  await page.keyboard.press("m");
  const dialog = page.locator("#ask");
  await dialog.getByText("Hide it for everybody").click();
  await dialog.locator("button.main").click();
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(room.orders, [{ does: "hide", message: `${author(3)}.0` }]);
  await personDialog(page, "Ann");
  await dialog.getByText("Mention").waitFor();
  assert.equal(await dialog.getByText("Remove", { exact: true }).count(), 0);
  await page.keyboard.press("Escape");
  await personDialog(page, "Ben");
  await dialog.getByText("Remove", { exact: true }).waitFor();
  assert.equal(await dialog.getByText("Make moderator").count(), 0, "moderators appoint nobody");
});

test("a member is offered nothing to govern with", async (t) => {
  const { page } = await chat(t, closed({ standing: { role: "member", says: "" } }));
  const dialog = await personDialog(page, "Mallory");
  await dialog.getByText("Mention").waitFor();
  for (const words of ["Remove", "Make moderator", "End the role"]) assert.equal(await dialog.getByText(words, { exact: true }).count(), 0);
});

test("a ticket for one is made, shown to be copied, and ended", async (t) => {
  const { page, room } = await chat(t, closed());
  await page.locator('[data-do="ticket"]').first().click();
  const dialog = page.locator("#ask");
  await dialog.getByText("This ticket is your own").waitFor();
  await dialog.locator("[name=uses]").fill("2");
  await dialog.locator("[name=ends]").selectOption("7");
  await dialog.getByText("Make a ticket").click();
  await dialog.getByText("Above is the new ticket, for 2 people.").waitFor();
  assert.match(await dialog.locator("textarea").inputValue(), /newticket/);
  const row = dialog.locator(".list li");
  await row.getByText("0 of 2 uses, until").waitFor();
  assert.ok(room.tickets[0].expires_ms > Date.now());
  await row.locator("button").click();
  await row.getByText("It lets nobody in any more").click();
  await row.getByText("ended").waitFor();
  assert.equal(room.tickets[0].state, "revoked");
});

test("the owner changes the rules, and lets a newcomer through whose words are held", async (t) => {
  const rules = { tickets: true, slow_s: 0, hold: true };
  const { page, room } = await chat(t, closed({ ...OWNER, rules }));
  await page.locator('[data-do="more"]').click();
  const dialog = page.locator("#ask");
  await dialog.getByText("Rules of this room").click();
  await dialog.locator("[name=slow]").selectOption("60");
  await dialog.locator("[name=tickets]").uncheck();
  assert.deepEqual(await findings(page), []);
  await dialog.getByText("Set the rules").click();
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(room.state.rules, { tickets: false, slow_s: 60, hold: true });
  room.held = [{ author: author(3), nick: "Mallory", text: "buy this" }];
  await page.locator("#text").fill("/held");
  await page.keyboard.press("Enter");
  await dialog.getByText("buy this").waitFor();
  await dialog.getByText("Let through").click();
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(room.orders, [{ does: "let-through", who: author(3) }]);
});

test("a member reports a message, and the owner reads it and is done with it", async (t) => {
  const { page, room } = await chat(t, closed({ standing: { role: "member", says: "" } }));
  await said(page, "buy this").click();
  await page.keyboard.press("m");
  const dialog = page.locator("#ask");
  await dialog.getByText("Report it to the moderators").click();
  await dialog.locator("[name=words]").fill("spam");
  assert.deepEqual(await findings(page), []);
  await dialog.locator("button.main").click();
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(room.reports.map(({ message, words }) => [message, words]), [[`${author(3)}.0`, "spam"]]);
  await page.locator("#text").fill("/reports");
  await page.keyboard.press("Enter");
  await dialog.getByText("spam").waitFor();
  await dialog.getByText("Done").click();
  await dialog.getByText("Nobody has reported anything").waitFor();
});

test("a person is verified by comparing a number, and that shows beside the name", async (t) => {
  const { page } = await chat(t, closed());
  const dialog = await personDialog(page, "Ann");
  await dialog.getByText("Compare keys").click();
  await dialog.getByText("30414 71192 05570").waitFor();
  assert.deepEqual(await findings(page), []);
  await dialog.getByText("It is the same").click();
  await page.locator("#side .person", { hasText: "Ann" }).getByText("verified").waitFor();
  await said(page, "Soup today?").locator(".tag", { hasText: "verified" }).waitFor();
});

test("whoever was removed reads by whom, and what to do; whoever is in reads nothing of it", async (t) => {
  const says = "Ann removed you from this room; nobody reads what you say here";
  const { page, mock: made, room } = await chat(t, closed({ standing: { role: "removed", says } }));
  await page.locator(".banner", { hasText: "Ann removed you from this room" }).getByText("Ask to be let in again").waitFor();
  assert.equal(await page.locator("#say").isVisible(), false);
  room.state.standing = OWNER.standing;
  made.status(room);
  await page.locator(".banner").waitFor({ state: "detached" });
  await page.locator("#say").waitFor();
  room.state.standing = { role: "refused", says: "your ticket was revoked: ask for a new one, and join with it" };
  made.status(room);
  await page.locator(".banner", { hasText: "ask for a new one" }).waitFor();
});

test("Vera is told that her old room can be closed, sees who stays, leaves Mallory out, and closes it", async (t) => {
  const { page, mock, room } = await chat(t, open);
  const hint = page.locator(".banner", { hasText: "until you close it" });
  await hint.waitFor();
  await hint.getByRole("button", { name: "Close this notice" }).click();
  await hint.waitFor({ state: "detached" });
  await page.reload();
  await said(page, "Soup today?").waitFor();
  assert.equal(await hint.count(), 0, "she is told once");

  await page.locator('[data-do="more"]').click();
  const dialog = page.locator("#ask");
  await dialog.getByText("Close this room", { exact: true }).click();
  await dialog.getByText("You and 3 others would be in, who wrote here").waitFor();
  assert.deepEqual(await dialog.locator("fieldset label").allInnerTexts(), ["Ann", "Ben", "Mallory"]);
  await dialog.getByLabel("Mallory").uncheck();
  await dialog.getByText("Mallory would not").waitFor();
  await dialog.getByText("You and 2 others would be in").waitFor();
  await dialog.getByText("this cannot be undone").waitFor();
  await dialog.getByText("Cancel").click();
  assert.equal(room.orders, undefined, "nothing happens before she says so");

  await page.locator("#text").fill("/close");
  await page.keyboard.press("Enter");
  await dialog.getByLabel("Mallory").uncheck();
  await dialog.getByText("Close it for good").click();
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(room.orders, [{ does: "close", without: [author(3)] }]);
  await said(page, "closed the room").waitFor();
  await page.locator(".banner", { hasText: "Its old ticket lets nobody in any more" }).waitFor();
  await page.locator('[data-side="people"]').click();
  await page.locator("#side .person", { hasText: "Mallory" }).getByText("removed").waitFor();
  await page.locator("#side .person", { hasText: "vera" }).getByText("owner").waitFor();
  await page.locator('[data-do="more"]').click();
  await dialog.getByText("You are the owner").waitFor();
  assert.equal(await dialog.getByText("Close this room", { exact: true }).count(), 0);
  assert.equal(mock.requests.filter((one) => one.startsWith("DELETE") && one.endsWith("/hint")).length, 1);
});

test("whoever did not found an open room is offered nothing to close it with", async (t) => {
  const others = (mock) => {
    const room = open(mock);
    Object.assign(room.state, { may_close: false, hint: "" });
    return room;
  };
  const { page } = await chat(t, others);
  await page.locator('[data-do="more"]').click();
  await page.locator("#ask").getByText("Leave this room").waitFor();
  assert.equal(await page.locator("#ask").getByText("Close this room", { exact: true }).count(), 0);
  assert.equal(await page.locator(".banner").count(), 0);
});

test("in an open room Vera holds back newcomers and floods, and reads what is held", async (t) => {
  const { page, mock, room } = await chat(t, (mock) => Object.assign(open(mock), { held: [] }), {});
  room.state.display = { hold: false, flood: 0 };
  mock.status(room);
  await page.locator('[data-do="more"]').click();
  const dialog = page.locator("#ask");
  await dialog.getByText("What you see here").click();
  await dialog.getByText("this is for you alone").waitFor();
  await dialog.locator("[name=hold]").check();
  await dialog.locator("[name=flood]").fill("10");
  assert.deepEqual(await findings(page), []);
  await dialog.getByText("Set it").click();
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(room.state.display, { hold: true, flood: 10 });

  const folded = { hidden: true, folded: "newcomer" };
  mock.say(room, 3, "cheaper still", folded);
  mock.say(room, 3, "nearly free", folded);
  mock.say(room, 1, "and again", { hidden: true, folded: "flood" });
  await page.locator("#log .above", { hasText: "2 messages by Mallory held back: new here" }).waitFor();
  const flood = page.locator("#log .above", { hasText: "1 message by Ann held back: too many in a minute" });
  await flood.getByText("Show").click();
  await said(page, "and again").locator(".tag", { hasText: "held back" }).waitFor();
  assert.equal(await said(page, "nearly free").count(), 0);

  room.held = [{ author: author(3), nick: "Mallory", text: "nearly free" }];
  await page.locator("#text").fill("/held");
  await page.keyboard.press("Enter");
  await dialog.getByText("nearly free").waitFor();
  await dialog.getByText("Let through").click();
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(room.orders, [{ does: "let-through", who: author(3) }]);
  for (const [words, display] of [["newcomers shown", { hold: false, flood: 10 }], ["flood off", { hold: false, flood: 0 }]]) {
    await page.locator("#text").fill(`/rules ${words}`);
    await page.keyboard.press("Enter");
    await until(page, () => document.querySelector("#text").value === "");
    assert.deepEqual(room.state.display, display);
  }
});

for (const [width, theme] of SIZES) {
  test(`closing a room fits and axe finds nothing: ${width} pixels, ${theme}`, async (t) => {
    const { page, room, mock } = await chat(t, open, { width, theme });
    const look = async (name) => {
      assert.deepEqual(await overflow(page), []);
      assert.deepEqual(await findings(page), []);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}-${width}-${theme}.png` });
    };
    await page.locator(".banner").waitFor();
    await look("hint");
    await page.locator('[data-do="more"]').click();
    const dialog = page.locator("#ask");
    await look("open-menu");
    await page.keyboard.press("Escape");
    room.state.display = { hold: true, flood: 10 };
    mock.status(room);
    mock.say(room, 3, "cheaper still", { hidden: true, folded: "newcomer" });
    await page.locator("#log .above", { hasText: "held back: new here" }).waitFor();
    await page.locator('[data-do="more"]').click();
    await dialog.getByText("What you see here").click();
    await look("display");
    await page.keyboard.press("Escape");
    await page.locator('[data-do="more"]').click();
    await dialog.getByText("Close this room", { exact: true }).click();
    await dialog.getByLabel("Mallory").uncheck();
    await dialog.getByText("Mallory would not").waitFor();
    await look("closing");
    await dialog.getByText("Close it for good").click();
    await page.locator(".banner", { hasText: "You closed this room" }).waitFor();
    await look("just-closed");
  });
}

test("a new room is closed, or open if the founder says so, and the page says which", async (t) => {
  const { page } = await chat(t, closed());
  const create = async (name, isOpen) => {
    await until(page, () => !document.querySelector("#ask").open);
    await page.locator("#rooms [data-do=create]").click();
    await page.locator("#ask-value").fill(name);
    if (isOpen) await page.locator("#ask [name=open]").check();
    await page.locator("#ask button.main").click();
  };
  await create("garden", false);
  await page.locator("#empty", { hasText: "This room is closed" }).waitFor();
  await create("market", true);
  await page.locator("#empty", { hasText: "This room is open" }).waitFor();
});

for (const [width, theme] of SIZES) {
  test(`everything fits and axe finds nothing: ${width} pixels, ${theme}`, async (t) => {
    const { page, mock: made, room } = await chat(t, closed(), { width, theme });
    const look = async (name) => {
      assert.deepEqual(await overflow(page), []);
      assert.deepEqual(await findings(page), []);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}-${width}-${theme}.png` });
    };
    const dialog = await personDialog(page, "Mallory");
    await look("person");
    await dialog.getByText("Remove", { exact: true }).click();
    await dialog.getByText("would be out").waitFor();
    await look("remove");
    await page.keyboard.press("Escape");
    await look("people");
    await page.keyboard.press("Escape");
    await page.locator("#tools [data-do=ticket]").click();
    await dialog.getByText("Make a ticket").click();
    await dialog.locator(".list li button").waitFor();
    await look("ticket");
    await page.keyboard.press("Escape");
    await (await personDialog(page, "Ben")).getByText("Compare keys").click();
    await dialog.getByText("30414 71192").waitFor();
    await look("safety");
    await page.keyboard.press("Escape");
    await page.locator("#side .close").click();
    room.state.standing = { role: "removed", says: "Ann removed you from this room; nobody reads what you say here" };
    made.status(room);
    await page.locator(".banner").waitFor();
    await look("removed");
  });
}

test("Vera talks privately with Ben, opens a request of Ann, and does not list one of Mallory", async (t) => {
  const { page, mock, room } = await chat(t, (mock) => {
    const room = closed()(mock);
    const asks = (who, nick) => ({ id: author(who + 40), of: room.state.id, of_name: "lunch", from: { author: author(who), nick }, with: [], time_ms: 0 });
    mock.asked = [asks(1, "Ann")];
    room.asks = asks;
    return room;
  });
  const dialog = await personDialog(page, "Ben");
  await dialog.getByText("Message privately").click();
  await page.locator("#name", { hasText: "@Ben" }).waitFor();
  await page.getByText("This room is private").waitFor();
  assert.equal(await page.locator("#tools [data-do=ticket]").isVisible(), false);
  assert.equal(await page.getByText("Show the ticket").count(), 0);
  await page.locator("#request-list", { hasText: "Ann" }).waitFor();
  assert.deepEqual(await findings(page), []);
  const mallory = room.asks(3, "Mallory");
  mock.asked.push(mallory);
  mock.emit("asked", { room: room.state.id, request: mallory });
  await page.locator("#request-list button", { hasText: "Mallory" }).click();
  await dialog.getByText("Do not list it").click();
  await page.locator("#request-list button", { hasText: "Mallory" }).waitFor({ state: "detached" });
  await page.locator("#request-list button", { hasText: "Ann" }).click();
  await dialog.getByText("Enter", { exact: true }).click();
  await page.locator("#name", { hasText: "@Ann" }).waitFor();
  await page.locator("#requests").waitFor({ state: "hidden" });
  await page.locator("#room-list button", { hasText: "lunch" }).click();
  await page.locator("#text").fill("/msg Ann,Ben soup?");
  await page.keyboard.press("Enter");
  await page.locator("#name", { hasText: "@Ann, @Ben" }).waitFor();
  await said(page, "soup?").waitFor();
});

test("what was said on another machine of this person is changed there", async (t) => {
  const { page, mock, room } = await chat(t, closed({ standing: { role: "member", says: "" }, device: author(9) }));
  mock.say(room, 0, "from the old laptop");
  mock.say(room, 0, "from here", { device: author(9) });
  for (const [text, own] of [["from here", 1], ["from the old laptop", 0]]) {
    await said(page, text).click();
    const tools = page.locator("article", { hasText: text }).locator(".tools");
    await tools.getByRole("button", { name: "Reply" }).waitFor();
    for (const name of ["Edit", "Take back"]) assert.equal(await tools.getByRole("button", { name }).count(), own, text + name);
  }
});

test("a full keeper says what it stores of what it may, and what to do", async (t) => {
  const stock = { message_bytes: 24_990_000, message_limit: 25_000_000, since_ms: 1_764_444_600_000, file_bytes: 90_200, file_limit: null, files_left_out: 0, full: true };
  const { page, room } = await chat(t, (mock) => {
    const room = closed()(mock);
    mock.person(room, 5, "", { role: "keeper", lacks: 0, stock });
    return room;
  });
  const keeper = author(5).slice(0, 8);
  const dialog = await personDialog(page, keeper);
  await page.locator("#side .person", { hasText: keeper }).getByText("keeper, holds all your entries, full").waitFor();
  await dialog.getByText("messages 25.0 MB of 25.0 MB, none from before").waitFor();
  await dialog.getByText("files 90.2 kB. It is full").waitFor();
  await dialog.getByText("rumormill keeper --quota SIZE").waitFor();
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press("Escape");
  room.people[5].stock = { ...stock, full: false, since_ms: null, message_bytes: 700 };
  await page.locator("#text").fill("/keepers");
  await page.keyboard.press("Enter");
  await dialog.getByText("keeper, holds all your entries: messages 700 B of 25.0 MB; files 90.2 kB").waitFor();
  assert.deepEqual(await findings(page), []);
});
