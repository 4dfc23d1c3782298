"""What the tests of BIND share: `from bind import *` behind -c or a here-document.

Octets are built and read here and nowhere else, so that a test tells who comes and what is said.
"""

import contextlib
import os
import signal
import socket
import struct
import time

from tunnel import reset
from wire import address_of, read_exactly

PATIENCE = 10
__all__ = ["Bind", "connect", "ended", "stopped", "read_exactly", "reset", "struct", "socket"]


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def connect(where, source=None):
    """A TCP connection, from another address of loopback if that is wanted."""
    sock = socket.socket(family_of(where[0]))
    sock.settimeout(PATIENCE)
    if source:
        sock.bind((source, 0) if isinstance(source, str) else source)
    sock.connect(where)
    return sock


def dial(proxy, source):
    if proxy.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE)
        sock.connect(proxy[5:])
        return sock
    host, port = address_of(proxy)
    return connect((host.strip("[]"), port), source)


def destination(host):
    """ATYP and address: of a literal, else of a name."""
    for atyp, family in ((1, socket.AF_INET), (4, socket.AF_INET6)):
        try:
            return bytes([atyp]) + socket.inet_pton(family, host)
        except OSError:
            pass
    return bytes([3, len(host)]) + host.encode()


def ended(sock):
    """Nothing comes but the end, an orderly one or a reset."""
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True


@contextlib.contextmanager
def stopped(pid):
    """What comes meanwhile is in the kernel's hands alone."""
    os.kill(int(pid), signal.SIGSTOP)
    while not any(line.startswith("State:\tT") for line in open(f"/proc/{pid}/status")):
        time.sleep(0.01)
    try:
        yield
    finally:
        os.kill(int(pid), signal.SIGCONT)


class Bind:
    """A client that asked: rep and where are what the first reply says."""

    def __init__(self, proxy, host="0.0.0.0", port=0, early=b"", source=None):
        self.sock = dial(proxy, source)
        self.sock.sendall(b"\5\1\0" + b"\5\2\0" + destination(host) + struct.pack("!H", port)
                          + early)
        assert read_exactly(self.sock, 2) == b"\5\0"
        self.rep, self.where = self.reply()

    def reply(self):
        ver, rep, rsv, atyp = read_exactly(self.sock, 4)
        assert (ver, rsv) == (5, 0) and atyp in (1, 4)
        family = socket.AF_INET if atyp == 1 else socket.AF_INET6
        host = socket.inet_ntop(family, read_exactly(self.sock, 4 if atyp == 1 else 16))
        return rep, (host, struct.unpack("!H", read_exactly(self.sock, 2))[0])

    def refused(self, rep):
        """The second reply is that one, and the end; it says who came."""
        got, who = self.reply()
        assert got == rep, got
        assert ended(self.sock)
        return who

    def listens(self):
        """Is anybody there to connect to? Whoever tries is a peer, so ask only where none is."""
        try:
            connect(self.where).close()
            return True
        except ConnectionRefusedError:
            return False

    def meet(self, source=None):
        """A peer comes and both are told; it is returned."""
        assert self.rep == 0, self.rep
        peer = connect(self.where, source)
        assert self.reply() == (0, peer.getsockname()[:2])
        return peer
