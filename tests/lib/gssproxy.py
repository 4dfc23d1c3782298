#!/usr/bin/python3
"""gssproxy.py STEP...: a SOCKS5 server with RFC 1961 that does what it is told.

The first line of output is ADDRESS:PORT. Every connection goes through the steps, one after the
other, and is closed then. Besides the steps of gss.py there are

  hello         waits for the methods that are offered, tells them, chooses GSSAPI
  context       a security context; tells whose it is, for which service, with which flags
  accept:NAME   takes one token, makes the message that answers it; tells the same once complete
  level         waits for the level asked for, tells it, grants it
  asked         only waits and tells                grant:N   grants this one, wrapped
  bare:N        grants this one, as NEC's servers do it
  request       waits for a request, tells it, and in how many tokens it came
  echo          gives back the stream up to its end, then ends as well
  stream        tells the stream up to its end
  relay         a success that names a relay of datagrams, opened now
  back:N        gives back N datagrams as they came
  agree         says yes to whatever comes, up to the end: level 2 to what asks for one, a success to
                what comes next, then hi
  clear_back:N  the same in clear
  blind:N       gives back N datagrams; of those that are no good, what was in the one before
"""

import socket
import struct
import sys

import gssapi

from gss import (AUTH, CONFIDENTIALITY, HEADER, LEVEL, NONE, TOKEN_MAX, Surprise, Talker,
                 datagram_socket, frame, say, text_of)

BRIEFLY = 0.2  # seconds, where perhaps nothing comes
SUCCESS = bytes.fromhex("050000017f0000010009")

FLAGS = (("mutual", gssapi.RequirementFlag.mutual_authentication),
         ("replay", gssapi.RequirementFlag.replay_detection),
         ("sequence", gssapi.RequirementFlag.out_of_sequence_detection),
         ("integrity", gssapi.RequirementFlag.integrity),
         ("confidentiality", gssapi.RequirementFlag.confidentiality),
         ("delegate", gssapi.RequirementFlag.delegate_to_peer))


class Proxy(Talker):
    def __init__(self, sock):
        super().__init__(sock)
        self.asked = None

    def do_hello(self, _):
        count = self.line.peek(2)[1]
        say("hello " + self.line.take(2 + count).hex())
        self.line.send(b"\5\1")

    def do_accept(self, name):
        self.ctx = self.ctx or gssapi.SecurityContext(usage="accept")
        answer = self.ctx.step(self.message(AUTH))
        self.name(name, frame(AUTH, answer or b""))
        if self.ctx.complete:
            flags = " ".join(word for word, flag in FLAGS if flag in self.ctx.actual_flags)
            say(f"{self.ctx.initiator_name} for {self.ctx.target_name}: {flags}")

    def do_context(self, _):
        while not (self.ctx and self.ctx.complete):
            self.do_accept("answer")
            self.do_put("answer")

    def do_asked(self, _):
        token = self.message(LEVEL)
        if len(token) == 1:
            self.asked = token[0]
            say(f"bare {self.asked}")
            return
        plain = self.ctx.unwrap(token)
        if plain.encrypted or len(plain.message) != 1:
            raise Surprise
        self.asked = plain.message[0]
        say(f"level {self.asked}")

    def do_grant(self, level):
        self.line.send(frame(LEVEL, self.wrapped(bytes([int(level)]), False)))
        self.level = int(level)

    def do_bare(self, level):
        self.line.send(frame(LEVEL, bytes([int(level)])))
        self.level = int(level)

    def do_level(self, _):
        self.do_asked(_)
        self.do_grant(self.asked)

    def do_request(self, _):
        self.tokens = 0
        request = self.read_spoken()
        say(f"request {request.hex()} in {self.tokens} tokens")

    def pieces(self):
        """The stream up to its end, piece by piece."""
        while self.stream or not self.line.is_at_end():
            if not self.stream:
                if self.line.how:
                    raise Surprise
                self.read_more()
            piece = bytes(self.stream)
            self.stream.clear()
            yield piece

    def do_echo(self, _):
        for piece in self.pieces():
            most = len(piece)
            if self.level != NONE:
                most = self.ctx.get_wrap_size_limit(TOKEN_MAX, True)
            for at in range(0, len(piece), most):
                self.line.send(self.sealed(piece[at:at + most]))
        self.do_eof(_)
        say("echoed")

    def do_stream(self, _):
        octets = b"".join(self.pieces())
        say("stream " + text_of(octets))

    def do_relay(self, _):
        self.datagrams = datagram_socket(self.line.sock.getsockname()[0])
        host, port = self.datagrams.getsockname()
        self.line.send(self.sealed(b"\5\0\0\1" + socket.inet_aton(host) + struct.pack("!H", port)))

    def do_back(self, count):
        for _ in range(int(count)):
            octets = self.sealed(self.do_dgram(None))
            self.datagrams.sendto(octets, self.far)


    def take_any(self):
        """A message whole if it is one, else all there is; the type of the message, or None."""
        head = bytes(self.line.buffer[:HEADER])
        if head[:1] != b"\1" or len(head) < HEADER:
            self.line.take(len(self.line.buffer))
            return None
        whole = HEADER + struct.unpack("!H", head[2:])[0]
        while len(self.line.buffer) < whole and self.line.fill():
            pass
        self.line.take(min(whole, len(self.line.buffer)))
        return head[1]

    def do_agree(self, _):
        said = 0
        while self.line.buffer or self.line.fill():
            mtyp = self.take_any()
            if mtyp == LEVEL and self.level == NONE:
                self.do_grant(CONFIDENTIALITY)
                continue
            self.level = CONFIDENTIALITY
            self.line.send(self.sealed(b"hi" if said else SUCCESS))
            said += 1

    def do_clear_back(self, count):
        self.datagrams.settimeout(BRIEFLY)
        for _ in range(int(count)):
            try:
                self.datagrams.sendto(self.do_dgram(None), self.far)
            except TimeoutError:
                return

    def do_blind(self, count):
        plain = b""
        self.datagrams.settimeout(BRIEFLY)
        for _ in range(int(count)):
            try:
                octets, self.far = self.datagrams.recvfrom(TOKEN_MAX + HEADER)
            except TimeoutError:
                return
            try:
                plain = self.ctx.unwrap(octets[HEADER:]).message
            except gssapi.exceptions.GSSError as error:
                say(f"passed over: {type(error).__name__}")
            self.datagrams.sendto(self.sealed(plain), self.far)


def main():
    steps = sys.argv[1:]
    for step in steps:
        if not hasattr(Proxy, "do_" + step.partition(":")[0]):
            sys.exit(f"unknown step {step}")
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    say(f"{host}:{port}")
    while True:
        sock, _ = listener.accept()
        with sock:
            Proxy(sock).play(steps)


if __name__ == "__main__":
    main()
