#!/usr/bin/python3
"""dnsliar.py: a name server on loopback that answers by the first label of the name asked for.

good     127.0.0.1                         loop     a name that points to itself
echo     the question, without an answer   id       the answer to another question
garbage  octets without sense              huge     a hundred records announced, none there
short    an answer cut off in its middle

The first line of output is ADDRESS:PORT.
"""

import os
import socket
import struct


def head(packet, ident=None, answers=1):
    return (ident or packet[:2]) + struct.pack("!HHHHH", 0x8580, 1, answers, 0, 0)


RECORD = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x7f\0\0\1"


def answer(packet, label):
    question = packet[12:]
    good = head(packet) + question + RECORD
    return {
        "good": good,
        "echo": head(packet, answers=0) + question,
        "garbage": packet[:2] + os.urandom(60),
        "short": good[:-7],
        "loop": head(packet) + b"\xc0\x0c" + question[-4:] + RECORD,
        "id": head(packet, bytes([packet[0] ^ 1, packet[1]])) + question + RECORD,
        "huge": head(packet, answers=100) + question,
    }[label]


def main():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    print("{}:{}".format(*sock.getsockname()), flush=True)
    while True:
        packet, peer = sock.recvfrom(4096)
        label = packet[13:13 + packet[12]].decode().lower()
        is_a = packet.find(b"\0\0\1\0\1", 12) >= 0
        if label == "good" and not is_a:
            label = "echo"
        # What may come behind the question (EDNS) is not repeated.
        end = packet.index(b"\0", 12) + 5
        sock.sendto(answer(packet[:end], label), peer)


if __name__ == "__main__":
    main()
