#!/usr/bin/python3
"""readme.py FILE [SECONDS]: runs what FILE shows, in its order, in one shell, and holds what comes against
what it shows.

An indented line that begins with "$ " is a command (it goes on as long as the shell finds it unfinished, a
here-document too); the indented lines behind it are what it says on stdout and stderr, by itself or from
the background. An indented line "socks5> " is typed at the prompt of the program on a terminal.

What is said in the background is waited for, SECONDS at most (20). White space does not count, nor
does what differs from run to run: times, rates, dates, ports of the kernel's choice. "..." on a line of
its own stands for any lines. Fixed ports are used: run it in a network of its own.
"""

import os
import re
import select
import signal
import subprocess
import sys
import time

from screen import Console

LIMIT = float(sys.argv[2]) if len(sys.argv) > 2 else 20
PROMPT = "socks5> "
MARK = "the-command-is-over"
# Not run as they stand there: why, and what is run.
OTHERWISE = {
    "make check": ":",  # is what runs this
    "make run": "make run & until ss -Htln | grep -q :1080; do sleep 0.1; done; kill $!; wait $!",
}
VARYING = [
    (r"\b(id|ms|up|down)=\d+", r"\1=N"),
    (r"\b\d+(\.\d+)? (us|ms|s)\b", "TIME"),
    (r"\b[\d,.]+ (round trips/s|processors|MiB)", r"N \1"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "DATE"),
    (r":[3-6]\d{4}\b", ":PORT"),
]


def plain(text):
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return " ".join(text.split())


def matches(want, got):
    parts = [re.escape(plain(part)) for part in re.split(r"^\.\.\.$", want, flags=re.M)]
    return re.fullmatch(r"\s?.*?\s?".join(parts), plain(got)) is not None


def is_whole(command):
    """Whether the shell wants no further line."""
    asked = subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False)
    return not asked.stderr and not command.endswith("\\") and not command.rstrip().endswith("|")


def steps(lines):
    """(line's number, command, what it says) of each command shown."""
    command, said, begun = None, [], 0
    for number, line in enumerate(lines + [""], 1):
        shown = line[4:] if line.startswith("    ") else None
        if shown is not None and command is not None and not is_whole(command):
            command += "\n" + shown
            continue
        if command is not None and (shown is None or shown.startswith("$ ")):
            yield begun, command, "\n".join(said)
            command, said = None, []
        if shown is not None and shown.startswith("$ "):
            command, begun = shown[2:], number
        elif shown is not None and command is not None:
            said.append(shown)


def listening():
    """How many sockets of this network wait for somebody."""
    count = 0
    for name, state in (("tcp", "0A"), ("udp", "07")):
        with open(f"/proc/net/{name}", encoding="ascii") as table:
            count += sum(line.split()[3] == state for line in list(table)[1:])
    return count


class Shell:
    def __init__(self):
        self.child = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      start_new_session=True)
        self.got = b""

    def wait(self, holds, limit=LIMIT):
        end = time.monotonic() + limit
        while not holds():
            if time.monotonic() > end:
                return False
            if select.select([self.child.stdout], [], [], 0.05)[0]:
                more = os.read(self.child.stdout.fileno(), 65536)
                if not more:
                    return False
                self.got += more
        return True

    def text(self):
        return self.got.decode("utf-8", "replace").replace(MARK + "\n", "")

    def run(self, command, want):
        """Whether it says what is wanted. A file to which a server writes may be looked at again."""
        if PROMPT in want:
            return self.at_prompt(command, want)
        tries = 10 if re.fullmatch(r"cat /[^<>|]*", command) else 1
        while not self.run_once(command, want, LIMIT / tries):
            tries -= 1
            if not tries:
                return False
        return True

    def run_once(self, command, want, limit):
        """Whether what it said was what is wanted, at once or before the limit."""
        self.got = b""
        before = listening()
        self.child.stdin.write(f"{command}\necho {MARK}\n".encode())
        self.child.stdin.flush()
        is_over = self.wait(lambda: MARK.encode() + b"\n" in self.got, 60)
        if command.endswith("&") and not want:
            self.wait(lambda: listening() > before)
        is_right = self.wait(lambda: matches(want, self.text()), limit)
        return is_over and is_right

    def at_prompt(self, command, want):
        """The same of a command that asks, on a terminal: what the README shows as typed is typed."""
        console = Console(["bash", "-c", command], "100x40")
        for line in want.splitlines():
            if line.startswith(PROMPT):
                console.until(PROMPT, lambda: console.rows()[console.screen.cursor.y] == PROMPT.rstrip())
                os.write(console.fd, line.removeprefix(PROMPT).encode())
                console.until(line, lambda: console.rows()[console.screen.cursor.y] == line)
                os.write(console.fd, b"\r")
                console.until(line, lambda: console.rows()[console.screen.cursor.y] != line)
        console.finish(command)
        self.got = console.show().encode()
        return matches(want, self.text())

    def end(self):
        os.killpg(self.child.pid, signal.SIGKILL)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = file.read().splitlines()
    shell = Shell()
    count = 0
    try:
        for number, command, want in steps(lines):
            special = OTHERWISE.get(command.split("  #")[0].strip())
            if not shell.run(special or command, "..." if special else want):
                sys.exit(f"line {number}: {command}\n--- wanted:\n{want}\n--- got:\n{shell.text()}")
            count += 1
    finally:
        shell.end()
    print(f"{count} commands")


if __name__ == "__main__":
    main()
