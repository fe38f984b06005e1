"""A console that never notices a closed socket: its thread for that process then takes all the CPU time it can get.

It keeps to the console interface and to nothing else. What it started writes into pipes that it never reads.
"""

import os
import socket
import sys
import threading
import time
from subprocess import PIPE, Popen

logs = []
asked = 0


def listen(sock):
    buffer = ""
    while True:
        try:
            buffer += str(sock.recv(1024), "utf-8")
        except ConnectionResetError:
            continue
        except OSError:
            return
        while "\n" in buffer:
            line, _, buffer = buffer.partition("\n")
            words = line.split()
            if len(words) >= 2 and words[0] == "chatLog":
                logs.append(words[1])
                print(words[1], flush=True)
            else:
                print("WRONG MESSAGE", line, flush=True)


connections, children, before = {}, [], set()
for command in sys.stdin.read().splitlines():
    fields = command.split(" ", 2)
    if fields[0] == "exit":
        break
    while len(logs) < asked:
        time.sleep(0.01)
    if fields[1] == "start":
        n, port = fields[2].split()
        if fields[0] in before:
            time.sleep(2)
        before.add(fields[0])
        children.append(Popen(["./process", fields[0], n, port], stdout=PIPE, stderr=PIPE))
        time.sleep(1)
        connections[fields[0]] = socket.create_connection(("127.0.0.1", int(port)))
        threading.Thread(target=listen, args=(connections[fields[0]],), daemon=True).start()
    elif fields[1] == "get":
        time.sleep(1)
        asked += 1
        connections[fields[0]].sendall(b"get chatLog\n")
    elif fields[1] == "crash":
        connections[fields[0]].sendall(b"crash")
        connections[fields[0]].sendall(b"\n")
    else:
        connections[fields[0]].sendall(" ".join(fields[1:]).encode() + b"\n")
while len(logs) < asked:
    time.sleep(0.01)
time.sleep(2)
for connection in connections.values():
    connection.close()
sys.stdout.flush()
os.system("./stopall")
os._exit(0)
