// The loaded part of a room's timeline: at most MOST messages in order.

export const PAGE = 50;
export const MOST = 400;

export class Timeline {
  // `read` returns a page for { before, after, limit }, `one` a message by its ref.
  constructor(read, one) {
    Object.assign(this, { read, one });
    this.clear();
  }

  clear() {
    this.messages = [];
    this.older = false;
    this.newer = false;
    this.below = 0;
    this.late = [];
    this.lateRefs = new Set();
  }

  get first() {
    return this.messages[0];
  }

  get last() {
    return this.messages.at(-1);
  }

  // Messages that can be selected: all but those of hidden people.
  get visible() {
    return this.messages.filter(({ hidden }) => !hidden);
  }

  find(ref) {
    return this.messages.find((message) => message.ref === ref);
  }

  // Inserts a message; returns whether it is shown.
  arrive(message, arrival) {
    if (this.find(message.ref)) return this.change(message);
    const isLate = arrival === "late" && !message.mine && !message.hidden;
    if (isLate) {
      this.late.push(message);
      this.late.splice(0, this.late.length - MOST);
      this.lateRefs.add(message.ref);
      if (this.lateRefs.size > MOST) this.lateRefs.delete(this.lateRefs.values().next().value);
    }
    if (this.newer && message.place > (this.last?.place ?? "")) {
      if (!message.mine && !message.hidden) this.below += 1;
      return false;
    }
    // An older message is loaded on demand, unless the beginning is loaded.
    if (this.first && message.place < this.first.place && (this.older || this.messages.length >= PAGE)) {
      this.older = true;
      return false;
    }
    this.insert(message);
    this.trim("older");
    return true;
  }

  // Replaces a message, also where it is quoted.
  change(message) {
    const at = this.messages.findIndex(({ ref }) => ref === message.ref);
    // Receipts only grow, while answers may overtake each other.
    const most = (what) => Math.max(message[what] ?? 0, this.messages[at][what] ?? 0);
    if (at >= 0) this.messages[at] = message.holders === null ? message : { ...message, holders: most("holders"), acknowledged: most("acknowledged") };
    this.messages.forEach((answer, i) => {
      if (answer.reply_to?.ref === message.ref)
        this.messages[i] = { ...answer, reply_to: { ...answer.reply_to, text: message.gone ? "" : message.text } };
    });
    return at >= 0;
  }

  insert(message) {
    let at = this.messages.length;
    while (at > 0 && this.messages[at - 1].place > message.place) at -= 1;
    this.messages.splice(at, 0, message);
  }

  // Drops messages at the far end beyond the bound.
  trim(end) {
    const over = this.messages.length - MOST;
    if (over <= 0) return;
    if (end === "older") {
      this.messages.splice(0, over);
      this.older = true;
    } else {
      this.messages.splice(MOST);
      this.newer = true;
    }
  }

  merge(found) {
    for (const message of found) if (!this.change(message)) this.insert(message);
  }

  async toEnd() {
    const page = await this.read({ limit: PAGE });
    const late = this.lateRefs;
    this.clear();
    this.lateRefs = late;
    this.merge(page.messages);
    this.older = page.more;
  }

  async up() {
    if (!this.older || !this.first) return;
    const page = await this.read({ before: this.first.place, limit: PAGE });
    this.merge(page.messages);
    this.older = page.more;
    this.trim("newer");
  }

  async down() {
    if (!this.newer || !this.last) return;
    const page = await this.read({ after: this.last.place, limit: PAGE });
    this.merge(page.messages);
    this.newer = page.more;
    if (!page.more) this.below = 0;
    this.trim("older");
  }

  // Loads the messages around a place, such as that of the last read message.
  async from(place) {
    const page = await this.read({ after: place, limit: PAGE });
    this.clear();
    this.merge(page.messages);
    this.older = true;
    this.newer = page.more;
    await this.up();
  }

  // Loads the messages around a message.
  async around(message) {
    const [before, after] = await Promise.all([
      this.read({ before: message.place, limit: PAGE }),
      this.read({ after: message.place, limit: PAGE }),
    ]);
    this.clear();
    this.merge([...before.messages, message, ...after.messages]);
    this.older = before.more;
    this.newer = after.more;
  }

  // Loads the shown messages again.
  async again() {
    const [first, last] = [this.first, this.last];
    const found = this.newer && last ? [await this.one(last.ref)] : [];
    let page = { messages: [], more: true };
    let before = found[0]?.place;
    while (page.more && found.length < MOST && !(first && found[0]?.place <= first.place)) {
      page = await this.read({ before, limit: PAGE });
      if (!page.messages.length) break;
      found.unshift(...page.messages);
      before = found[0].place;
    }
    this.messages = [];
    this.merge(found);
    this.older = page.more;
    this.trim("older");
  }
}
