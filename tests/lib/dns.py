#!/usr/bin/python3
"""dns.py [--listen ADDRESS] [--port N] NAME=ANSWER[,ANSWER]...: a name server that does what it is told.

An answer is A:1.2.3.4 or AAAA:::1 (several of one type are one record set), or one of SERVFAIL
NXDOMAIN NODATA REFUSED SILENT for the whole name, or that for one type as in AAAA:SILENT; @500ms
behind it delays what is said for its type. A type that is not mentioned has no data, a name that
is not mentioned does not exist. Answers behind a semicolon are for the next question about that
name and type, and so on; the last ones stay.

The first line of output is ADDRESS:PORT (UDP), then one line "query NAME TYPE" for each question.
"""

import argparse
import re
import socket
import struct
import threading

TYPES = {1: "A", 28: "AAAA"}
CODES = {"NODATA": 0, "SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
FLAGS = 0x8580  # an answer, authoritative, recursion desired and available


class Answer:
    """What is said for one type of one name."""

    def __init__(self):
        self.addresses = []
        self.code = 0
        self.silent = False
        self.delay = 0.0

    def learn(self, kind, value):
        if value == "SILENT":
            self.silent = True
        elif value in CODES:
            self.code = CODES[value]
        else:
            family = socket.AF_INET if kind == "A" else socket.AF_INET6
            self.addresses.append(socket.inet_pton(family, value))


def learn(answers, items):
    for item in items.split(","):
        what, kind, value, delay = re.fullmatch(
            r"((?:(A|AAAA):)?([^@]+))(?:@(\d+)ms)?", item).groups()
        for each in [kind] if kind else TYPES.values():
            answers[each].learn(each, value if kind else what)
            answers[each].delay = max(answers[each].delay, int(delay or 0) / 1000)


def zone_of(rules):
    """name -> type -> what is said, one time after the other."""
    zone = {}
    for rule in rules:
        name, _, turns = rule.partition("=")
        said = zone.setdefault(name.lower(), {kind: [] for kind in TYPES.values()})
        for items in turns.split(";"):
            answers = {kind: Answer() for kind in TYPES.values()}
            learn(answers, items)
            for kind, answer_to in answers.items():
                said[kind].append(answer_to)
    return zone


def question_of(packet):
    labels = []
    at = 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    kind = struct.unpack("!H", packet[at + 1:at + 3])[0]
    return ".".join(labels), TYPES.get(kind, str(kind)), packet[12:at + 5]


def message(packet, question, code, addresses, ttl=60):
    head = packet[:2] + struct.pack("!HHHHH", FLAGS | code, 1, len(addresses), 0, 0)
    records = b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", 1 if len(a) == 4 else 28, 1, ttl, len(a)) + a
        for a in addresses)
    return head + question + records


def answer(sock, zone, packet, peer):
    name, kind, question = question_of(packet)
    print(f"query {name} {kind}", flush=True)
    if name.lower() not in zone:
        sock.sendto(message(packet, question, CODES["NXDOMAIN"], []), peer)
        return
    turns = zone[name.lower()].get(kind, [Answer()])
    said = turns.pop(0) if len(turns) > 1 else turns[0]
    if said.silent:
        return
    reply = message(packet, question, said.code, said.addresses, 60 if said is turns[0] else 0)
    if said.delay:
        threading.Timer(said.delay, sock.sendto, (reply, peer)).start()
    else:
        sock.sendto(reply, peer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("rules", nargs="*")
    options = parser.parse_args()
    zone = zone_of(options.rules)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((options.listen, options.port))
    print("{}:{}".format(*sock.getsockname()), flush=True)
    while True:
        packet, peer = sock.recvfrom(4096)
        try:
            answer(sock, zone, packet, peer)
        except IndexError:
            pass  # no question: not ours


if __name__ == "__main__":
    main()
