// Names, tested with the same table as those of the terminal.

import test from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Names } from "../../src/web/page/names.js";

const cases = JSON.parse(await readFile(new URL("../../../text/tests/names.json", import.meta.url)));

for (const { about, people, shown, named, unclear } of cases) {
  test(about, () => {
    const names = new Names();
    for (const [author, nick] of people) names.learn(author, nick);
    const authors = people.map(([author]) => author);
    assert.deepEqual(authors.map((author) => names.show(author)), shown);
    for (const [text, meant] of Object.entries(named)) {
      const found = names.named(authors, text);
      assert.deepEqual(found.authors.sort(), [...meant].sort(), text);
      assert.equal(found.unclear.length > 0, unclear.includes(text), text);
    }
  });
}

test("who is not known yet shows digits, and a new nick frees the old one", () => {
  const names = new Names();
  names.learn("9f2c11aa", "ada");
  names.learn("41aa0711", "ada");
  assert.equal(names.show("77770711", "bob"), "bob~7777");
  names.learn("41aa0711", "bob");
  assert.equal(names.show("9f2c11aa"), "ada");
  names.learn("9f2c11aa", "countess");
  names.learn("41aa0711", "Ada");
  assert.equal(names.show("41aa0711"), "Ada~41aa", "it was another person's a moment ago");
});
