"""RFC 1961 by python3-gssapi: what gssclient.py and gssproxy.py, the tests' own two sides, share.

A message is one of RFC 1961, header and all. It is made under a name, may be spoiled, and leaves
when it is put, more than once if need be. PARTS are octets: HEX or HEX*N (HEX repeated), joined by
+. Steps of both sides:

  make:NAME=PARTS   a message of type 03 with them in a token, protected as the level says; at
                    level 0, and before there is one, the octets themselves
  sign:NAME=PARTS   the same, only signed       crypt:NAME=PARTS  the same, encrypted
  raw:NAME=PARTS    just these octets           echoed:NAME       the last message that came
  edit:NAME=AT,HEX  other octets in it, from the index AT on (-1: the last octet)
  cut:NAME=N        all but its last N octets   grow:NAME=PARTS   more octets behind it
  flip:NAME         its last bit turned over
  put:NAME          sends it                    udp:NAME          sends it as a datagram
  say:PARTS         make and put in one         clear:PARTS       raw and put in one

  hold              from here on nothing leaves until flush, which sends all in one segment
  split             from here on a header leaves by itself, before its token
  apart             from here on every octet leaves by itself
  eof  rst          half-closes, closes with RST

  take              waits for a message of any kind and tells it
  get:N             waits for N octets of the stream and tells them
  dgram             waits for a datagram, one message whole, and tells what was in it
  end               waits for the end and tells what came before it that nobody took

What is waited for must be what comes. If it is not, all that came is told in hex, then how it
ended: EOF, RST or TIMEOUT; and no further step is taken. "end" does the same.
"""

import socket
import struct
import time

import gssapi

# Else step() hides why it failed until the context is used again.
gssapi.sec_contexts.SecurityContext.__DEFER_STEP_ERRORS__ = False

PATIENCE = 5
AUTH, LEVEL, DATA, ABORT = 1, 2, 3, 0xff
NONE, INTEGRITY, CONFIDENTIALITY, SELECTIVE = 0, 1, 2, 3
HEADER = 4
TOKEN_MAX = 65535


class Surprise(Exception):
    """Something else came than what was to come."""


class Broken(Exception):
    """What came is a message, but not as it should be."""


def say(text):
    print(text, flush=True)


def octets_of(parts):
    whole = b""
    for part in parts.split("+"):
        digits, _, times = part.partition("*")
        whole += bytes.fromhex(digits) * int(times or 1)
    return whole


def text_of(octets):
    """Hex; a long run of one octet at the end is told as HEX*N."""
    run = len(octets) - len(octets.rstrip(octets[-1:]))
    if run <= 64:
        return octets.hex()
    return "+".join(filter(None, (octets[:-run].hex(), f"{octets[-1:].hex()}*{run}")))


def frame(mtyp, token):
    return struct.pack("!BBH", 1, mtyp, len(token)) + token


