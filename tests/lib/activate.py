#!/usr/bin/python3
"""activate.py SOCKET... [-- ARGUMENT...]: becomes `socks5 serve ARGUMENT...` with sockets.

They are made here and passed as systemd does it: from descriptor 3 on. A SOCKET is tcp:ADDRESS,
unix:PATH (both listen; tcp::: is both families) or udp:ADDRESS.
"""

import os
import socket
import sys

FIRST = 3


def make(text):
    kind, _, where = text.partition(":")
    if kind == "tcp":
        if where == "::":
            return socket.create_server((where, 0), family=socket.AF_INET6, dualstack_ipv6=True)
        return socket.create_server((where, 0))
    if kind == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((where, 0))
        return sock
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(where)
    sock.listen()
    return sock


def main():
    words, arguments = sys.argv[1:], []
    if "--" in words:
        at = words.index("--")
        words, arguments = words[:at], words[at + 1:]
    # Out of the way first: what is put at 3 must not be one that is still to be put.
    high = [os.dup2(make(word).detach(), 100 + n) for n, word in enumerate(words)]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, FIRST + number, inheritable=True)
        os.close(descriptor)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(words)))
    os.execv(os.environ["SOCKS5"], ["socks5", "serve", *arguments])


if __name__ == "__main__":
    main()
