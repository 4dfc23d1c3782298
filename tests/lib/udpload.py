#!/usr/bin/python3
"""udpload.py COUNT SIZES ADDRESS:PORT TARGET...: many datagrams through UDP ASSOCIATE.

COUNT datagrams go in turns to targets that give back what they get; SIZES is LO-HI or SIZE[,SIZE],
octets. Runs of one size to one target alternate with mixed ones. No more than a window is under
way, so nothing overflows. Each must come back from where it went, unchanged and in order.
Output: how many came back.
"""

import random
import socket
import struct
import sys

from associate import Party, header_of

WINDOW_OCTETS = 100_000
WINDOW = 24
SEED = 7


class Options:
    dst, source, relay, ports, user = "01000000000000", None, None, None, None

    def __init__(self, proxy):
        self.proxy = proxy


def place(text):
    host, _, port = text.rpartition(":")
    return header_of(host.strip("[]"), int(port))


def plan(count, sizes, targets):
    """A list of (target, size)."""
    dice = random.Random(SEED)
    if "-" in sizes:
        low, high = map(int, sizes.split("-"))
        pick = lambda: dice.randint(low, high)
    else:
        choice = [int(size) for size in sizes.split(",")]
        pick = lambda: dice.choice(choice)
    whole = []
    while len(whole) < count:
        if dice.random() < 0.5:
            whole += [(dice.choice(targets), pick())]
        else:
            whole += [(dice.choice(targets), pick())] * dice.randint(2, 70)
    return whole[:count]


def payload(number, size):
    return (struct.pack("!I", number) + bytes([number % 251]) * size)[:max(size, 4)]


def main():
    count, sizes, proxy = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    targets = [place(text) for text in sys.argv[4:]]
    party = Party(Options(proxy))
    sock = party.socks["c"]
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    flows = {target: [] for target in targets}
    waiting = octets = back = 0
    window = min(WINDOW_OCTETS, sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 4)
    for number, (target, size) in enumerate([*plan(count, sizes, targets), (None, 0)]):
        while waiting and (target is None or waiting >= WINDOW or octets + size > window):
            data = sock.recv(65536)
            at = 10 if data[3] == 1 else 22
            if data[:3] != b"\0\0\0" or data[at:] != (want := flows[data[3:at]].pop(0)):
                sys.exit(f"after {back}: {data[:40].hex()} of {len(data)}, not {want[:40].hex()}")
            waiting, octets, back = waiting - 1, octets - len(want), back + 1
        if target:
            said = payload(number, size)
            flows[target].append(said)
            waiting, octets = waiting + 1, octets + len(said)
            sock.sendto(b"\0\0\0" + target + said, party.relay)
    print(back)


if __name__ == "__main__":
    try:
        main()
    except TimeoutError:
        sys.exit("nothing came")
