#!/usr/bin/python3
"""shelltab.py STAGE bash|zsh|fish: an interactive shell on a terminal, with the completions that
`make install DESTDIR=STAGE prefix=/usr` put there, found as the shell itself finds them.

Each line of stdin is `TYPED => LINE` or `TYPED => + WORD...`: TYPED and TAB are typed (twice where words
are wanted and the shell is bash), then the command line is LINE, or each WORD stands on the screen below
it. A trailing blank of LINE is written as _. Tells the first that does not become true, and exits with 1.
"""

import os
import sys

from screen import Console

PROMPT = "ask> "
COLUMNS, ROWS = 100, 40

BASH = f"""PS1='{PROMPT}'
. /usr/share/bash-completion/bash_completion
"""
ZSH = f"""PS1='{PROMPT}'
unsetopt automenu
fpath=($STAGE/usr/share/zsh/site-functions $fpath)
autoload -Uz compinit
compinit -u -D
"""
FISH = f"""set -g fish_greeting
set -g fish_autosuggestion_enabled 0
function fish_prompt; echo -n '{PROMPT}'; end
"""


def shell_command(shell, stage):
    """The shell's command line, and what it needs in its environment."""
    home = os.getcwd()
    env = {"HOME": home, "TERM": "xterm", "STAGE": stage, "XDG_CONFIG_HOME": home, "ZDOTDIR": home,
           "PATH": f"{stage}/usr/bin:{os.environ['PATH']}", "INPUTRC": "/dev/null",
           "XDG_DATA_DIRS": f"{stage}/usr/share:/usr/share"}
    rc = {"bash": "bashrc", "zsh": ".zshrc", "fish": "fish/config.fish"}[shell]
    os.makedirs(os.path.dirname(rc) or ".", exist_ok=True)
    with open(rc, "w", encoding="utf-8") as file:
        file.write({"bash": BASH, "zsh": ZSH, "fish": FISH}[shell])
    command = {"bash": ["bash", "--noprofile", "--rcfile", "bashrc", "-i"],
               "zsh": ["zsh", "-d", "-i"], "fish": ["fish", "-i"]}[shell]
    return command, env


class Shell(Console):
    def __init__(self, shell, stage):
        command, env = shell_command(shell, stage)
        os.environ.update(env)
        super().__init__(command, f"{COLUMNS}x{ROWS}")

    def type(self, text):
        os.write(self.fd, text.encode())

    def line(self):
        """What is typed, up to the cursor: a blank there is seen."""
        for row in range(self.screen.cursor.y, -1, -1):
            text = self.screen.display[row]
            if text.startswith(PROMPT):
                end = self.screen.cursor.x if row == self.screen.cursor.y else COLUMNS
                return text[len(PROMPT):end]
        return None

    def shows(self, words):
        """Whether all of them stand on the screen, but for what was typed."""
        shown = "\n".join(row for row in self.rows() if not row.startswith(PROMPT))
        return all(word in shown for word in words)

    def fresh(self):
        """An empty line on an empty screen."""
        self.type("\x15\x0c")
        self.until("an empty line", lambda: self.line() == "" and self.screen.cursor.y == 0)

    def try_one(self, typed, want, again):
        self.fresh()
        self.type(typed)
        self.until(typed, lambda: self.line() == typed)
        self.type("\t")
        if not want.startswith("+ "):
            want = want[:-1] + " " if want.endswith("_") else want
            self.until(f"{typed} => {want}", lambda: self.line() == want)
            return
        if again:
            self.type("\t")
        words = want.split()[1:]
        self.until(f"{typed} => {want}", lambda: self.shows(words))

    def end(self):
        self.child.kill()
        self.child.wait()


def main():
    stage, name = sys.argv[1:]
    shell = Shell(name, stage)
    try:
        shell.until("the prompt", lambda: shell.line() == "")
        for line in filter(str.strip, sys.stdin):
            typed, want = line.rstrip("\n").split(" => ")
            shell.try_one(typed, want, name == "bash")
    finally:
        shell.end()


if __name__ == "__main__":
    main()
