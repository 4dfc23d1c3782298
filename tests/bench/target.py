#!/usr/bin/python3
"""target.py OCTETS: prints its port on 127.0.0.1 and serves it until standard input ends. The first
octet of a connection says what is done there: after S so many octets are sent, after K so many are
taken; then it is closed."""

import os
import socket
import sys
import threading

CHUNK = 1 << 20
SOURCE, SINK = b"S", b"K"


def send(conn, source, left):
    while left:
        left -= os.sendfile(conn.fileno(), source, 0, min(left, CHUNK))


def take(conn, left):
    room = bytearray(CHUNK)
    while left and (n := conn.recv_into(room, min(left, CHUNK), socket.MSG_TRUNC)):
        left -= n


def serve(conn, source, octets):
    with conn:
        work = conn.recv(1)
        if work == SOURCE:
            send(conn, source, octets)
        elif work == SINK:
            take(conn, octets)


def accept(listener, octets):
    source = os.memfd_create("source")
    os.truncate(source, CHUNK)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, source, octets), daemon=True).start()


def main():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=accept, args=(listener, int(sys.argv[1])), daemon=True).start()
        sys.stdin.read()
        os._exit(0)


if __name__ == "__main__":
    main()
