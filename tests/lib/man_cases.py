#!/usr/bin/python3
"""man_cases.py SOCKS5 PAGE [write]: holds the list of cases in a man page against `probe --list`.

The list stands between the lines `.\\" cases` and `.\\" end of cases`. With "write" it is written anew.
"""

import pathlib
import re
import subprocess
import sys

BEGIN, END = '.\\" cases\n', '.\\" end of cases\n'


def listed(program):
    text = subprocess.run([program, "probe", "--list"], check=True, capture_output=True, text=True).stdout
    out = [".Bl -tag -width rfc1928/3/10 -compact\n"]
    for line in text.splitlines():
        case, level, title = re.match(r"(\S+) +(\S+) +(.*)", line).groups()
        title = title.replace("\\", "\\e").replace('"', "\\(dq")
        out.append(f".It {case} {level}\n")
        words, row = title.split(" "), ""
        for word in words:
            if len(row) + len(word) > 74:
                out.append(row + "\n")
                row = ""
            row += (" " if row else "") + word
        out.append(row + "\n")
    return "".join(out) + ".El\n"


def main():
    page = pathlib.Path(sys.argv[2])
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    have, tail = rest.split(END)
    want = listed(sys.argv[1])
    if sys.argv[3:] == ["write"]:
        page.write_text(head + BEGIN + want + END + tail, encoding="utf-8")
    elif have != want:
        sys.exit("the list of cases in the page is another than probe --list has")


if __name__ == "__main__":
    main()
