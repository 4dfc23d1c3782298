#!/usr/bin/python3
"""seeds.py: writes the fuzzers' seeds from the recorded dialogues; run it when those change.

tests/fuzz/corpus/wire holds their messages, tests/fuzz/corpus/session whole dialogues as
fuzz_session.c reads them, one for each role. The seeds of fuzz_policy.c, fuzz_frag.c,
fuzz_gssapi.c and fuzz_packet.c stand below.
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
    "005ae7e57f000001", "0d0a0d0a000d0a515549540a2111000cc0000201c633640204d20438050100",
    "0d0a0d0a000d0a515549540a20000000")] + [text.encode() for text in (
        "PROXY TCP4 192.0.2.1 198.51.100.2 1234 1080\r\n\5\1\0", "PROXY UNKNOWN\r\n",
        "PROXY TCP6 2001:db8::1 ::2 1 2\r\n", "127.0.0.1", "::ffff:127.0.0.1", "fd00::/8", "10.0.0.0/8", "localhost.", "0x7f.1")]


# An octet of choices and an address for each text: rules, and password files.
TARGETS = [bytes.fromhex(octets) for octets in (
    "007f000001" + "00" * 12 + "4650", "01" + "00" * 15 + "01" + "4650",
    "010064ff9b" + "00" * 8 + "7f000001" + "0050", "02c6336401" + "00" * 12 + "01bb")]
TEXTS = ("to=any", "to=loopback:22,8000-8099 command=connect,udp\nfrom=10.0.0.0/8 to=.example.com",
         "user=us,them to=[fd00::/8]:80 to=127.0.0.1\nto=private", "to=metadata\nto=localhost.:80",
         "us:$1$abcdefgh$irWbblnpmw.5z7wgBnprh0\n# them\nthem:$5$rounds=1000$salt$"
         + "x" * 43, "to=pirvate", "us:pw", "alice@R:gssapi\nbob@R:gssapi \n",
         "a@R:gssapi:rate=10M,sessions=20\nus:$1$abcdefgh$irWbblnpmw.5z7wgBnprh0:rate=1.5k\n",
         "\n".join(f"to=.n{i}.test:{i} user=us,u{i}\nto=10.{i}.0.0/{16 + i % 9}\nfrom=127.{i}.0.0/16"
                   for i in range(12)))

# For fuzz_text.c: the same three octets, and more, as people paste them.
PASTED = ("050100", "05 01 00", "0x05, 0x01, 0x00", '"\\x05\\1\\0GET\\r\\n"', "{ 0x05, /* a */ 1, 0 }",
          "BQEABQ==", "00000000: 0501 00   ...\n", "00000000  61 62  |ab|\n*\n00000008  05\n00000009\n",
          "\t0x0000:  4500 0028  E..(\n\t0x0004:  6667  fg\n", "0000000 05 01\n0000002\n",
          "0000   05 01 00 05 01 00 01 7f  00 00 01 00 50 61 62 63   ....\n0010   64   d\n")

CONFIGS = ("listen 127.0.0.1:1\nallow from=10.0.0.0/8 to=any # x\nuser \"a:b\"\n--workers=3\n",
           "open\nopen no\nauth none,userpass\nhandshake-timeout = 5s\nmax-per-client 0\n",
           "advertise 10.0.0.0/8=1.2.3.4\nbind-ports 1-2\nudp-filter port\nsource ::1\n",
           "gssapi-protect none,integrity\nkeytab 'a b' # c\nrules x\nlog -\nresolver 1.1.1.1:53\n",
           "config x", "user 'x", "handshake-timout 3\n\n# x\nlisten unix:x")

# For fuzz_frag.c: of each datagram FRAG, the wait before it in 50 ms, how many times 256 octets
# are added to it, and the last octet of its address.
SEQUENCES = {
    "order": [(0x01, 0, 0, 1), (0x02, 0, 0, 1), (0x83, 0, 0, 1), (0x00, 0, 0, 1)],
    "lower": [(0x01, 0, 0, 1), (0x02, 0, 0, 1), (0x01, 0, 0, 1), (0x82, 0, 0, 1)],
    "standalone": [(0x01, 0, 0, 1), (0x00, 0, 0, 1), (0x82, 0, 0, 1)],
    "gap": [(0x01, 0, 0, 1), (0x83, 0, 0, 1), (0x80, 0, 0, 1)],
    "again": [(0x01, 0, 0, 1), (0x01, 0, 0, 1), (0x82, 0, 0, 1), (0x82, 0, 0, 1)],
    "address": [(0x01, 0, 0, 1), (0x82, 0, 0, 2), (0x01, 0, 0, 1), (0x01, 0, 0, 2)],
    "timer": [(0x01, 0, 0, 1), (0x02, 99, 0, 1), (0x83, 1, 0, 1), (0x01, 0, 0, 1)],
    "size": [(0x01, 0, 127, 1), (0x82, 0, 127, 1), (0x01, 0, 128, 1), (0x82, 0, 128, 1)],
    "long": [(i, 0, 1, 1) for i in range(1, 127)] + [(0xff, 0, 1, 1)]}

# For fuzz_packet.c: of each segment its octets as they stand there.
SEGMENTS = {
    "order": "02080000 92080000 30090803 b0090a02 31080a05 b1080c00",
    "holes": "02080000 92080000 300c0803 30010802 300f0800 b009ff02 31ff0a05",
    "resets": "02080000 92080000 300c0810 94080a02 02990000 7208ff20",
    "cut": "300c0810 38080a02 30081010 b808ff40 50010840"}


def wrapped(conf, acceptor, number, octets):
    """A token of tests/unit/fakegss.h."""
    token = bytes([0xc0 | conf, acceptor, number]) + bytes(b ^ 0x55 * conf for b in octets)
    return token + bytes([sum(token) & 255])


def frame(mtyp, token):
    return bytes([1, mtyp]) + len(token).to_bytes(2, "big") + token


def under_gssapi(role, level):
    """What the peer of that role says behind its choice of the method, for fuzz_gssapi.c."""
    conf, acceptor = int(level == 2), int(role == CLIENT)
    tokens = frame(1, b"\xb1" if acceptor else b"\xa1")
    levels = frame(2, wrapped(0, acceptor, 0, bytes([level])))
    message = bytes.fromhex("050000017f000001b901" if acceptor else "050100017f0000014650")
    if level:
        message = frame(3, wrapped(conf, acceptor, 1, message))
        message += frame(3, wrapped(conf, acceptor, 2, b"hello"))
    return bytes([role, 7 | level << 3]) + tokens + levels + message


def datagrams(sequence, budget):
    """They all go to port 80."""
    out = bytes([budget])
    for frag, wait, more, host in sequence:
        octets = bytes([0, 0, frag, 1, 127, 0, 0, host, 0, 80]) + b"ping"
        out += bytes([wait, more, len(octets)]) + octets
    return out


def frames(link, header, datagrams_, cut=0):
    """Datagrams, each a second after the one before."""
    out = bytes([link])
    for octets in datagrams_:
        octets = bytes.fromhex(header) + octets
        out += bytes([1, cut]) + len(octets).to_bytes(2, "big") + octets
    return out


def ip4(octets, protocol=6, fragment=0, options=""):
    """From 10.0.0.1 to 10.0.0.2."""
    options = bytes.fromhex(options)
    head = bytes([0x45 + len(options) // 4, 0]) + (20 + len(options) + len(octets)).to_bytes(2, "big")
    return (head + bytes([0, 7]) + fragment.to_bytes(2, "big") + bytes([64, protocol, 0, 0])
            + bytes.fromhex("0a0000010a000002") + options + octets)


def ip6(octets, following):
    """From ::1 to ::1; what follows the header is of that number."""
    host = bytes(15) + b"\1"
    return bytes.fromhex("60000000") + len(octets).to_bytes(2, "big") + bytes([following, 64]) + 2 * host + octets


def tcp(seq, flags, octets=b""):
    return (bytes.fromhex("c0000438") + seq.to_bytes(4, "big") + bytes(4) + bytes([0x50, flags])
            + bytes.fromhex("ffff00000000") + octets)


def captures():
    """Of every link and kind of header one, for fuzz_packet.c."""
    stream = [tcp(1, 2), tcp(2, 16, b"\5\1\0"), tcp(9, 16, b"later"), tcp(5, 16, b"\5\1\0\1"), tcp(14, 17)]
    udp = bytes.fromhex("138800350018000000000001") + bytes(range(12))
    yield "ethernet", frames(0, "0200000000020200000000010800", map(ip4, stream))
    yield "tags", frames(0, "02000000000202000000000188a800648100006486dd", [ip6(s, 6) for s in stream])
    yield "cooked", frames(1, "00000001000602000000000100000800", [ip4(s, options="01010100") for s in stream], 9)
    yield "cooked2", frames(2, "0800000000000002000100060200000000010000", map(ip4, stream))
    yield "null", frames(4, "0000001e", [ip6(bytes.fromhex("3c000104000000002b00010400000000330000000000000006040000")
                                             + bytes(20) + s, 0) for s in stream])
    yield "loop", frames(5, "00000002", [ip4(udp, 17, 0x4000)])
    yield "fragments4", frames(3, "", [ip4(udp[8:16], 17, 0x2001), ip4(udp[16:], 17, 2), ip4(udp[:8], 17, 0x2000)])
    yield "fragments6", frames(3, "", [ip6(bytes.fromhex("1100" + off + "00000007") + part, 44) for off, part in (
        ("0001", udp[:8]), ("0010", udp[16:]), ("0009", udp[8:16]))])


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


def packets(dialogue):
    """A stream of fuzz_capture.c that says all of it, from its SYN to its FIN."""
    out = b"\x02\0" + b"\x03\0"
    for sender, octets in dialogue:
        for at in range(0, len(octets), 255):
            part = octets[at:at + 255]
            out += bytes([0x40 | sender, len(part)]) + part
    return out + b"\x44\0" + b"\x45\0"


def pcap(frames_):
    out = bytes.fromhex("d4c3b2a1 02000400 0000000000000000 ffff0000 65000000")
    for i, octets in enumerate(frames_):
        out += b"".join(n.to_bytes(4, "little") for n in (i, 0, len(octets), len(octets))) + octets
    return out


def streams(dialogue):
    """The same as a capture."""
    seq = [1, 1]
    for sender, octets in [(0, None), (1, None), *dialogue]:
        flags = 16 if octets else 18 if sender else 2
        ports = bytes.fromhex("03e82328" if sender == CLIENT else "232803e8")
        segment = (ports + seq[sender].to_bytes(4, "big") + seq[1 - sender].to_bytes(4, "big")
                   + bytes([0x50, flags]) + bytes.fromhex("ffff00000000") + (octets or b""))
        seq[sender] += len(octets) if octets else 1
        yield ip4(segment)


ASSOCIATION = [(0, bytes.fromhex("050100")), (1, bytes.fromhex("0500")),
               (0, bytes.fromhex("05030001000000000000")), (1, bytes.fromhex("05000001000000000007"))]
DATAGRAMS = ("060c 07 000000010a0000010050", "070d 07 000000010a000001005061", "060d 07 000001010a000001005061",
             "060d 07 000082010a000001005062", "0e02 0700")


def head(role):
    """Watches; methods 00 02 80; connects to a name."""
    first = next(b for b in range(256) if b % 3 == role and b & WATCH)
    return bytes([first, 2 | 9 << 2])


def write(folder, name, octets):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(octets)


def long_stream(role):
    """A client that does not wait and sends more than a session holds."""
    dialogue = [(CLIENT, bytes.fromhex("050100050100017f0000014650")), (CLIENT, b"x" * 1500),
                (SERVER, bytes.fromhex("0500050000017f000001b901")), (SERVER, b"y" * 1500)]
    return chunks(dialogue, role)


def socks4():
    """4a's BIND: with a gap in what follows."""
    dialogue = [(CLIENT, bytes.fromhex("0402465000000001757300") + b"localhost\0"),
                (SERVER, bytes.fromhex("005a12340000000000005a123401020304")), (SERVER, b"hello")]
    return b"\1" + chunks(dialogue, OBSERVER) + b"\0\x02ab\x80"


