#!/usr/bin/python3
"""pace.py [--user NAME:PASSWORD] [--streams N] PROXY up|down OCTETS: how long so many octets take.

They go through N tunnels at once to a target of its own, or from it. Output: milliseconds from the
first octet sent to the last that came.
"""

import argparse
import socket
import struct
import sys
import threading
import time

from wire import address_of, read_exactly

PATIENCE = 60
PIECE = bytes(65536)


def login(sock, user):
    name, _, password = user.partition(":")
    sock.sendall(b"\x05\x01\x02\x01" + bytes([len(name)]) + name.encode() +
                 bytes([len(password)]) + password.encode())
    if read_exactly(sock, 4) != b"\x05\x02\x01\x00":
        raise ConnectionError("credentials refused")


def tunnel(proxy, target, user):
    sock = socket.create_connection(proxy, PATIENCE)
    if user:
        login(sock, user)
    else:
        sock.sendall(b"\x05\x01\x00")
        read_exactly(sock, 2)
    host, port = target
    sock.sendall(b"\x05\x01\x00\x01" + socket.inet_aton(host) + struct.pack("!H", port))
    reply = read_exactly(sock, 10)
    if reply[1]:
        raise ConnectionError(f"reply {reply[1]:02x}")
    return sock


def send(sock, octets):
    while octets:
        octets -= sock.send(PIECE[:octets])
    sock.shutdown(socket.SHUT_WR)


def receive(sock, ends):
    count = 0
    while data := sock.recv(65536):
        count += len(data)
    ends.append((count, time.monotonic()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--user")
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("proxy")
    parser.add_argument("way", choices=["up", "down"])
    parser.add_argument("octets", type=int)
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(PATIENCE)
    pairs, ends, threads = [], [], []
    for _ in range(options.streams):
        near = tunnel(address_of(options.proxy), listener.getsockname(), options.user)
        far, _ = listener.accept()
        far.settimeout(PATIENCE)
        pairs.append((near, far) if options.way == "up" else (far, near))
    share = options.octets // options.streams
    began = time.monotonic()
    for sender, receiver in pairs:
        threads += [threading.Thread(target=send, args=(sender, share)),
                    threading.Thread(target=receive, args=(receiver, ends))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if sorted(count for count, _ in ends) != [share] * options.streams:
        sys.exit(f"pace: {ends}, not {share} octets in each stream")
    print(int((max(end for _, end in ends) - began) * 1000))


if __name__ == "__main__":
    main()
