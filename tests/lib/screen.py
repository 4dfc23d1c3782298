#!/usr/bin/python3
"""screen.py [STEP]... -- COMMAND...: runs a command on a terminal of its own, 80 by 24, of which the
screen is looked at. A step is

    type:TEXT    types it, with Python's escapes (\\r, \\t, \\x03, \\x1b[A)
    see:TEXT     waits until it stands somewhere on the screen
    gone:TEXT    waits until it does not
    row:TEXT     waits until a row is just that
    line:TEXT    waits until the row with the cursor is just that
    size:CxR     gives the terminal another size
    run:COMMAND  runs a shell command, to which CHILD is the process
    show         prints the screen, without empty rows
    hang         takes the terminal away, and is the last step: the command must end
    end          waits for the command's end; so does the end of the steps

Last it prints "echo on" or "echo off", as the command left the terminal. Exits as the command did,
128 + N for signal N; a step that does not come ends it with the screen as it is, and status 99.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

import pyte

LIMIT = 20  # seconds for a step


class Console:
    def __init__(self, command, size="80x24"):
        # Our copy of the other side keeps its state when the command is gone.
        self.fd, self.other_side = pty.openpty()
        self.screen = pyte.Screen(80, 24)
        self.stream = pyte.ByteStream(self.screen)
        self.resize(size)
        self.child = subprocess.Popen(
            command, stdin=self.other_side, stdout=self.other_side, stderr=self.other_side,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def read(self, wait=0.05):
        if not select.select([self.fd], [], [], wait)[0]:
            return False
        self.stream.feed(os.read(self.fd, 65536))
        return True

    def until(self, step, is_true):
        end = time.monotonic() + LIMIT
        while not is_true():
            self.read()
            if time.monotonic() > end:
                self.child.kill()
                print(f"screen.py: {step!r} did not come:\n{self.show()}", file=sys.stderr)
                sys.exit(99)

    def rows(self):
        return [row.rstrip() for row in self.screen.display]

    def show(self):
        return "\n".join(row for row in self.rows() if row)

    def resize(self, size):
        columns, rows = map(int, size.split("x"))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def finish(self, step):
        self.until(step, lambda: self.child.poll() is not None)
        while self.read(0):
            pass

    def do(self, step):
        kind, _, text = step.partition(":")
        if kind == "type":
            os.write(self.fd, text.encode().decode("unicode_escape").encode("latin-1"))
        elif kind == "see":
            self.until(step, lambda: text in self.show())
        elif kind == "gone":
            self.until(step, lambda: text not in self.show())
        elif kind == "row":
            self.until(step, lambda: text in self.rows())
        elif kind == "line":
            self.until(step, lambda: self.rows()[self.screen.cursor.y] == text)
        elif kind == "size":
            self.resize(text)
        elif kind == "run":
            subprocess.run(text, shell=True, check=True,
                           env={**os.environ, "CHILD": str(self.child.pid)})
        elif kind == "show":
            print(self.show())
        elif kind == "hang":
            os.close(self.fd)
            self.child.wait(LIMIT)
            sys.exit(0)
        elif kind == "end":
            self.finish(step)
        else:
            sys.exit(f"screen.py: {step}: what is that?")


def main():
    split = sys.argv.index("--")
    console = Console(sys.argv[split + 1:])
    for step in sys.argv[1:split]:
        console.do(step)
    console.finish("end")
    echo = termios.tcgetattr(console.other_side)[3] & termios.ECHO
    print("echo on" if echo else "echo off")
    code = console.child.returncode
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
