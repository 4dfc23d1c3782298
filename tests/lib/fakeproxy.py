#!/usr/bin/python3
"""fakeproxy.py [--listen ADDRESS] STEP...: a SOCKS5 server that does what it is told.

Every connection goes through the steps, then is closed; behind a word "next" are those of the next
connection:

  recv:N        waits for exactly N octets      hello auth request   waits for that whole message
  send:HEX      sends octets                    split:MS  from here on octet by octet, MS apart
  wait:MS       pauses                          echo      gives back everything up to EOF
  eof           half-closes                     stall     reads on, without a word, up to EOF
  close         closes                          rst       closes with RST
  flood         sends 61 without end
  bind[:LIE]    both replies to BIND, and what the peer says; LIE: "other" names another as the peer,
                "both" lets a second one in

and as a relay of datagrams:

  udp[:ADDRESS] opens it and sends the reply, which names ADDRESS instead of its own
  dgram         waits for a datagram            answer:HEX    sends one to who sent the last one
  back          gives back every datagram as it came, up to EOF on the connection
  stranger:HEX  sends it to the same from another port

The first line of output is ADDRESS:PORT. What comes in is told in lines "got HEX", one a step,
datagrams in lines "dgram HEX", and the end of a connection as "eof" or "reset".
"""

import argparse
import select
import socket
import struct
import threading
import time


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.pause = None
        self.relay = None
        self.peer = None

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

    def reply(self, name):
        self.sock.sendall(b"\x05\0\0\x01" + socket.inet_aton(name[0]) + struct.pack("!H", name[1]))

    def do_bind(self, lie):
        listener = socket.create_server((self.sock.getsockname()[0], 0))
        listener.settimeout(1)
        self.reply(listener.getsockname())
        try:
            peer, name = listener.accept()
            if lie == "both":
                listener.settimeout(10)
            else:
                listener.close()
            self.reply(("192.0.2.7", 9) if lie == "other" else name)
            second = listener.accept() if lie == "both" else None
            self.sock.sendall(peer.recv(100))
            del second
        except TimeoutError:
            pass
        raise EOFError

    def do_flood(self, _):
        while True:
            self.sock.sendall(b"a" * 65536)

    def do_eof(self, _):
        self.sock.shutdown(socket.SHUT_WR)

    def do_close(self, _):
        self.sock.close()

    def do_rst(self, _):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def do_udp(self, address):
        family = self.sock.family
        self.relay = socket.socket(family, socket.SOCK_DGRAM)
        self.relay.bind((self.sock.getsockname()[0], 0))
        name = self.relay.getsockname()
        family = socket.AF_INET6 if ":" in (address or name[0]) else socket.AF_INET
        octets = socket.inet_pton(family, address or name[0])
        atyp = b"\x01" if len(octets) == 4 else b"\x04"
        self.sock.sendall(b"\x05\0\0" + atyp + octets + struct.pack("!H", name[1]))

    def do_dgram(self, _):
        data, self.peer = self.relay.recvfrom(65536)
        say("dgram " + data.hex())
        return data

    def do_back(self, _):
        while self.sock not in select.select([self.sock, self.relay], [], [])[0]:
            self.relay.sendto(self.do_dgram(_), self.peer)
        self.do_stall(_)

    def do_answer(self, octets):
        self.relay.sendto(bytes.fromhex(octets), self.peer)

    def do_stranger(self, octets):
        with socket.socket(self.relay.family, socket.SOCK_DGRAM) as other:
            other.sendto(bytes.fromhex(octets), self.peer)


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
    if connection.relay:
        connection.relay.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("steps", nargs="*")
    options = parser.parse_args()
    plans = [[]]
    for step in options.steps:
        if step == "next":
            plans.append([])
            continue
        plans[-1].append(step)
        if not hasattr(Connection, "do_" + step.partition(":")[0]):
            parser.error(f"unknown step {step}")

    family = socket.AF_INET6 if ":" in options.listen else socket.AF_INET
    listener = socket.create_server((options.listen, 0), family=family)
    name = listener.getsockname()
    say(f"[{name[0]}]:{name[1]}" if family == socket.AF_INET6 else f"{name[0]}:{name[1]}")
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=play, args=(sock, plans[0]), daemon=True).start()
        del plans[:len(plans) > 1]


if __name__ == "__main__":
    main()
