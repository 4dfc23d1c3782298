#!/usr/bin/python3
"""rawclient.py [--timeout SECONDS] [--from ADDRESS] ADDRESS:PORT|unix:PATH SEGMENT...: octets to a server.

A segment is HEX (HEX*N is HEX repeated), each sent by a write of its own, or

  wait:MS    pauses              recv:N    waits until N octets have come in all
  split:HEX  octet by octet      eof       half-closes
  text:TEXT  sends the text      rst       closes with RST and ends

Two lines of output: in hex all that came back, then how it ended: EOF, RST or TIMEOUT.
"""

import argparse
import socket
import struct
import sys
import time


class Client:
    def __init__(self, where, timeout, source=None):
        self.end = time.monotonic() + timeout
        self.data = b""
        if where.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            self.sock.connect(where[5:])
            return
        host, _, port = where.rpartition(":")
        own = (source, 0) if source else None
        self.sock = socket.create_connection((host.strip("[]"), int(port)), timeout, own)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self):
        """One read, False at EOF."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        more = self.sock.recv(65536)
        self.data += more
        return bool(more)

    def do_wait(self, msec):
        time.sleep(int(msec) / 1000)

    def do_recv(self, count):
        while len(self.data) < int(count) and self.read():
            pass

    def do_split(self, octets):
        for octet in bytes.fromhex(octets):
            self.sock.sendall(bytes([octet]))
            time.sleep(0.001)

    def do_text(self, text):
        self.sock.sendall(text.encode())

    def do_eof(self, _):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:  # not connected any more
            raise ConnectionResetError from error

    def do_rst(self, _):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        sys.exit(0)

    def play(self, segment):
        word, colon, value = segment.partition(":")
        if colon or word in ("eof", "rst"):
            getattr(self, "do_" + word)(value)
            return
        octets, _, times = segment.partition("*")
        self.sock.sendall(bytes.fromhex(octets) * int(times or 1))


def talk(client, segments):
    try:
        for segment in segments:
            client.play(segment)
        while client.read():
            pass
        return "EOF"
    except TimeoutError:
        return "TIMEOUT"
    except ConnectionError:
        return "RST"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--timeout", type=float, default=5)
    parser.add_argument("--from", dest="source")
    parser.add_argument("where")
    parser.add_argument("segments", nargs="*")
    options = parser.parse_args()
    try:
        client = Client(options.where, options.timeout, options.source)
    except ConnectionResetError:  # so soon that connect() itself meets it
        print("\nRST")
        return
    end = talk(client, options.segments)
    print(client.data.hex())
    print(end)


if __name__ == "__main__":
    main()
