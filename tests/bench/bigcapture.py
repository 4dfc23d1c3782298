#!/usr/bin/python3
"""bigcapture.py FILE [SIZE [AT_ONCE]]: writes a capture (pcap) of SIZE MB (default 1000), in which
AT_ONCE streams (default 1000) go on at any time, as a proxy's network sees them: SOCKS4 and 5 with and
without passwords, UDP associations, HTTP and TLS; on IPv4 and some IPv6; with segments that are sent
again or overtake each other. The same arguments write the same octets.

bigcapture.py --stalled FILE [STREAMS]: one of streams that all wait for something in the dialogue.
"""

import itertools
import random
import struct
import sys

MSS = 1448
TURN = 8  # frames of a stream in a row, at most
AGAIN, OVERTAKEN = 0.002, 0.004  # of the segments
WRITTEN = 4096  # frames at once
SYN, FIN, PUSH, ACK = 0x02, 0x01, 0x08, 0x10

PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
RECORD = struct.Struct("<IIII").pack
LENGTH = struct.Struct(">H").pack
TCP = struct.Struct(">HHIIBBHHH").pack
UDP = struct.Struct(">HHHH").pack
OPTIONS = bytes.fromhex("0101080a0000000100000001")  # timestamps, as nearly all have them
MACS = bytes.fromhex("020000000001020000000002")

chance = random.Random(1928)
POOL = chance.randbytes(1 << 20)


def some(n):
    """n octets, at most the pool's: what is carried is not looked at."""
    at = int(chance.random() * (len(POOL) - n))
    return POOL[at:at + n]


# --- ends ----------------------------------------------------------------------------------------

numbers = itertools.count()


