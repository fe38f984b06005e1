#!/usr/bin/env python3
"""A bot to start from: it listens to every room of this home and answers `!roll 2d6`.

Run `rumormill serve` (or leave a chat open), then `python3 bot.py`. Nothing but Python 3.8 is needed: requests go
through the socket in the home, which only its owner can open. Over loopback TCP the same requests carry
`Authorization: Bearer` and the token that `rumormill paths` tells the file of.
"""

import http.client
import json
import random
import re
import socket
import subprocess


class Api(http.client.HTTPConnection):
    """HTTP through a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


def ask(path, method, what, body=None):
    """One request; the answer as JSON."""
    api = Api(path)
    api.request(method, what, json.dumps(body) if body else None, {"Content-Type": "application/json"})
    answer = api.getresponse()
    text = answer.read()
    if answer.status >= 400:
        raise RuntimeError(json.loads(text)["error"])
    return json.loads(text) if text else None


def events(path):
    """What happens, as it happens: (name, content)."""
    api = Api(path)
    api.request("GET", "/v1/events")
    name = None
    for line in api.getresponse():
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def roll(text):
    """The answer to `!roll 2d6`, or None."""
    match = re.fullmatch(r"!roll (\d{1,2})d(\d{1,3})", text.strip())
    if not match or 0 in map(int, match.groups()):
        return None
    count, sides = map(int, match.groups())
    rolled = [random.randint(1, sides) for _ in range(count)]
    return f"{' + '.join(map(str, rolled))} = {sum(rolled)}"


def main():
    path = json.loads(subprocess.check_output(["rumormill", "paths", "--json"]))["socket"]
    happening = events(path)
    next(happening)
    print("listening", flush=True)
    for name, content in happening:
        # "end" is what is said now; what comes late or from history was said to somebody else.
        if name != "message" or content["arrival"] != "end" or content["message"]["mine"]:
            continue
        message = content["message"]
        answer = roll(message["text"]) if message["kind"] == "text" else None
        if answer:
            said = {"text": answer, "reply_to": message["ref"], "mentions": [message["author"]]}
            ask(path, "POST", f"/v1/rooms/{content['room']}/messages", said)


if __name__ == "__main__":
    main()
