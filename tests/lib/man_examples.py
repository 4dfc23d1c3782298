#!/usr/bin/python3
"""man_examples.py parse SOCKS5 PAGE... | run SOCKS5 PAGE: the examples of man pages, as they stand there.

"parse" takes every command line of ours and has the program itself read its options. "run" runs a
page's examples one after the other, in a network of its own: see man_world.py, and man_rows.py for
what an example takes. Where a page shows what is said, just that must be said.
"""

import fcntl
import os
import pathlib
import pty
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

from man_rows import ROWS, row_of
from man_world import LIB, World

LIMIT = 60  # seconds that an example may take
# What is the machine's in the pages is the folder's here.
MOVED = re.compile(r"/(etc|var/log)/socks5\b")
LISTENING = re.compile(r"listening on (?:any, |(\S+):(\d+)$)", re.MULTILINE)
# Whoever types waits until the one before listens.
WAIT = "until grep -q 'listening on' said; do sleep 0.02; done"
# One host is as good as another.
SSH = '#!/bin/sh\nshift\nexec "$@"\n'
UNESCAPED = ((r"\e", "\\"), (r"\-", "-"), (r"\&", ""), (r"\(dq", '"'), (r"\(aq", "'"))


def examples_of(page):
    """The text of each .Dl, and of each .Bd up to its .Ed, of the section EXAMPLES."""
    section = re.search(r"^\.Sh EXAMPLES\n(.*?)(?=^\.Sh )", page.read_text(encoding="utf-8"), re.M | re.S)
    blocks = re.findall(r"^\.Dl (.*\n)|^\.Bd .*\n((?:.*\n)*?)\.Ed$", section.group(1), re.M)
    for one, several in blocks:
        text = one or several
        for code, plain in UNESCAPED:
            text = text.replace(code, plain)
        yield text


def is_open(command):
    """The shell waits for more."""
    if command.rstrip().endswith(("\\", "|")):
        return True
    try:
        shlex.split(command)
    except ValueError:
        return True
    return False


def split(example):
    """The commands behind "$ ", each with its further lines, and all that is shown as output."""
    commands, shown, more = [], "", False
    for line in example.splitlines():
        if line.startswith("$ "):
            commands.append(line[2:])
        elif more:
            commands[-1] += "\n" + line
        else:
            shown += line + "\n"
            continue
        more = is_open(commands[-1])
    return commands, shown


# --- parse -----------------------------------------------------------------------------------------


def calls_in(command):
    """The words of each of our commands in a line of the shell."""
    command = re.sub(r"\$\([^()]*\)", "1", command)  # what another command says: say, a number
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    words = list(lexer) + ["|"]
    while "socks5" in words:
        words = words[words.index("socks5"):]
        end = next(i for i, word in enumerate(words) if set(word) <= set("|&;<>()"))
        yield words[1:end]
        words = words[end:]


def understands(program, words):
    """Whether it comes to the --help that is put behind them. A file is looked at as it is named."""
    words = ["/dev/null" if before in ("-c", "--config") else word
             for before, word in zip([""] + words, words)]
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.startswith("usage: socks5"), done.stderr


def parse(program, pages):
    wrong, count, rows = 0, 0, set()
    for page in pages:
        for example in examples_of(page):
            row = row_of(page.name, example)
            rows.add(row.text and (row.page, row.text))
            commands, shown = split(example)
            for words in (call for line in commands or shown.splitlines() for call in calls_in(line)):
                good, why = understands(program, words)
                count += 1
                if not good:
                    wrong += 1
                    print(f"{page.name}: socks5 {shlex.join(words)}: {why}")
    for row in ROWS:
        if row.page in [page.name for page in pages] and (row.page, row.text) not in rows:
            wrong += 1
            print(f"{row.page}: there is no example with {row.text!r}")
    print(f"{count} command lines were parsed")
    return wrong == 0


# --- run -------------------------------------------------------------------------------------------


class Fault(Exception):
    pass


