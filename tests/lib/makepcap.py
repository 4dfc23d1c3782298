#!/usr/bin/python3
"""makepcap.py FILE: a capture of the conversation on standard input, always the same for the same.

Its lines are what `socks5 decode` takes as a conversation: "C: HEX" and "S: HEX" are segments of
TCP, one each, "Cu: HEX" and "Su: HEX" datagrams between the client and the relay, and what follows
"#" is a comment, but for these:

  # a new connection        the one before has its end then, as the last has
  # client closes           and so does the server
  # over IPv6               the connections from here on
  # without its beginning   the next connection has no handshake
  # again                   the frame before
  # in disorder             the two frames before change places

Frames are a millisecond apart.
"""

import ipaddress
import itertools
import struct
import sys

BEGAN = 1_700_000_000  # in seconds since 1970
SNAPLEN, ETHERNET = 262144, 1
FIN, SYN, PSH, ACK = 1, 2, 8, 16
TCP, UDP = 6, 17
SOCKS, RELAY = 1080, 1081  # the server's ports; the client's go up from FIRST
FIRST = 40000
HOSTS = {4: {"C": "192.0.2.1", "S": "192.0.2.2"}, 6: {"C": "2001:db8::1", "S": "2001:db8::2"}}
OTHER = {"C": "S", "S": "C"}


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def packet(version, who, protocol, segment, at):
    """IP around it, with the checksum of `segment` put where its header has it."""
    source, target = (ipaddress.ip_address(HOSTS[version][side]).packed
                      for side in (who, OTHER[who]))
    pseudo = source + target + struct.pack("!IxxxB", len(segment), protocol)
    segment = segment[:at] + struct.pack("!H", checksum(pseudo + segment)) + segment[at + 2:]
    if version == 6:
        return struct.pack("!IHBB", 6 << 28, len(segment), protocol, 64) + source + target + segment
    head = struct.pack("!BxHIBB", 0x45, 20 + len(segment), 0, 64, protocol)
    return head + struct.pack("!H", checksum(head + source + target)) + source + target + segment


class Capture:
    def __init__(self):
        self.frames = []

    def put(self, version, who, protocol, segment, at):
        mac = {side: bytes([2, 0, 0, 0, 0, number]) for number, side in enumerate("CS", 1)}
        kind = struct.pack("!H", {4: 0x0800, 6: 0x86dd}[version])
        self.frames.append(mac[OTHER[who]] + mac[who] + kind +
                           packet(version, who, protocol, segment, at))

    def octets(self):
        yield struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, SNAPLEN, ETHERNET)
        for number, frame in enumerate(self.frames):
            yield struct.pack("<IIII", BEGAN + number // 1000, number % 1000 * 1000, len(frame),
                              len(frame)) + frame


class Connection:
    def __init__(self, capture, version, port):
        self.capture, self.version = capture, version
        self.port = {"C": port, "S": SOCKS}
        self.relay = {"C": port + 1, "S": RELAY}
        self.next = {"C": 1000, "S": 5000}  # sequence numbers
        self.closed = set()

    def begin(self):
        self.segment("C", SYN)
        self.segment("S", SYN | ACK)
        self.segment("C", ACK)

    def segment(self, who, flags, octets=b""):
        head = struct.pack("!HHIIBBHxxxx", self.port[who], self.port[OTHER[who]], self.next[who],
                           self.next[OTHER[who]] if flags & ACK else 0, 5 << 4, flags, 65535)
        self.next[who] += len(octets) + bool(flags & (SYN | FIN))
        self.capture.put(self.version, who, TCP, head + octets, 16)

    def datagram(self, who, octets):
        head = struct.pack("!HHHxx", self.relay[who], self.relay[OTHER[who]], 8 + len(octets))
        self.capture.put(self.version, who, UDP, head + octets, 6)

    def close(self, who):
        if who not in self.closed:
            self.closed.add(who)
            self.segment(who, FIN | ACK)
            self.segment(OTHER[who], ACK)

    def take(self, line):
        who, _, octets = line.partition(":")
        if who[1:] == "u":
            self.datagram(who[0], bytes.fromhex(octets))
        else:
            self.segment(who, PSH | ACK, bytes.fromhex(octets))

    def end(self):
        self.close("C")
        self.close("S")


class Script:
    def __init__(self):
        self.capture = Capture()
        self.ports = itertools.count(FIRST, 2)
        self.version, self.has_beginning = 4, True
        self.connection = None
        self.orders = {
            "a new connection": self.end, "over IPv6": self.over_ipv6,
            "without its beginning": self.without_beginning, "again": self.again,
            "in disorder": self.in_disorder, "client closes": lambda: self.connection.close("C"),
            "server closes": lambda: self.connection.close("S")}

    def over_ipv6(self):
        self.version = 6

    def without_beginning(self):
        self.has_beginning = False

    def again(self):
        self.capture.frames.append(self.capture.frames[-1])

    def in_disorder(self):
        self.capture.frames[-2:] = reversed(self.capture.frames[-2:])

    def begin(self):
        self.connection = Connection(self.capture, self.version, next(self.ports))
        if self.has_beginning:
            self.connection.begin()
        self.has_beginning = True

    def take(self, line):
        said, _, comment = line.partition("#")
        if said.strip():
            if not self.connection:
                self.begin()
            self.connection.take(said)
        self.orders.get(comment.strip(), lambda: None)()

    def end(self):
        if self.connection:
            self.connection.end()
        self.connection = None


def capture_of(lines):
    """The octets of a capture file."""
    script = Script()
    for line in lines:
        script.take(line)
    script.end()
    return b"".join(script.capture.octets())


def main():
    with open(sys.argv[1], "wb") as file:
        file.write(capture_of(sys.stdin))


if __name__ == "__main__":
    main()
