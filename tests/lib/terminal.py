#!/usr/bin/python3
"""terminal.py TRANSCRIPT [EXPECT SEND]... -- COMMAND...: runs a command on a terminal of its own.

Waits for each EXPECT on the terminal and types SEND ("^C" and "^D" are those keys). The command's
standard output stays ours. TRANSCRIPT gets what stood on the terminal, then a line "echo on" or
"echo off" for the state in which the command left it. Exits as the command did, 128 + N for
signal N.
"""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time

LIMIT = 20  # seconds
KEYS = {"^C": b"\x03", "^D": b"\x04"}


def take_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    def __init__(self, command):
        # Our copy of the other side keeps its state when the command is gone.
        self.fd, self.other_side = pty.openpty()
        self.child = subprocess.Popen(command, stdin=self.other_side, stderr=self.other_side,
                                      start_new_session=True, preexec_fn=take_terminal)
        self.seen = b""
        self.end = time.monotonic() + LIMIT

    def read(self):
        """Takes what is there; False when nothing more can come."""
        ended = self.child.poll() is not None
        if select.select([self.fd], [], [], 0.05)[0]:
            self.seen += os.read(self.fd, 4096)
            return True
        return not ended

    def late(self):
        if time.monotonic() < self.end:
            return False
        self.child.kill()
        return True

    def talk(self, expect, send):
        begin = len(self.seen)
        while expect.encode() not in self.seen[begin:]:
            if not self.read() or self.late():
                sys.exit(f"terminal.py: {expect!r} did not come: {self.seen!r}")
        os.write(self.fd, KEYS.get(send, send.encode() + b"\n"))

    def finish(self):
        while self.read():
            if self.late():
                sys.exit(f"terminal.py: no end: {self.seen!r}")
        return termios.tcgetattr(self.other_side)[3] & termios.ECHO


def main():
    split = sys.argv.index("--")
    transcript, steps, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1:]
    terminal = Terminal(command)
    for expect, send in zip(steps[::2], steps[1::2]):
        terminal.talk(expect, send)
    echo = terminal.finish()
    with open(transcript, "wb") as out:
        out.write(terminal.seen + b"\necho " + (b"on\n" if echo else b"off\n"))
    code = terminal.child.returncode
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
