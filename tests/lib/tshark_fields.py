#!/usr/bin/python3
"""tshark_fields.py show|compare FILE PORT: what Wireshark sees of SOCKS on that TCP port.

show      an object a message, one a line: "from", and its socks.* fields
compare   these against what $SOCKS5 decode says, message by message: in each TCP stream, and of all
          datagrams in turn. Where they differ is said, and the exit status is 1.

A message is a frame with octets that are a field of socks.*: what Wireshark only repeats from
messages before it has none. Fields of ours for which it has no name are left out.
"""

import collections
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

TEXTS = {"socks.username", "socks.password", "socks.remote_name", "socks.v4a_dns_name", "socks.dst",
         "socks.dstV6"}
OCTETS = {"socks.gssapi.data"}
LISTS = {"socks.auth_method"}
DATAGRAMS = "datagrams"


def run(command, **environment):
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            env=os.environ | environment)
    if result.returncode:
        sys.exit(f"{command[0]} ended with status {result.returncode}: {result.stderr}")
    return result.stdout


def value_of(field):
    if field.get("name") in OCTETS:
        return field.get("value")
    shown = field.get("show")
    return shown if field.get("name") in TEXTS else int(shown, 0)


def fields_of(socks):
    fields = {}
    for field in socks.iter("field"):
        name = field.get("name")
        if not name.startswith("socks.") or field.get("size") == "0":
            continue
        if name in LISTS:
            fields.setdefault(name, []).append(value_of(field))
        else:
            fields[name] = value_of(field)
    return fields


def ends_of(frame):
    """Source and target, as ADDRESS:PORT, and the protocol."""
    shown = {field.get("name"): field.get("show") for field in frame.iter("field")}
    host = "[%s]:%s" if "ipv6.src" in shown else "%s:%s"
    internet = "ipv6" if "ipv6.src" in shown else "ip"
    transport = "tcp" if "tcp.srcport" in shown else "udp"
    return *(host % (shown[f"{internet}.{end}"], shown[f"{transport}.{end}port"])
             for end in ("src", "dst")), transport


def theirs(path, port):
    """(Stream, from, fields) of each message; who sent a datagram is not known."""
    with tempfile.TemporaryDirectory() as nothing:
        pdml = run(["tshark", "-n", "-r", path, "-d", f"tcp.port=={port},socks", "-T", "pdml"],
                   WIRESHARK_CONFIG_DIR=nothing)
    for frame in ElementTree.fromstring(pdml):
        for socks in frame.iterfind("proto[@name='socks']"):
            fields = fields_of(socks)
            source, target, transport = ends_of(frame)
            if fields and transport == "udp":
                yield DATAGRAMS, None, fields
            elif fields and target.endswith(f":{port}"):
                yield (source, target), "client", fields
            elif fields:
                yield (target, source), "server", fields


def ours(path, port):
    """The same of `socks5 decode`."""
    for line in run([os.environ["SOCKS5"], "decode", "--format", "json", "--secrets", "-p", port,
                     path]).splitlines():
        message = json.loads(line)
        fields = {name: value for name, value in message["fields"].items()
                  if name.startswith("socks.")}
        if message["message"] == "datagram":
            yield DATAGRAMS, None, fields
        elif fields:
            yield (message["client"], message["server"]), message["from"], fields


def by_stream(messages):
    streams = collections.defaultdict(list)
    for stream, sender, fields in messages:
        streams[stream].append((sender, fields))
    return streams


def differences(path, port):
    left, right = by_stream(theirs(path, port)), by_stream(ours(path, port))
    if not left:
        yield "Wireshark sees no SOCKS"
    for stream in left | right:
        for number in range(max(len(left[stream]), len(right[stream]))):
            pair = [side[stream][number:number + 1] for side in (left, right)]
            if pair[0] != pair[1]:
                yield f"{stream}, message {number + 1}:\n  Wireshark {pair[0]}\n  we {pair[1]}"


def show(path, port):
    for _, sender, fields in theirs(path, port):
        print(json.dumps({"from": sender, "fields": fields}, separators=(",", ":")))


def compare(path, port):
    found = list(differences(path, port))
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit({"show": show, "compare": compare}[sys.argv[1]](*sys.argv[2:]))
