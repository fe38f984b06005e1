// What people write in a room: lines, commands and files.

import { $ } from "./dom.js";
import { about, ask as at, call } from "./api.js";
import { commands, fitting } from "./commands.js";
import { takeFiles } from "./files.js";
import { named, pick } from "./picker.js";

const SIGNS = 8;

export class Writing {
  constructor(chat) {
    this.chat = chat;
    this.commands = commands(chat);
    this.chooseFiles = takeFiles((file, name) => this.sendFile(file, name));
  }

  acts() {
    const { chat } = this;
    const others = () => [...chat.people.values()].filter(({ me }) => !me).map(({ author }) => author);
    return {
      people: () => [...chat.people.values()],
      show: (author) => chat.names.show(author),
      named: (text) => chat.names.named(others(), text),
      unclear: (what) => chat.alert({ what, help: "Tab completes a name so that it means one person." }),
      // The latest message of this person, if it can be changed here.
      own: () => chat.visit?.timeline.messages.findLast((message) => chat.log.act.wrote(message) && message.kind === "text"),
      walk: () => {
        const last = chat.visit?.timeline.visible.at(-1);
        if (last) chat.visit.select(last.ref);
      },
      signs: (words) => named(words, SIGNS),
      emoji: (take) => pick("Emoji", take),
      commands: () => this.commands,
      fitting: (word, rest) => fitting(chat, word, rest),
      typing: (room) => chat.typing.tell(room, () => chat.composer.isWriting(room)),
      scroll: (way) => $("log").scrollBy({ top: way * $("log").clientHeight * 0.9 }),
      command: (room, word, rest) => this.command(room, word, rest),
      edit: (room, message, text) => this.edit(room, message, text),
      send: (room, said) => this.say(room, () => call("POST", at(room, "/messages"), said)),
    };
  }

  // Posts a message, and shows it if its room is open; returns whether it was posted.
  async say(room, run) {
    const { chat } = this;
    const visit = room === chat.id ? chat.visit : null;
    const answer = await chat.try(run, "line");
    if (!answer) return false;
    chat.settle("line");
    await visit?.show(answer.messages);
    return true;
  }

  async edit(room, message, text) {
    const path = about(room, message.ref);
    return (await this.chat.try(() => call("PUT", path, { text }), "line")) !== undefined;
  }

  async sendFile(file, name) {
    const {
      chat: { id, composer },
    } = this;
    const reply = composer.about?.reply?.ref;
    const set = new URLSearchParams({ name, ...(reply && { reply_to: reply }) });
    const sent = await this.say(id, () => call("POST", at(id, "/files?" + set), file));
    if (sent && reply && composer.about?.reply?.ref === reply) composer.cancel();
    return sent;
  }

  // Carries out a command for the room in which it was written. If another room is open by then, the command goes
  // back to its draft.
  async command(room, word, rest) {
    const { chat } = this;
    if (room !== chat.id) return false;
    const command = this.commands.find((known) => known.word === word);
    const unfit = command ? rest && !command.rest && `/${word} takes nothing behind it here` : `There is no command /${word}`;
    if (unfit) {
      chat.alert({ what: unfit, help: "Write /help for a list, or begin with // to say a line that starts with a slash." }, "line");
      return false;
    }
    const done = await chat.try(async () => {
      await command.run(rest);
      return true;
    }, "line");
    return done === true;
  }
}
