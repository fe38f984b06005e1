// Private rooms: beginning one, and those that others ask you into.

import { ask as at, call } from "./api.js";
import { close, show } from "./ask.js";
import { $, button, el, rows, theirs } from "./dom.js";
import { short } from "./words.js";

const NAME_CHARS = 40;

const named = ({ nick, author }) => short(nick, NAME_CHARS) || author.slice(0, 8);

// Goes to the private room with these people of the open room, and says words there.
export async function message(chat, people, text = "") {
  const room = await call("POST", at(chat.id, "/private"), { people });
  await enter(chat, room);
  if (text) await call("POST", at(room.id, "/messages"), { text });
}

async function enter(chat, room) {
  chat.rooms.set(room.id, room);
  await chat.enter(room.id);
}

// The requests that wait, listed below the rooms.
export class Requests {
  constructor(chat) {
    Object.assign(this, { chat, waiting: [] });
  }

  async read() {
    const { requests } = await call("GET", "/v1/requests");
    this.waiting = requests;
    this.draw();
  }

  // Somebody has just asked.
  asked({ request }) {
    $("spoken").textContent = `${named(request.from)} asks you to talk privately.`;
    this.waiting = [request, ...this.waiting.filter(({ id }) => id !== request.id)];
    this.draw();
  }

  draw() {
    const waiting = this.waiting.filter(({ id }) => !this.chat.rooms.has(id));
    $("requests").hidden = !waiting.length;
    rows($("request-list"), waiting.map((request) => ({
      key: request.id,
      stamp: [named(request.from), request.of_name],
      make: () => el("li", {}, el("button", { type: "button", "aria-haspopup": "dialog", onclick: () => this.show(request) }, theirs(named(request.from)), el("span", { class: "quiet" }, " out of ", theirs(short(request.of_name, NAME_CHARS))))),
    })));
  }

  show(request) {
    const { id, from, with: others, of_name } = request;
    const answer = (run) => () => {
      close();
      return this.chat.try(async () => {
        await run();
        await this.read();
      });
    };
    const path = `/v1/requests/${encodeURIComponent(id)}`;
    const more = others.length > 0 && el("p", {}, "Others who are asked: ", theirs(others.map(named).join(", ")), ".");
    show("A request to talk privately", ...[
      el("p", {}, theirs(named(from)), " out of ", theirs(short(of_name, NAME_CHARS)), " asks you into a private room. Nobody there learns anything of you before you enter."),
      more,
      el("div", { class: "row end" }, button("Do not list it", answer(() => call("DELETE", path))), button("Enter", answer(async () => enter(this.chat, await call("POST", path))), true, true)),
    ].filter(Boolean));
  }
}
