#!/usr/bin/python3
"""gssclient.py [OPTION]... ADDRESS:PORT STEP...: a client of RFC 1961 that does what it is told.

Besides the steps of gss.py there are

  hello         offers GSSAPI, which must be chosen
  context       a security context, by as many tokens as it takes
  init:NAME     only makes the first token's message
  finish        goes on from there to the context
  level:N       asks for it, and tells what was granted
  bare:N        the same as NEC's clients do it
  reply         waits for a reply and tells it without its port
  associate     the same; from here on there are datagrams, which go to where it says
  peer:PARTS    somebody connects to where the reply says, and sends that
  heard:N       waits for N octets that reach him and tells them
  flow:N        N random octets up, which must come back, then the end of both ways
  flood:N       N octets up, in messages as long as can be, all made before the first leaves
  hollow:MS     messages with nothing in them for so long, and tells whether all were taken; with
                --flags that let one come again
  sink          throws away what comes, up to the end
  full          a message with a token as long as can be; tells how long
  again         closes, and connects anew
"""

import argparse
import os
import socket
import struct
import threading
import time

import gssapi

from gss import (AUTH, INTEGRITY, LEVEL, NONE, TOKEN_MAX, Broken, Line, Surprise, Talker,
                 datagram_socket, frame, octets_of, say)
from wire import address_of

MECHANISMS = {name: gssapi.OID.from_int_seq(oid) for name, oid in (
    ("krb5", "1.2.840.113554.1.2.2"), ("spnego", "1.3.6.1.5.5.2"))}
FLAGS = {"mutual": gssapi.RequirementFlag.mutual_authentication,
         "replay": gssapi.RequirementFlag.replay_detection,
         "sequence": gssapi.RequirementFlag.out_of_sequence_detection,
         "integrity": gssapi.RequirementFlag.integrity,
         "confidentiality": gssapi.RequirementFlag.confidentiality}
# MIT's krb5 adds integrity and confidentiality to any context, unless the credentials say no.
NO_CI_FLAGS = gssapi.OID.from_int_seq("1.2.752.43.13.29")


class Client(Talker):
    def __init__(self, options):
        self.options = options
        self.bound = None  # the address in the last reply
        self.peer = None
        super().__init__(socket.create_connection(address_of(options.proxy)))

    def do_again(self, _):
        self.line.sock.close()
        self.line = Line(socket.create_connection(address_of(self.options.proxy)))
        self.ctx = None
        self.level = NONE

    def do_hello(self, _):
        self.line.send(b"\5\1\1")
        if self.line.peek(2) != b"\5\1":
            raise Surprise
        self.line.take(2)

    def credentials(self):
        creds = gssapi.Credentials(usage="initiate", mechs=[MECHANISMS[self.options.mech]])
        if not {"integrity", "confidentiality"} <= set(self.options.flags.split(",")):
            gssapi.raw.set_cred_option(NO_CI_FLAGS, creds)
        return creds

    def new_context(self):
        creds = self.credentials()
        flags = self.options.flags.split(",")
        name_type = None if "/" in self.options.service else gssapi.NameType.hostbased_service
        return gssapi.SecurityContext(
            name=gssapi.Name(self.options.service, name_type), usage="initiate", creds=creds,
            mech=MECHANISMS[self.options.mech], flags=sum(FLAGS[flag] for flag in flags))

    def do_init(self, name):
        self.ctx = self.new_context()
        self.name(name, frame(AUTH, self.ctx.step()))

    def do_finish(self, _):
        complete = False
        while not complete:
            complete = self.ctx.complete  # then this is only the server's word that it is too
            token = self.message(AUTH)
            if not complete:
                answer = self.ctx.step(token)
                complete = self.ctx.complete and not answer
                if answer:
                    self.line.send(frame(AUTH, answer))

    def do_context(self, _):
        self.do_init("first")
        self.do_put("first")
        self.do_finish(_)

    def do_level(self, level):
        self.line.send(frame(LEVEL, self.wrapped(bytes([int(level)]), False)))
        answer = self.ctx.unwrap(self.message(LEVEL))
        if answer.encrypted or len(answer.message) != 1:
            raise Broken(f"a level of {answer.message.hex()}, encrypted is {answer.encrypted}")
        self.level = answer.message[0]
        say(f"level {self.level}")

    def do_bare(self, level):
        self.line.send(frame(LEVEL, bytes([int(level)])))
        answer = self.message(LEVEL)
        if len(answer) != 1:
            raise Broken("the level came wrapped")
        self.level = answer[0]
        say(f"bare {self.level}")

    def do_reply(self, _):
        reply = self.read_spoken()
        say("reply " + reply[:-2].hex())
        self.bound = socket.inet_ntoa(reply[4:8]), struct.unpack("!H", reply[8:])[0]

    def do_associate(self, _):
        self.do_reply(_)
        self.datagrams = datagram_socket(self.line.sock.getsockname()[0])
        self.far = self.bound

    def do_peer(self, parts):
        self.peer = Line(socket.create_connection(self.bound))
        self.peer.send(octets_of(parts))

    def do_heard(self, count):
        say("heard " + self.peer.take(int(count)).hex())

    def wire_of(self, octets):
        most = TOKEN_MAX
        if self.level != NONE:
            most = self.ctx.get_wrap_size_limit(TOKEN_MAX, self.level != INTEGRITY)
        return b"".join(self.sealed(octets[at:at + most]) for at in range(0, len(octets), most))

    def do_flood(self, count):
        self.line.send(self.wire_of(bytes(int(count))))

    def do_hollow(self, msec):
        messages = self.sealed(b"") * 2000
        end = time.monotonic() + int(msec) / 1000
        try:
            while time.monotonic() < end:
                self.line.sock.sendall(messages)
        except (ConnectionError, TimeoutError):
            say("cut off")
        else:
            say("all taken")

    def do_sink(self, _):
        room = bytearray(1 << 20)
        while self.line.sock.recv_into(room):
            pass

    def do_flow(self, count):
        octets = os.urandom(int(count))
        # All wrapped before anything is read: a context is for one thread at a time.
        wire = self.wire_of(octets)
        sender = threading.Thread(target=self.pour, args=(wire,))
        sender.start()
        same = self.read(len(octets)) == octets
        sender.join()
        say(f"{len(octets)} octets {'came back' if same else 'were changed'}")
        self.do_end()

    def pour(self, wire):
        self.line.send(wire)
        self.do_eof(None)

    def do_full(self, _):
        most = self.ctx.get_wrap_size_limit(TOKEN_MAX, self.level != INTEGRITY)
        message = self.sealed(bytes(most))
        say(f"LEN {message[2:4].hex()} with {most} octets")
        self.line.send(message)
        say("as many came back" if self.read(most) == bytes(most) else "others came back")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mech", choices=MECHANISMS, default="krb5")
    parser.add_argument("--service", default="rcmd@localhost")
    parser.add_argument("--flags", default=",".join(FLAGS), help="NAME,...: what to ask for")
    parser.add_argument("proxy")
    parser.add_argument("steps", nargs="*")
    options = parser.parse_args()
    Client(options).play(options.steps)


if __name__ == "__main__":
    main()
