#!/usr/bin/env python3
"""A bot to start from: it listens to every room of this home and answers `!roll 2d6`, each question once.

Run `rumormill serve` (or leave a chat open), then `python3 bot.py [STATE]`. Nothing but Python 3.8 is needed: requests go
through the socket in the home, which only its owner can open. Without a token the bot speaks in your name; with the token of
`rumormill bot new` in RUMORMILL_TOKEN it is a member of its own. The same requests work over loopback TCP.

The bot and the process may each be killed at any time. STATE (`bot.json`) holds the last place that the bot has read in
each room; when it comes back it reads the messages after that place. Each answer is sent with an Idempotency-Key derived
from the question, so no answer is sent twice.
"""

import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import time

HOUR = 3_600_000 << 16  # the time in a place is in milliseconds, with 16 bits below them


class Refused(Exception):
    """The process refused a request: `code` says why."""

    def __init__(self, error):
        super().__init__(f"{error['what']}; {error['help']}")
        self.code = error["code"]


class Connection(http.client.HTTPConnection):
    """HTTP through a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


def pauses():
    """Seconds to wait before each new try."""
    pause = 0.1
    while True:
        yield pause
        pause = min(2 * pause, 5)


class Home:
    """The process that has the home open. It may go away and come back."""

    def __init__(self, path, token=None):
        self.path = path
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method, what, body=None, key=None):
        """One request, repeated until it is answered; the answer as JSON. With a key it is carried out once."""
        headers = {"Content-Type": "application/json", **self.headers}
        if key:
            headers["Idempotency-Key"] = key
        for pause in pauses():
            try:
                connection = Connection(self.path)
                connection.request(method, what, json.dumps(body) if body else None, headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                time.sleep(pause)
                continue
            wait = answer.getheader("Retry-After")
            if wait:  # too fast, or the same request is under way
                time.sleep(int(wait))
            elif answer.status >= 400:
                raise Refused(json.loads(text)["error"])
            else:
                return json.loads(text) if text else None

    def events(self):
        """The events as they happen: (name, content). `lagged` says that some were missed; it also comes first of all."""
        last, wait = None, pauses()
        while True:
            try:
                connection = Connection(self.path)
                headers = {"Last-Event-ID": last} if last else {}
                connection.request("GET", "/v1/events", headers={**headers, **self.headers})
                answer = connection.getresponse()
                if last is None:
                    yield "lagged", {"why": "restart"}
                fields = {}
                for line in answer:
                    field, _, value = line.decode().rstrip("\n").partition(": ")
                    if field:
                        fields[field] = value
                        continue
                    last = fields.get("id", last)
                    if "data" in fields:
                        wait = pauses()
                        yield fields.get("event"), json.loads(fields["data"])
                    fields = {}
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(next(wait))


class Places:
    """For each room, the place where the bot began to read, and the last one that it read: in a file that is always whole."""

    def __init__(self, file):
        self.file = file
        self.known = {}
        if os.path.exists(file):
            with open(file) as kept:
                self.known = json.load(kept)

    def move(self, room, place):
        """Notes that everything up to `place` is read."""
        begun, read = self.known.get(room, (place, ""))
        if place > read:
            self.known[room] = (begun, place)
            with open(self.file + ".new", "w") as fresh:
                json.dump(self.known, fresh)
                fresh.flush()
                os.fsync(fresh.fileno())
            os.replace(self.file + ".new", self.file)


def roll(text, seed):
    """The answer to `!roll 2d6`, or None. The same question always gets the same answer."""
    match = re.fullmatch(r"!roll (\d{1,2})d(\d{1,3})", text.strip())
    if not match or 0 in map(int, match.groups()):
        return None
    count, sides = map(int, match.groups())
    dice = random.Random(seed)
    rolled = [dice.randint(1, sides) for _ in range(count)]
    return f"{' + '.join(map(str, rolled))} = {sum(rolled)}"


def take(home, places, room, message):
    """Answers a message if it is a question, and then counts it as read."""
    answer = roll(message["text"], message["ref"]) if message["kind"] == "text" and not message["mine"] else None
    if answer:
        said = {"text": answer, "reply_to": message["ref"], "mentions": [message["author"]]}
        try:
            home.ask("POST", f"/v1/rooms/{room}/messages", said, key=f"roll {message['ref']}")
        except Refused as refused:
            # The question was edited after it was answered: the answer stands.
            if refused.code != "key-used":
                raise
    places.move(room, message["place"])


def catch_up(home, places):
    """Reads the messages since the last run; in a room that it does not know, only messages from now on."""
    for room in home.ask("GET", "/v1/rooms")["rooms"]:
        room = room["id"]
        if room not in places.known:
            newest = home.ask("GET", f"/v1/rooms/{room}/messages?limit=1")["messages"]
            places.move(room, newest[-1]["place"] if newest else "0" * 16 + "." + "0" * 64 + "." + "0" * 16)
            continue
        # An hour further back: a message written offline stands where it was written. No answer is sent twice.
        begun, read = places.known[room]
        after, more = max(begun, f"{max(0, int(read[:16], 16) - HOUR):016x}{read[16:]}"), True
        while more:
            page = home.ask("GET", f"/v1/rooms/{room}/messages?after={after}&limit=200")
            for message in page["messages"]:
                take(home, places, room, message)
                after = message["place"]
            more = page["more"]


def main():
    paths = json.loads(subprocess.check_output(["rumormill", "paths", "--json"]))
    home = Home(paths["socket"], os.environ.get("RUMORMILL_TOKEN"))
    places = Places(sys.argv[1] if len(sys.argv) > 1 else "bot.json")
    listening = False
    for name, content in home.events():
        try:
            if name == "lagged":
                catch_up(home, places)
            # Messages from history are from before this home joined the room.
            elif name == "message" and content["arrival"] != "history":
                take(home, places, content["room"], content["message"])
        except Refused as refused:
            print(refused, file=sys.stderr, flush=True)
        if not listening:
            listening = True
            print("listening", flush=True)


if __name__ == "__main__":
    main()
