"""Runs a command at a terminal of its own: waits for a prompt, types everything at once, and waits for the end.

    terminal.py TEXT COMMAND...

In TEXT a `^` is the return key, and `!` at the end a request to terminate in place of more typing. Prints what the
terminal showed, then whether it was left as it was found.
"""

import os
import pty
import signal
import subprocess
import sys
import termios

text, command = sys.argv[1], sys.argv[2:]
leader, follower = pty.openpty()
found = termios.tcgetattr(follower)
child = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower)
seen = b""


def read_until(mark):
    global seen
    while mark not in seen:
        seen += os.read(leader, 4096)


read_until(b"> ")
os.write(leader, text.rstrip("!").replace("^", "\r").encode())
if text.endswith("!"):
    read_until(text.split("^")[-1].rstrip("!").encode())
    child.send_signal(signal.SIGTERM)
child.wait()
left = termios.tcgetattr(follower)
os.set_blocking(leader, False)
try:
    while piece := os.read(leader, 65536):
        seen += piece
except OSError:
    pass
sys.stdout.buffer.write(seen)
print("\nrestored" if left == found else f"\nfound {found}, left {left}", "exit", child.returncode)
