#!/usr/bin/python3
"""gssfd.py SOCKS5 PROXY TARGET LEVEL: takes a connection from `connect -F`, and tries it on an echo."""

import array
import socket
import subprocess
import sys


def main():
    program, proxy, target, level = sys.argv[1:]
    ours, theirs = socket.socketpair()
    done = subprocess.run([program, "connect", "-F", "-x", proxy, "--gssapi-protect", level, target],
                          stdout=theirs, timeout=20, check=False)
    if done.returncode != 0:
        return done.returncode
    _, control, *_ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    fds = array.array("i", control[0][2])
    with socket.socket(fileno=fds[0]) as passed:
        passed.settimeout(5)
        passed.sendall(b"hello")
        print(passed.recv(5).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
