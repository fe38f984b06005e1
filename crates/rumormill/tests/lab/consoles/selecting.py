"""A console with one loop over select, which buffers lines and crashes with a word longer than `crash`.

It keeps to the console interface and to nothing else. It connects to the address that `localhost` has in IPv4,
sends every line byte by byte as far as it can, and ends processes' lines with a carriage return.
"""

import select
import socket
import subprocess
import sys
import time


class Console:
    def __init__(self):
        self.socks, self.buffers, self.started, self.waiting = {}, {}, set(), False

    def start(self, pid, n, port):
        if pid in self.started:
            time.sleep(2)
        self.started.add(pid)
        null = subprocess.DEVNULL
        subprocess.Popen(["./process", str(pid), n, port], stdin=null, stdout=null, stderr=null)
        time.sleep(1)
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.connect(("localhost", int(port)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socks[pid], self.buffers[pid] = sock, b""

    def send(self, pid, line):
        for byte in (line + "\r\n").encode():
            self.socks[pid].send(bytes([byte]))

    def hear(self, timeout):
        """Reads what has come; returns which log was printed."""
        readable, _, _ = select.select(list(self.socks.values()), [], [], timeout)
        for pid, sock in list(self.socks.items()):
            if sock not in readable:
                continue
            try:
                piece = sock.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                del self.socks[pid]
            self.buffers[pid] += piece
            while b"\n" in self.buffers[pid]:
                line, self.buffers[pid] = self.buffers[pid].split(b"\n", 1)
                self.answer(line.decode())

    def answer(self, line):
        words = line.split(" ", 1)
        if words[0] == "chatLog" and len(words) == 2 and words[1]:
            print(words[1], flush=True)
            self.waiting = False
        else:
            print("WRONG MESSAGE " + line, flush=True)

    def settle(self):
        while self.waiting:
            self.hear(None)


def main():
    console = Console()
    for line in sys.stdin:
        line = line.rstrip("\n")
        if line == "exit":
            break
        if not line:
            continue
        pid, rest = line.split(" ", 1)
        words = rest.split(" ")
        console.settle()
        if words[0] == "start":
            console.start(int(pid), words[1], words[2])
        elif words[0] == "get":
            time.sleep(1)
            console.waiting = True
            console.send(int(pid), rest)
        elif words[0] == "crash":
            console.send(int(pid), "crash...")
            console.hear(1)
        else:
            console.send(int(pid), rest)
            console.hear(0)
    console.settle()
    time.sleep(2)
    for sock in console.socks.values():
        sock.close()
    subprocess.call("./stopall")


main()
