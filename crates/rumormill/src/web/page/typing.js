// Who is writing: reported while one writes, and shown until the message comes or they stop.

import { $ } from "./dom.js";
import { ask as at, call } from "./api.js";
import { value } from "./settings.js";

const EVERY_MS = 3300;
const SHOWN_MS = 6000;
const NAMED = 2;

export class Typing {
  constructor(show) {
    Object.assign(this, { show, typists: new Map(), told: -EVERY_MS, later: null });
  }

  enter() {
    for (const timer of this.typists.values()) clearTimeout(timer);
    this.typists.clear();
    clearTimeout(this.later);
    this.later = null;
    this.told = -EVERY_MS;
    this.draw();
  }

  // Reports that this person writes: now, or as soon as the limit allows if `isWriting()` still. Failures do not
  // matter.
  tell(room, isWriting) {
    if (value("typing") === "off") return;
    const wait = this.told + EVERY_MS - performance.now();
    if (wait > 0) {
      this.later ??= setTimeout(() => {
        this.later = null;
        if (isWriting()) this.tell(room, isWriting);
      }, wait);
      return;
    }
    this.told = performance.now();
    call("POST", at(room, "/typing")).catch(() => {});
  }

  hear(author) {
    if (value("typing") === "off") return;
    this.stop(author);
    this.typists.set(author, setTimeout(() => this.stop(author), SHOWN_MS));
    this.draw();
  }

  stop(author) {
    clearTimeout(this.typists.get(author));
    if (this.typists.delete(author)) this.draw();
  }

  draw() {
    const names = [...this.typists.keys()].map((author) => this.show(author));
    $("typing").textContent = names.length > NAMED ? `${names.length} people are writing` : names.length ? `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} writing` : "";
  }
}