def lone(dialogue):
    """What each side says, and the beginnings of both, for fuzz_lone.c."""
    sides = [b"".join(octets for sender, octets in dialogue if sender == side) for side in (CLIENT, SERVER)]
    yield b"\2" + sides[0]
    yield b"\2" + sides[1]
    first = sides[0][:255]
    yield b"\3" + bytes([len(first)]) + first + sides[1]


PASSING = ("040c0000010101010101005061620c00008201010101010050", "05" + "0d" + "010300090504040000000000ab",
           "040e0000000304616263640050686f")


def main():
    for path in (p for p in VECTORS if p.stem[:2] in ("01", "06", "11", "31")):
        name, dialogue = path.stem, messages(path)[0]
        write(CORPUS / "capture", name, b"\0" + packets(dialogue))
        write(CORPUS / "capture", name + "-late", b"\1" + packets(dialogue)[16:])
        write(CORPUS / "decode", name, b"\0" + path.read_bytes())
        write(CORPUS / "decode", name + "-pcap", b"\x13" + pcap(streams(dialogue)))
        write(CORPUS / "decode", name + "-client", b"\x0a" + b"".join(o for w, o in dialogue if w == CLIENT).hex().encode())
    write(CORPUS / "capture", "association", b"\0" + packets(ASSOCIATION)[:-4] + bytes.fromhex("".join(DATAGRAMS)))
    for i, octets in enumerate(PASSING):
        write(CORPUS / "lone", f"datagrams-{i}", bytes.fromhex(octets))
    write(CORPUS / "talk", "socks4", socks4())
    for i, octets in enumerate(MORE):
        write(CORPUS / "wire", f"more-{i}", octets)
    for i, text in enumerate(CONFIGS):
        write(CORPUS / "config", f"text-{i}", text.encode())
    for i, text in enumerate(TEXTS):
        write(CORPUS / "policy", f"text-{i}", TARGETS[i % len(TARGETS)] + text.encode())
    for i, text in enumerate(PASTED):
        write(CORPUS / "text", f"text-{i}", text.encode())
    for name, text in SEGMENTS.items():
        write(CORPUS / "packet", f"segments-{name}", b"\x80" + bytes.fromhex(text))
    for name, octets in captures():
        write(CORPUS / "packet", name, octets)
    for name, sequence in SEQUENCES.items():
        for budget in (2, 255):
            write(CORPUS / "frag", f"{name}-{budget}", datagrams(sequence, budget))
    for role in (CLIENT, SERVER, OBSERVER):
        for level in range(4):
            write(CORPUS / "gssapi", f"{NAMES[role]}-{level}", under_gssapi(role, level))
        write(CORPUS / "session", f"long-{NAMES[role]}", head(role) + long_stream(role))
    seen = set()
    for path in VECTORS:
        stem = path.stem[:2]
        for i, dialogue in enumerate(messages(path)):
            for k, (_, octets) in enumerate(dialogue):
                if octets not in seen:
                    write(CORPUS / "wire", f"{stem}-{i}-{k}", octets)
                seen.add(octets)
            for role in (CLIENT, SERVER, OBSERVER):
                write(CORPUS / "session", f"{stem}-{i}-{NAMES[role]}",
                      head(role) + chunks(dialogue, role))
            for k, octets in enumerate(lone(dialogue)):
                write(CORPUS / "lone", f"{stem}-{i}-{k}", octets)
            write(CORPUS / "talk", f"{stem}-{i}", b"\3" + chunks(dialogue, OBSERVER))


if __name__ == "__main__":
    main()
