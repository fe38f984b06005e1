"""A console with a thread for each process, which reads 1,024 bytes at a time and decodes each piece by itself.

It keeps to the console interface and to nothing else. A reply that comes in several pieces prints as the first
one; whatever it did not ask for prints as WRONG MESSAGE.
"""

import socket
import subprocess
import sys
import threading
import time


class Listener(threading.Thread):
    """Reads from one process."""

    def __init__(self, pid, sock, answered):
        super().__init__(daemon=True)
        self.pid, self.sock, self.answered = pid, sock, answered

    def run(self):
        while True:
            try:
                piece = self.sock.recv(1024)
            except OSError:
                return
            if not piece:
                return
            words = piece.decode("utf-8").split(None, 1)
            if words and words[0] == "chatLog" and len(words) > 1:
                print(words[1].rstrip("\n"), flush=True)
                self.answered.set()
            else:
                print("WRONG MESSAGE", piece, flush=True)


def main():
    socks, started, answered = {}, set(), threading.Event()
    answered.set()
    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        if words[0] == "exit":
            break
        pid, command = words[0], words[1]
        if command == "start":
            if pid in started:
                time.sleep(2)
            started.add(pid)
            subprocess.Popen(["./process", pid, words[2], words[3]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(1)
            socks[pid] = socket.create_connection(("localhost", int(words[3])))
            Listener(pid, socks[pid], answered).start()
            continue
        answered.wait()
        if command == "get":
            time.sleep(1)
            answered.clear()
        socks[pid].sendall((line.split(None, 1)[1].rstrip("\n") + "\n").encode())
    answered.wait()
    time.sleep(2)
    for sock in socks.values():
        sock.close()
    subprocess.call(["./stopall"])


main()
