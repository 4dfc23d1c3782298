#!/usr/bin/python3
"""associate.py [OPTION]... ADDRESS:PORT|unix:PATH STEP...: a client of UDP ASSOCIATE, and those around it.

All sockets are this program's: the client's, of name c, and each that a step makes. In HEX, {NAME}
is the address of a socket as a header has it (ATYP ADDR PORT), {:NAME} its port, and HEX*N is HEX
repeated; parts are joined by +. Steps:

  sock:NAME=ADDRESS   a socket, with a port of its own
  send[@NAME]:HEX     a datagram to the relay
  poke@NAME:HEX       a datagram to where the server sends to destinations from
  get[@NAME]          waits for a datagram and prints it; who is not the relay is that place
  close@NAME          nobody listens there any more
  gone                waits until the relay's port is closed, one second at most
  tcp:HEX  fin  rst   over the control connection
  end                 waits until the server ends the control connection
  nag@NAME:HEX        datagrams to the relay all the time, up to that
  fill@NAME:COUNT     that many names of their own, to the port of that socket
  wait:MS             waits

Output: the reply without BND.PORT, then a line for each that was waited for. Addresses of sockets
are told as {NAME} again, a long run of one octet at the end as HEX*N.
"""

import argparse
import re
import socket
import struct
import sys
import time

PATIENCE = 5


class Failed(Exception):
    pass


def header_of(address, port):
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    atyp = b"\x04" if kind == socket.AF_INET6 else b"\x01"
    return atyp + socket.inet_pton(kind, address.partition("%")[0]) + struct.pack("!H", port)


def octets(sock, count):
    got = b""
    while len(got) < count:
        more = sock.recv(count - len(got))
        if not more:
            raise Failed("EOF after " + got.hex())
        got += more
    return got


def connect(where, source):
    if where.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(where[5:])
        return sock
    host, _, port = where.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), PATIENCE,
                                    (source, 0) if source else None)


def home_of(tcp):
    """Where the client is, with the scope of a link-local address."""
    if tcp.family == socket.AF_UNIX:
        return "127.0.0.1"
    name = tcp.getsockname()
    scope = name[3] if len(name) == 4 else 0
    return name[0] + ("%" + socket.if_indextoname(scope) if scope else "")


def place_of(host, port):
    """For bind() and sendto(), with the scope."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4]


def without_scope(name):
    return name[0].partition("%")[0], name[1]


class Party:
    """The client, its relay, and all who have sockets."""

    def __init__(self, options):
        self.socks = {}
        self.far = {}
        self.tcp = connect(options.proxy, options.source)
        self.tcp.settimeout(PATIENCE)
        self.do_sock(None, "c=" + home_of(self.tcp))
        self.relay = self.associate(options)

    def associate(self, options):
        login = options.user.encode().split(b":") if options.user else None
        self.tcp.sendall(b"\x05\x01\x02" if login else b"\x05\x01\x00")
        octets(self.tcp, 2)
        if login:
            self.tcp.sendall(b"\x01" + b"".join(bytes([len(x)]) + x for x in login))
            octets(self.tcp, 2)
        self.tcp.sendall(b"\x05\x03\x00" + self.parse(options.dst))
        head = octets(self.tcp, 4)
        address = octets(self.tcp, 16 if head[3] == 4 else 4)
        port, = struct.unpack("!H", octets(self.tcp, 2))
        print((head + address).hex())
        if head[1] == 0 and options.ports:
            low, high = map(int, options.ports.split("-"))
            print("in the range" if low <= port <= high else f"port {port}")
        host = socket.inet_ntop(socket.AF_INET6 if head[3] == 4 else socket.AF_INET, address)
        return place_of(options.relay or host, port)

    def parse(self, text):
        whole = b""
        text = re.sub(r"{(\w+)}", lambda m: self.header(m[1]).hex(), text)
        text = re.sub(r"{:(\w+)}", lambda m: self.header(m[1])[-2:].hex(), text)
        for part in text.split("+"):
            digits, _, count = part.partition("*")
            whole += bytes.fromhex(digits) * int(count or 1)
        return whole

    def header(self, name):
        return header_of(*self.socks[name].getsockname()[:2])

    def text(self, data):
        run = len(data) - len(data.rstrip(data[-1:]))
        many = f"+{data[-1:].hex()}*{run}" if run > 64 else ""
        said = (data[:-run] if many else data).hex()
        for name in self.socks:
            said = said.replace(self.header(name).hex(), "{" + name + "}")
        return said + many

    def do_sock(self, _, text):
        name, address = text.split("=")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self.socks[name] = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.settimeout(PATIENCE)
        sock.bind(place_of(address, 0))

    def do_send(self, name, text):
        self.socks[name].sendto(self.parse(text), self.relay)

    def do_poke(self, name, text):
        self.socks[name].sendto(self.parse(text), self.far[self.socks[name].family])

    def do_get(self, name, _):
        data, source = self.socks[name].recvfrom(65536)
        note = ""
        if without_scope(source) != without_scope(self.relay):
            ports = {place[1] for place in self.far.values()}
            note = "" if not ports or source[1] in ports else f" from port {source[1]} of {ports}"
            self.far[self.socks[name].family] = source
        print(f"{name} {self.text(data)}{note}")

    def do_close(self, name, _):
        address = self.socks[name].getsockname()
        self.socks[name].close()
        self.socks[name] = type("Closed", (), {"getsockname": lambda _: address})()

    def do_gone(self, _name, _):
        sock = self.socks["c"]
        end = time.monotonic() + 1
        sock.connect(self.relay)
        sock.settimeout(0.01)
        while time.monotonic() < end:
            try:
                sock.send(b"\1")
                sock.recv(1)
            except ConnectionRefusedError:
                print("gone")
                return
            except TimeoutError:
                pass
        raise Failed("the relay's port is still open")

    def do_tcp(self, _, text):
        self.tcp.sendall(self.parse(text))

    def do_fin(self, _name, _):
        self.tcp.shutdown(socket.SHUT_WR)

    def do_rst(self, _name, _):
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tcp.close()

    def do_end(self, _name, _):
        try:
            got = self.tcp.recv(1)
            print("more" if got else "EOF")
        except ConnectionError:
            print("RST")

    def do_nag(self, name, text):
        self.tcp.settimeout(0.1)
        for _ in range(10 * PATIENCE):
            self.do_send(name, text)
            try:
                return self.do_end(name, text)
            except TimeoutError:
                pass
        raise Failed("the server does not end it")

    def do_fill(self, name, count):
        port = self.header(name)[-2:]
        for i in range(int(count)):
            label = b"n%d.silent" % i
            self.socks["c"].sendto(b"\0\0\0\3" + bytes([len(label)]) + label + port, self.relay)

    def do_wait(self, _, msec):
        time.sleep(int(msec) / 1000)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dst", default="01000000000000")
    parser.add_argument("--source", help="the client's address")
    parser.add_argument("--relay", help="where the relay is, whatever the reply says")
    parser.add_argument("--ports", help="LO-HI: is BND.PORT one of those?")
    parser.add_argument("--user", help="NAME:PASSWORD")
    parser.add_argument("proxy")
    parser.add_argument("steps", nargs="*")
    options = parser.parse_args()
    try:
        party = Party(options)
        for step in options.steps:
            what, _, text = step.partition(":")
            verb, _, name = what.partition("@")
            getattr(party, "do_" + verb)(name or "c", text)
    except TimeoutError:
        print("nothing came")
    except Failed as error:
        print(error)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main()
