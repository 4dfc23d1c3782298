#!/usr/bin/python3
"""far.py FIFO: a far end that says what is written to the FIFO, and ends when that is "close".

The first line of output is ADDRESS:PORT; then come the octets that it gets from its one connection,
and "<EOF>" at their end.
"""

import os
import select
import socket
import sys


def main():
    words = os.open(sys.argv[1], os.O_RDWR)
    listener = socket.create_server(("127.0.0.1", 0))
    print("%s:%d" % listener.getsockname(), flush=True)
    peer = listener.accept()[0]
    reading = [words, peer]
    while True:
        ready = select.select(reading, [], [])[0]
        if words in ready:
            text = os.read(words, 65536)
            if text == b"close":
                return
            peer.sendall(text)
        if peer in ready:
            text = peer.recv(65536)
            sys.stdout.buffer.write(text or b"<EOF>\n")
            sys.stdout.flush()
            if not text:
                reading.remove(peer)


if __name__ == "__main__":
    main()
