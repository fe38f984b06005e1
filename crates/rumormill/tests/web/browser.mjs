// A browser for the tests: one for each file, a fresh profile for each page.

import { chromium } from "playwright-core";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { Mock } from "./mock.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const HANG_MS = Number(process.env.HANG_MS ?? 30_000);

// The program, for tests that need the real one.
export const BIN = process.env.RUMORMILL_BIN;

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS });
});
after(() => browser.close());

// Undoes the setup of a test, the last step first.
const undone = new WeakMap();
export function afterwards(t, undo) {
  if (!undone.has(t)) {
    undone.set(t, []);
    t.after(async () => {
      // Runs every step, even after a failure: anything left open would keep the process alive.
      const wrong = [];
      for (const each of undone.get(t).reverse()) await Promise.resolve().then(each).catch((error) => wrong.push(error));
      if (wrong.length) throw wrong[0];
    });
  }
  undone.get(t).push(undo);
}

// Opens a page; logged errors and dialogs fail the test at its end.
export async function open(t, link, { width = 1280, height = 800, theme = "light", motion = "no-preference", quiet = false, popups = false, ...set } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: motion, timezoneId: "UTC", ...set });
  const page = await context.newPage();
  page.setDefaultTimeout(HANG_MS);
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.stack));
  page.on("console", (said) => said.type() === "error" && !quiet && wrong.push(`${said.text()} ${said.location().url}`));
  page.on("dialog", (dialog) => {
    wrong.push("dialog: " + dialog.message());
    dialog.dismiss();
  });
  page.on("popup", (popup) => popups || wrong.push("popup: " + popup.url()));
  afterwards(t, async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  await page.goto(link);
  return page;
}

// A process that serves, with a home of its own; returns the link of its page.
export async function node(t, name) {
  const home = await mkdtemp(join(tmpdir(), `rumormill-${name}-`));
  const child = spawn(BIN, ["serve", "--home", join(home, "home"), "--loopback", "--http", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.once("exit", done));
  afterwards(t, async () => {
    child.kill();
    await ended;
    await rm(home, { recursive: true, force: true });
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const link = /http:\/\/127\.0\.0\.1:\d+\/#\S+/.exec(line)?.[0];
    if (link) {
      child.stdout.resume();
      return link;
    }
  }
  throw new Error(`${BIN} serve ended without a link`);
}

export async function mock(t, fill) {
  const made = await new Mock().start();
  afterwards(t, () => made.stop());
  const room = fill?.(made);
  return { mock: made, room };
}

// A page of a mock that `fill` has filled, once its room is shown.
export async function chat(t, fill, set) {
  const made = await mock(t, fill);
  const page = await open(t, made.mock.link(), set);
  await page.locator("#name").filter({ hasText: /./ }).waitFor();
  await page.locator("#log:not([aria-busy])").waitFor();
  return { ...made, page };
}

export const log = (page) => page.locator("#log article");

export const said = (page, text) => log(page).filter({ hasText: text });

export async function type(page, text) {
  await page.locator("#text").focus();
  await page.keyboard.type(text);
}

export async function say(page, text) {
  await type(page, text);
  await page.keyboard.press("Enter");
  await said(page, text).waitFor();
}

// Waits until `test` holds in the page: checks from outside, because the page evaluates no strings.
export const until = (page, test, argument) => holds(page, () => page.evaluate(test, argument), `${test} ${argument ?? ""}`);

// Waits until `test` holds here, checking whenever the page has drawn a frame.
export async function holds(page, test, words = String(test)) {
  const end = Date.now() + HANG_MS;
  while (!(await test())) {
    assert.ok(Date.now() < end, "never came: " + words);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

// The findings of axe.
export async function findings(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations", "incomplete"] }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => target.join(" ") + " " + failureSummary).join("; ")}`);
}

// Elements that overflow at the right, except those with an ellipsis.
export async function overflow(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth > innerWidth;
    const isCut = (node) => node && (getComputedStyle(node).textOverflow === "ellipsis" || isCut(node.parentElement));
    const out = [...document.querySelectorAll("#app *, dialog[open] *, .gate *")].filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth + 1 && !node.closest("svg") && !isCut(node.parentElement));
    return wide || out.length ? out.map((node) => node.outerHTML.slice(0, 120)) : [];
  });
}
