#!/usr/bin/python3
"""seeds.py: writes the fuzzers' seeds from the recorded dialogues; run it when those change.

tests/fuzz/corpus/wire holds their messages, tests/fuzz/corpus/session whole dialogues as
fuzz_session.c reads them, one for each role.
"""

import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parent.parent
VECTORS = sorted((TESTS / "golden" / "vectors").glob("*.hex"))
CORPUS = TESTS / "fuzz" / "corpus"
CLIENT, SERVER, OBSERVER = range(3)
WATCH = 0x10
NAMES = ("client", "server", "observer")


# What the recordings lack: datagrams, RFC 1961 frames, SOCKS4, and addresses as text.
MORE = [bytes.fromhex(octets) for octets in (
    "000000017f000001465170696e67", "00000004" + "00" * 15 + "01465170696e67",
    "00008203096c6f63616c686f7374465170696e67", "0101000460020100", "01ff", "010200010201030000",
    "0401465000000001006c6f63616c686f737400", "040246507f000001616c69636500",
    "005ae7e57f000001")] + [text.encode() for text in (
        "127.0.0.1", "::ffff:127.0.0.1", "fd00::/8", "10.0.0.0/8", "localhost.", "0x7f.1")]


def messages(path):
    """The dialogues of a file, each a list of (sender, octets)."""
    dialogues = [[]]
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith("# a new connection"):
            dialogues.append([])
        match = re.match(r"([CS]): ([0-9a-f]+)$", line)
        if match:
            dialogues[-1].append(("CS".index(match[1]), bytes.fromhex(match[2])))
    return dialogues


def chunks(dialogue, role):
    """The messages that the role hears."""
    out = b""
    for sender, octets in dialogue:
        if sender == role:
            continue
        for at in range(0, len(octets), 127):
            part = octets[at:at + 127]
            out += bytes([sender << 7 | len(part)]) + part
    return out


def write(folder, name, octets):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(octets)


def main():
    for i, octets in enumerate(MORE):
        write(CORPUS / "wire", f"more-{i}", octets)
    seen = set()
    for path in VECTORS:
        stem = path.stem[:2]
        for i, dialogue in enumerate(messages(path)):
            for k, (_, octets) in enumerate(dialogue):
                if octets not in seen:
                    write(CORPUS / "wire", f"{stem}-{i}-{k}", octets)
                seen.add(octets)
            for role in (CLIENT, SERVER, OBSERVER):
                # methods 00 02 80; connect to a name
                first = next(b for b in range(256) if b % 3 == role and b & WATCH)
                write(CORPUS / "session", f"{stem}-{i}-{NAMES[role]}",
                      bytes([first, 2 | 9 << 2]) + chunks(dialogue, role))


if __name__ == "__main__":
    main()
