#!/usr/bin/python3
"""fakeproxy.py [--listen ADDRESS] STEP...: a SOCKS5 server that does what it is told.

Every connection goes through the steps, then is closed:

  recv:N        waits for exactly N octets      hello auth request   waits for that whole message
  send:HEX      sends octets                    split:MS  from here on octet by octet, MS apart
  wait:MS       pauses                          echo      gives back everything up to EOF
  eof           half-closes                     stall     reads on, without a word, up to EOF
  close         closes                          rst       closes with RST

The first line of output is ADDRESS:PORT. What comes in is told in lines "got HEX", one a step,
and the end of a connection as "eof" or "reset".
"""

import argparse
import socket
import struct
import threading
import time


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.pause = None

    def recv(self, count):
        data = b""
        while len(data) < int(count):
            more = self.sock.recv(int(count) - len(data))
            if not more:
                say("got " + data.hex())
                raise EOFError
            data += more
        return data

    def do_recv(self, count):
        say("got " + self.recv(count).hex())

    def do_hello(self, _):
        data = self.recv(2)
        say("got " + (data + self.recv(data[1])).hex())

    def do_auth(self, _):
        data = self.recv(2)
        data += self.recv(data[1] + 1)
        say("got " + (data + self.recv(data[-1])).hex())

    def do_request(self, _):
        data = self.recv(5)
        rest = {1: 3 + 2, 4: 15 + 2}.get(data[3], data[4] + 2)
        say("got " + (data + self.recv(rest)).hex())

    def do_send(self, octets):
        data = bytes.fromhex(octets)
        if self.pause is None:
            self.sock.sendall(data)
            return
        for octet in data:
            self.sock.sendall(bytes([octet]))
            time.sleep(self.pause)

    def do_split(self, msec):
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pause = int(msec) / 1000

    def do_wait(self, msec):
        time.sleep(int(msec) / 1000)

    def do_echo(self, _):
        while data := self.sock.recv(65536):
            self.sock.sendall(data)
        raise EOFError

    def do_stall(self, _):
        while data := self.sock.recv(65536):
            say("got " + data.hex())
        raise EOFError

    def do_eof(self, _):
        self.sock.shutdown(socket.SHUT_WR)

    def do_close(self, _):
        self.sock.close()

    def do_rst(self, _):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def say(text):
    print(text, flush=True)


def play(sock, steps):
    connection = Connection(sock)
    try:
        for step in steps:
            word, _, value = step.partition(":")
            getattr(connection, "do_" + word)(value)
    except EOFError:
        say("eof")
    except ConnectionError:
        say("reset")
    sock.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("steps", nargs="*")
    options = parser.parse_args()
    for step in options.steps:
        if not hasattr(Connection, "do_" + step.partition(":")[0]):
            parser.error(f"unknown step {step}")

    family = socket.AF_INET6 if ":" in options.listen else socket.AF_INET
    listener = socket.create_server((options.listen, 0), family=family)
    name = listener.getsockname()
    say(f"[{name[0]}]:{name[1]}" if family == socket.AF_INET6 else f"{name[0]}:{name[1]}")
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=play, args=(sock, options.steps), daemon=True).start()


if __name__ == "__main__":
    main()
