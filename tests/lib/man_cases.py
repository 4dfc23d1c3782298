#!/usr/bin/python3
"""man_cases.py SOCKS5 PAGE [write]: holds the lists of cases in a man page against `probe --list`, and against
`probe --client --list`.

They stand between the lines `.\\" cases` and `.\\" end of cases`, and the same with "client cases". With "write"
they are written anew.
"""

import pathlib
import re
import subprocess
import sys

LISTS = (("cases", []), ("client cases", ["--client"]))


def listed(program, options):
    text = subprocess.run([program, "probe", "--list", *options], check=True, capture_output=True, text=True).stdout
    out = [".Bl -tag -width rfc1928/6/c10xSHOULD -compact\n"]
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
    want = text
    for name, options in LISTS:
        begin, end = f'.\\" {name}\n', f'.\\" end of {name}\n'
        head, rest = want.split(begin)
        want = head + begin + listed(sys.argv[1], options) + end + rest.split(end)[1]
    if sys.argv[3:] == ["write"]:
        page.write_text(want, encoding="utf-8")
    elif text != want:
        sys.exit("the lists of cases in the page are others than probe --list has")


if __name__ == "__main__":
    main()