class Line:
    """A TCP connection; what came stands in a buffer until it is taken."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()
        self.how = None
        self.held = None
        self.pieces = lambda octets: [octets]
        self.pause = 0
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fill(self):
        """One read. False: there is no more, and self.how says why."""
        if self.how:
            return False
        try:
            more = self.sock.recv(1 << 18)
        except TimeoutError:
            self.how = "TIMEOUT"
            return False
        except ConnectionError:
            self.how = "RST"
            return False
        self.buffer += more
        self.how = None if more else "EOF"
        return bool(more)

    def peek(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise Surprise
        return bytes(self.buffer[:count])

    def take(self, count):
        octets = self.peek(count)
        del self.buffer[:count]
        return octets

    def some(self):
        """At least one octet, and all that there are."""
        self.peek(1)
        return self.take(len(self.buffer))

    def is_at_end(self):
        """Is there nothing more, and a clean end? Waits until that is known."""
        return not self.buffer and not self.fill() and self.how == "EOF"

    def send(self, octets):
        if self.held is not None:
            self.held += octets
            return
        try:
            for piece in self.pieces(octets):
                self.sock.sendall(piece)
                time.sleep(self.pause)
        except ConnectionError as error:
            self.how = "RST"
            raise Surprise from error


class Talker:
    """One side of a connection: its steps are its methods do_*."""

    def __init__(self, sock):
        self.line = Line(sock)
        self.ctx = None
        self.level = NONE
        self.stream = bytearray()  # of what came, unwrapped and not yet taken
        self.tokens = 0  # how many messages that was
        self.last = b""
        self.messages = {}
        self.datagrams = None
        self.far = None  # where datagrams go

    def play(self, steps):
        try:
            for step in steps:
                word, _, value = step.partition(":")
                getattr(self, "do_" + word)(value)
        except Surprise:
            self.do_end()
        except (gssapi.exceptions.GSSError, Broken) as error:
            say(f"{type(error).__name__}: {error}")

    # what goes out

    def wrapped(self, octets, encrypt):
        token = self.ctx.wrap(octets, encrypt)
        if token.encrypted != encrypt:
            raise Broken("our own message was not wrapped as asked for")
        return token.message

    def sealed(self, octets):
        if self.level == NONE:
            return octets
        return frame(DATA, self.wrapped(octets, self.level != INTEGRITY))

    def name(self, text, octets):
        self.messages[text] = bytearray(octets)

    def do_make(self, value):
        name, _, parts = value.partition("=")
        self.name(name, self.sealed(octets_of(parts)))

    def do_sign(self, value):
        name, _, parts = value.partition("=")
        self.name(name, frame(DATA, self.wrapped(octets_of(parts), False)))

    def do_crypt(self, value):
        name, _, parts = value.partition("=")
        self.name(name, frame(DATA, self.wrapped(octets_of(parts), True)))

    def do_raw(self, value):
        name, _, parts = value.partition("=")
        self.name(name, octets_of(parts))

    def do_echoed(self, name):
        self.name(name, self.last)

    def do_edit(self, value):
        name, _, change = value.partition("=")
        at, _, digits = change.partition(",")
        octets = bytes.fromhex(digits)
        at = int(at) % len(self.messages[name])
        self.messages[name][at:at + len(octets)] = octets

    def do_flip(self, name):
        self.messages[name][-1] ^= 1

    def do_cut(self, value):
        name, _, count = value.partition("=")
        del self.messages[name][-int(count):]

    def do_grow(self, value):
        name, _, parts = value.partition("=")
        self.messages[name] += octets_of(parts)

    def do_put(self, name):
        self.line.send(bytes(self.messages[name]))

    def do_udp(self, name):
        self.datagrams.sendto(self.messages[name], self.far)

    def do_say(self, parts):
        self.line.send(self.sealed(octets_of(parts)))

    def do_clear(self, parts):
        self.line.send(octets_of(parts))

    def do_hold(self, _):
        self.line.held = b""

    def do_flush(self, _):
        held, self.line.held = self.line.held, None
        self.line.send(held)

    def do_split(self, _):
        self.line.pause = 0.02
        self.line.pieces = lambda octets: [octets[:HEADER], octets[HEADER:]]

    def do_apart(self, _):
        self.line.pause = 0.0005
        self.line.pieces = lambda octets: [bytes([octet]) for octet in octets]

    def do_eof(self, _):
        try:
            self.line.sock.shutdown(socket.SHUT_WR)
        except OSError:  # the other side was faster; how it ended is told where that is asked
            pass

    def do_rst(self, _):
        self.line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.line.sock.close()

    # what comes in

    def message(self, *types):
        """The token of the next message, which must be of one of these types."""
        version, mtyp = self.line.peek(2)
        if version != 1 or mtyp not in types:
            raise Surprise
        length, = struct.unpack("!H", self.line.peek(HEADER)[2:])
        self.last = self.line.take(HEADER + length)
        return self.last[HEADER:]

    def unwrap(self, token):
        plain = self.ctx.unwrap(token)
        if self.level in (INTEGRITY, CONFIDENTIALITY):
            if plain.encrypted != (self.level == CONFIDENTIALITY):
                raise Broken(f"encrypted is {plain.encrypted} at level {self.level}")
        return plain.message

    def read_more(self):
        if self.level == NONE:
            self.stream += self.line.some()
        else:
            self.stream += self.unwrap(self.message(DATA))
            self.tokens += 1

    def read(self, count):
        while len(self.stream) < count:
            self.read_more()
        octets = bytes(self.stream[:count])
        del self.stream[:count]
        return octets

    def read_spoken(self):
        """A request or a reply: the one is made like the other."""
        head = self.read(5)
        return head + self.read({1: 5, 4: 17}.get(head[3], head[4] + 2))

    def do_take(self, _):
        self.message(AUTH, LEVEL, DATA)
        say(text_of(self.last))

    def do_get(self, count):
        say("got " + text_of(self.read(int(count))))

    def do_dgram(self, _):
        try:
            octets, self.far = self.datagrams.recvfrom(TOKEN_MAX + HEADER)
        except TimeoutError:
            raise Broken("no datagram came") from None
        if self.level != NONE:
            head, token = octets[:HEADER], octets[HEADER:]
            if head != frame(DATA, token)[:HEADER]:
                raise Broken(f"a datagram in clear: {text_of(octets)}")
            octets = self.unwrap(token)
        say("dgram " + text_of(octets))
        return octets

    def do_end(self, _=None):
        if self.stream:
            say("got " + text_of(bytes(self.stream)))
        while self.line.fill():
            pass
        say(f"{self.line.buffer.hex()} {self.line.how}".strip())


def datagram_socket(address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(PATIENCE)
    sock.bind((address, 0))
    return sock
