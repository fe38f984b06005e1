// The stretch of a room's timeline that is in this page: at most MOST messages in order, and what lies around it.

export const PAGE = 50;
export const MOST = 400;

export class Timeline {
  // `read` gives a page for { before, after, limit }, `one` a message by its ref.
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

  // What one can go to: everything but what somebody says who is hidden.
  get visible() {
    return this.messages.filter(({ hidden }) => !hidden);
  }

  find(ref) {
    return this.messages.find((message) => message.ref === ref);
  }

  // Puts in a message that arrived; says whether it shows.
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
    // What is older than all we show is fetched when somebody goes there, unless we show the beginning.
    if (this.first && message.place < this.first.place && (this.older || this.messages.length >= PAGE)) {
      this.older = true;
      return false;
    }
    this.insert(message);
    this.trim("older");
    return true;
  }

  // Replaces a message that reads differently, which may be the one a shown message answers.
  change(message) {
    const at = this.messages.findIndex(({ ref }) => ref === message.ref);
    // Who holds a message only grows, while answers may cross on their way.
    if (at >= 0)
      this.messages[at] =
        message.holders === null
          ? message
          : {
              ...message,
              holders: Math.max(message.holders, this.messages[at].holders ?? 0),
              acknowledged: Math.max(message.acknowledged ?? 0, this.messages[at].acknowledged ?? 0),
            };
    this.messages.forEach((answer, i) => {
      if (answer.reply_to?.ref === message.ref)
        this.messages[i] = {
          ...answer,
          reply_to: { ...answer.reply_to, text: message.gone ? "" : message.text },
        };
    });
    return at >= 0;
  }

  insert(message) {
    let at = this.messages.length;
    while (at > 0 && this.messages[at - 1].place > message.place) at -= 1;
    this.messages.splice(at, 0, message);
  }

  // Keeps the bound by letting go of the far end.
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

  // Shows what stands around a place, as that of the last message read.
  async from(place) {
    const page = await this.read({ after: place, limit: PAGE });
    this.clear();
    this.merge(page.messages);
    this.older = true;
    this.newer = page.more;
    await this.up();
  }

  // Shows what stands around a message.
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

  // Reads again what is shown, for some of what happened was not told.
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