class Pair:
    """A client and a server, IPv6 for one pair of eight: what stands before and behind the length in
    the headers of both directions."""

    def __init__(self, port, server=9, client=None):
        number = next(numbers) if client is None else client
        self.number, self.ports = number, (20000 + number // 4096 % 40000, port)
        self.is_v6 = number % 8 == 7
        host = [bytes((10, 0, number >> 8 & 15, number & 255)), bytes((10, 1, 0, server))]
        if self.is_v6:
            host = [b"\xfd" + bytes(11) + end for end in host]
        self.client, self.server = host
        self.both = (host[0] + host[1], host[1] + host[0])

    def heads(self, protocol):
        """For each direction: before the length, octets that it counts beside the payload, behind."""
        if self.is_v6:
            return [(MACS + b"\x86\xdd\x60\0\0\0", 0, bytes((protocol, 64)) + ends)
                    for ends in self.both]
        return [(MACS + b"\x08\0\x45\0", 20, b"\0\0\x40\0\x40" + bytes((protocol, 0, 0)) + ends)
                for ends in self.both]


def udp_frame(pair, side, payload):
    before, rest, behind = pair.heads(17)[side]
    n, ports = 8 + len(payload), pair.ports if side == 0 else pair.ports[::-1]
    return before + LENGTH(rest + n) + behind + UDP(*ports, n, 0) + payload


class Tcp:
    """A TCP connection; its methods yield its frames. Side 0 is the client."""

    def __init__(self, pair):
        self.pair, self.heads = pair, pair.heads(6)
        self.ports = (pair.ports, pair.ports[::-1])
        self.seq = [chance.getrandbits(32), chance.getrandbits(32)]

    def frame(self, side, flags, payload=b""):
        before, rest, behind = self.heads[side]
        source, target = self.ports[side]
        seq = self.seq[side]
        self.seq[side] = (seq + len(payload) + (1 if flags & (SYN | FIN) else 0)) & 0xFFFFFFFF
        return b"".join((before, LENGTH(rest + 32 + len(payload)), behind,
                         TCP(source, target, seq, self.seq[1 - side] if flags & ACK else 0, 0x80,
                             flags, 502, 0, 0), OPTIONS, payload))

    def open(self):
        yield self.frame(0, SYN)
        yield self.frame(1, SYN | ACK)
        yield self.frame(0, ACK)

    def close(self):
        yield self.frame(0, FIN | ACK)
        yield self.frame(1, FIN | ACK)
        yield self.frame(0, ACK)

    def say(self, side, octets):
        """A message, which the next one of the other side acknowledges."""
        yield self.frame(side, PUSH | ACK, octets)

    def send(self, side, n):
        """Much: with an acknowledgement for two segments."""
        overtaken = None
        for i in range((n + MSS - 1) // MSS):
            frame = self.frame(side, ACK, some(min(MSS, n - i * MSS)))
            luck = chance.random()
            if luck < OVERTAKEN and not overtaken:
                overtaken = frame
                continue
            yield frame
            if overtaken:
                yield overtaken
                overtaken = None
            elif luck > 1 - AGAIN:
                yield frame
            if i & 1:
                yield self.frame(1 - side, ACK)
        if overtaken:
            yield overtaken
        yield self.frame(1 - side, ACK)


# --- what is said --------------------------------------------------------------------------------


def size():
    """Octets of an answer: most are short, some are long."""
    return min(int(2000 * chance.paretovariate(0.9)), 4_000_000)


def exchanges(tcp):
    """Questions and answers, the other way round now and then."""
    for _ in range(chance.randint(1, 6)):
        up = chance.random() < 0.1
        yield from tcp.say(int(up), some(chance.randint(80, 1400)))
        yield from tcp.send(int(not up), size())


def destination():
    if chance.random() < 0.5:
        return b"\x01" + some(4) + b"\x01\xbb"
    name = b"host%d.example.net" % chance.randint(1, 99999)
    return b"\x03" + bytes((len(name),)) + name + b"\x01\xbb"


def greet(tcp):
    if chance.random() < 0.6:
        yield from tcp.say(0, b"\5\1\0")
        yield from tcp.say(1, b"\5\0")
        return
    yield from tcp.say(0, b"\5\2\0\2")
    yield from tcp.say(1, b"\5\2")
    yield from tcp.say(0, b"\1\7user%03d\6secret" % chance.randint(0, 999))
    yield from tcp.say(1, b"\1\0")


def socks_port():
    return chance.choice((1080, 1080, 1080, 1081, 9050, 4145))


def connect():
    tcp = Tcp(Pair(socks_port()))
    yield from tcp.open()
    yield from greet(tcp)
    yield from tcp.say(0, b"\5\1\0" + destination())
    if chance.random() < 0.05:
        yield from tcp.say(1, b"\5\5\0\1" + bytes(6))
    else:
        yield from tcp.say(1, b"\5\0\0\1\x0a\1\0\x09" + some(2))
        yield from exchanges(tcp)
    yield from tcp.close()


def connect4():
    tcp = Tcp(Pair(socks_port()))
    yield from tcp.open()
    yield from tcp.say(0, b"\4\1\1\xbb\0\0\0\1me\0host.example\0")
    yield from tcp.say(1, b"\0\x5a" + bytes(6))
    yield from exchanges(tcp)
    yield from tcp.close()


def associate():
    """The connection, and datagrams on ports of its own."""
    pair = Pair(1080)
    tcp, relay = Tcp(pair), 10000 + pair.number % 50000
    datagrams = Pair(relay, client=pair.number)
    bound = (b"\4" if pair.is_v6 else b"\1") + pair.server + LENGTH(relay)
    yield from tcp.open()
    yield from greet(tcp)
    yield from tcp.say(0, b"\5\3\0\1" + bytes(6))
    yield from tcp.say(1, b"\5\0\0" + bound)
    for _ in range(chance.randint(2, 200)):
        head = b"\0\0\0\1" + some(4) + b"\0\x35"
        yield udp_frame(datagrams, 0, head + some(chance.randint(20, 600)))
        yield udp_frame(datagrams, 1, head + some(chance.randint(20, 1300)))
    yield from tcp.close()


def web():
    tcp = Tcp(Pair(chance.choice((80, 8080, 3128)), server=10))
    yield from tcp.open()
    for _ in range(chance.randint(1, 4)):
        yield from tcp.say(0, b"GET /%d HTTP/1.1\r\nHost: www.example.net\r\n\r\n" % size())
        yield from tcp.say(1, b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n")
        yield from tcp.send(1, size())
    yield from tcp.close()


def tls():
    tcp = Tcp(Pair(chance.choice((443, 993, 8443)), server=10))
    yield from tcp.open()
    yield from tcp.say(0, b"\x16\3\1\2\0\1\0\1\xfc\3\3" + some(506))
    yield from tcp.say(1, b"\x16\3\3\0\x7a\2\0\0\x76\3\3" + some(1200))
    yield from exchanges(tcp)
    yield from tcp.close()


def lookup():
    """Datagrams of no association."""
    pair = Pair(53, server=11)
    for _ in range(chance.randint(1, 4)):
        yield udp_frame(pair, 0, some(40))
        yield udp_frame(pair, 1, some(120))


KINDS = [(connect, 60), (connect4, 5), (associate, 5), (web, 10), (tls, 15), (lookup, 5)]


def streams():
    makers, weights = zip(*KINDS)
    while True:
        yield from (maker() for maker in chance.choices(makers, weights, k=256))


def mixed(at_once):
    """Frames for ever: each stream has a few, then it is another one's turn."""
    fresh = streams()
    going = list(itertools.islice(fresh, at_once))
    while True:
        i = int(chance.random() * at_once)
        yield from itertools.islice(going[i], 1 + int(chance.random() * TURN))
        if (frame := next(going[i], None)) is None:
            going[i] = next(fresh)
        else:
            yield frame


# --- what waits ----------------------------------------------------------------------------------

STALLS = 7  # kinds of them


def stall(kind):
    """Ends somewhere in the dialogue, or behind it; kind says where."""
    tcp = Tcp(Pair(1080))
    yield tcp.frame(0, SYN)
    if kind == 0:
        return
    yield tcp.frame(1, SYN | ACK)
    yield from tcp.say(0, b"\5" if kind == 1 else b"\5\3\0\1\2")
    if kind < 3:
        return
    yield from tcp.say(1, b"\5\1" if kind == 6 else b"\5\2")
    if kind == 6:
        yield from tcp.say(0, b"\1\1\xff\xff")
        for _ in range(24):  # half of a token
            yield from tcp.say(0, some(MSS))
        return
    if kind == 3:
        yield from tcp.say(0, b"\1\7user")
        return
    yield from tcp.say(0, b"\1\4user\6secret")
    yield from tcp.say(1, b"\1\0")
    if kind == 5:
        yield from tcp.say(0, b"\5\1\0" + destination())
        yield from tcp.say(1, b"\5\0\0\1" + bytes(6))
    tcp.seq[0] += 1  # an octet is missing, and what follows it waits
    yield tcp.frame(0, ACK, some(MSS))


def stalled(count):
    """All of them get as far as they do before one goes on."""
    going = [stall(i % STALLS) for i in range(count)]
    for step in itertools.zip_longest(*going):
        yield from filter(None, step)


# --- the file ------------------------------------------------------------------------------------


def write(to, frames, octets):
    """Frames until the file has so many octets, or there are none left."""
    now, written = 0, to.write(PCAP)
    while written < octets:
        records = []
        for frame in itertools.islice(frames, WRITTEN):
            now += 1 + int(chance.random() * 20)
            records.append(RECORD(1700000000 + now // 1000000, now % 1000000, len(frame),
                                  len(frame)))
            records.append(frame)
        if not records:
            return
        written += to.write(b"".join(records))


def main(arguments):
    if arguments[:1] == ["--stalled"]:
        path, count = arguments[1], int((arguments[2:] or ["5000"])[0])
        frames, octets = stalled(count), float("inf")
    else:
        path, megabytes, at_once = arguments + ["1000", "1000"][len(arguments) - 1:]
        frames, octets = mixed(int(at_once)), int(megabytes) * 1_000_000
    with open(path, "wb") as to:
        write(to, frames, octets)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