class Example:
    """One of them, as it runs. What it says is in the file "said"."""

    def __init__(self, row, commands):
        self.row = row
        self.said = open("said", "w+b")
        lines = [row.setup, *(line + (f"\n{WAIT}" if line.endswith("&") else "") for line in commands)]
        pathlib.Path("script").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.master, self.copying, self.end = -1, None, time.monotonic() + LIMIT
        shell = ["bash", "-e", "-o", "pipefail", "script"]
        if row.types:
            self.child = self.on_terminal(shell)
        else:
            self.child = subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=self.said,
                                          stderr=subprocess.STDOUT, start_new_session=True)
            self.child.stdin.write(row.input.encode())
            self.child.stdin.close()

    def on_terminal(self, shell):
        self.master, other_side = pty.openpty()
        child = subprocess.Popen(shell, stdin=other_side, stdout=other_side, stderr=other_side,
                                 start_new_session=True,
                                 preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(other_side)
        self.copying = threading.Thread(target=self.copy, daemon=True)
        self.copying.start()
        return child

    def copy(self):
        try:
            while data := os.read(self.master, 4096):
                self.said.write(data)
                self.said.flush()
        except OSError:
            pass  # the other side is closed

    def text(self):
        return pathlib.Path("said").read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")

    def wait(self, what, is_there):
        while not is_there():
            if time.monotonic() > self.end:
                raise Fault(f"waited in vain for {what}")
            if self.child.poll() is not None and not is_there():
                raise Fault(f"ended with status {self.child.returncode} before {what}")
            time.sleep(0.01)

    def type(self):
        begin = 0
        for expect, send in self.row.types:
            self.wait(repr(expect), lambda: expect in self.text()[begin:])
            begin = self.text().index(expect, begin) + len(expect)
            os.write(self.master, send.encode() + b"\n")

    def meet(self):
        self.wait("listening on", lambda: LISTENING.search(self.text()))
        host, port = LISTENING.search(self.text()).groups(default="")
        shell(self.row.meet, HOST=host, PORT=port)
        if not self.row.ends:
            os.killpg(self.child.pid, signal.SIGTERM)

    def play(self, shown):
        row = self.row
        self.type()
        if row.meet:
            self.meet()
        try:
            status = self.child.wait(max(0, self.end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Fault("it does not end") from None
        if self.copying:
            self.copying.join(max(0, self.end - time.monotonic()))
        if row.status not in (None, status) and (not row.meet or row.ends):
            raise Fault(f"status {status}")
        if shown and self.text() != shown:
            raise Fault(f"the page shows something else:\n{shown}")
        if row.said not in self.text():
            raise Fault(f"{row.said!r} is not in it")
        shell(row.check)

    def clear(self):
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()


def shell(script, **values):
    done = subprocess.run(["bash", "-e", "-c", script], env={**os.environ, **values}, timeout=LIMIT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Fault(f"{script}\nstatus {done.returncode}: {done.stdout}")


def put_files(example):
    """One that begins with the name of a file is that file."""
    name = re.match(r"# (/\S+)\n", example)
    if name:
        pathlib.Path(MOVED.sub(r"\1/socks5", name.group(1))).write_text(
            MOVED.sub(r"\1/socks5", example), encoding="utf-8")
    return bool(name)


def run_one(world, row, example):
    commands, shown = split(example)
    if row.realm:
        world.start_realm()
    world.stop_proxies()
    if not any("socks5 serve" in line and "--check" not in line for line in commands):
        world.start_proxies()
    it = Example(row, [MOVED.sub(r"\1/socks5", line) for line in commands])
    try:
        it.play(shown)
    except Fault as fault:
        print(f"{row.page}: {example}{fault}\nit said:\n{it.text()}")
        return False
    finally:
        it.clear()
    return True


def run(program, page):
    """In a folder of its own, too."""
    count = {"good": 0, "bad": 0, "parsed": 0}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(folder, program)
        world = World(program, folder / "world")
        try:
            world.build()
            for example in examples_of(page):
                row = row_of(page.name, example)
                if row.parsed:
                    count["parsed"] += 1
                else:
                    good = put_files(example) or run_one(world, row, example)
                    count["good" if good else "bad"] += 1
        finally:
            world.end()
    print(f"{page.name}: {count['good']} run, {count['bad']} failed, {count['parsed']} parsed only")
    return count["bad"] == 0


def prepare(folder, program):
    for name in ("bin", "world", "home/etc/socks5", "home/var/log/socks5"):
        (folder / name).mkdir(parents=True)
    (folder / "bin/socks5").symlink_to(program)
    (folder / "bin/ssh").write_text(SSH, encoding="utf-8")
    (folder / "bin/ssh").chmod(0o755)
    os.environ.update(PATH=f"{folder}/bin:{os.environ['PATH']}", HOME=f"{folder}/home", LIB=str(LIB),
                      PYTHON=sys.executable, CAPTURES=str(LIB.parent / "golden/captures"))
    os.chdir(folder / "home")


def main():
    what, program = sys.argv[1], os.path.abspath(sys.argv[2])
    pages = [pathlib.Path(page).resolve() for page in sys.argv[3:]]
    good = parse(program, pages) if what == "parse" else run(program, pages[0])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
