#!/usr/bin/python3
"""tunnel.py WORK PROXY [ARGUMENT]...: holds both ends of tunnels through a SOCKS5 server.

WORK is a row of WORKS below. A line of output says what was seen; what should not be ends it with
a traceback.
"""

import contextlib
import hashlib
import itertools
import os
import re
import select
import socket
import struct
import sys
import threading
import time

from wire import address_of, read_exactly

PATIENCE = 10
MIB = 1 << 20


def request(port, name=None):
    """Hello and request in one, for 127.0.0.1 or for a name."""
    where = b"\1\x7f\0\0\1" if name is None else bytes([3, len(name)]) + name.encode()
    return b"\5\1\0" + b"\5\1\0" + where + struct.pack("!H", port)


class Maker:
    """Makes tunnels: the client's end and the target's."""

    def __init__(self, proxy, small=False):
        self.proxy = address_of(proxy)
        self.small = small
        self.listener = socket.socket()
        if small:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(1024)
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]

    def connect(self):
        near = socket.socket()
        if self.small:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        near.settimeout(PATIENCE)
        near.connect(self.proxy)
        return near

    def tunnel(self):
        near = self.connect()
        near.sendall(request(self.port))
        back = read_exactly(near, 12)
        assert back[:4] == b"\5\0\5\0", back.hex()
        return near, self.accept()

    def accept(self):
        far, _ = self.listener.accept()
        far.settimeout(PATIENCE)
        return far

    def both_ways(self):
        """A tunnel seen from either side: who acts, who watches."""
        near, far = self.tunnel()
        yield "client", near, far
        near, far = self.tunnel()
        yield "target", far, near


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def read_all(sock):
    digest, total = hashlib.sha256(), 0
    while data := sock.recv(MIB):
        digest.update(data)
        total += len(data)
    return total, digest.hexdigest()


def send_random(sock, octets):
    """Sends so many in pieces of all sizes; their number and digest."""
    digest = hashlib.sha256()
    sizes = itertools.cycle([1, 70000, 1460, 300000, 17, 65536, 4096])
    left = octets
    while left:
        data = os.urandom(min(left, next(sizes)))
        sock.sendall(data)
        digest.update(data)
        left -= len(data)
    return octets, digest.hexdigest()


def in_thread(call, *args):
    result = []
    thread = threading.Thread(target=lambda: result.append(call(*args)), daemon=True)
    thread.start()

    def join():
        thread.join(30)
        return result[0]
    return join


def halfclose(proxy):
    """One side ends, the other goes on, in both orders."""
    for size in (0, 5, 3 * MIB):
        for who, first, second in Maker(proxy).both_ways():
            got = in_thread(read_all, second)
            sent = send_random(first, size)
            first.shutdown(socket.SHUT_WR)
            assert got() == sent, f"{who} ended first: {size} octets before that"
            got = in_thread(read_all, first)
            sent = send_random(second, size)
            second.close()
            assert got() == sent, f"{who} ended first: {size} octets after that"
            first.close()
    print("half-closed")


def tail(proxy):
    """The end comes behind everything, however slow the reader."""
    for who, first, second in Maker(proxy, small=True).both_ways():
        sent = in_thread(send_random, first, 4 * MIB)
        time.sleep(0.3)
        got = in_thread(read_all, second)
        sent = sent()
        first.shutdown(socket.SHUT_WR)
        first.close()
        assert got() == sent, who
    print("complete")


def ends_with(sock):
    try:
        while sock.recv(MIB):
            pass
        return "EOF"
    except ConnectionResetError:
        return "RST"


def resets(proxy):
    """A reset arrives as a reset: idle, after octets, after the other side's end, in bulk."""
    for who, first, second in Maker(proxy).both_ways():
        reset(first)
        assert ends_with(second) == "RST", f"{who} reset an idle tunnel"
    for who, first, second in Maker(proxy).both_ways():
        first.sendall(b"hello")
        second.sendall(b"hello")
        read_exactly(second, 5)
        reset(first)
        assert ends_with(second) == "RST", f"{who} reset a used tunnel"
    for who, first, second in Maker(proxy).both_ways():
        second.shutdown(socket.SHUT_WR)
        assert first.recv(1) == b"", who
        reset(first)
        assert ends_with(second) == "RST", f"{who} reset a tunnel after its peer's end"
    for who, first, second in Maker(proxy).both_ways():
        with contextlib.suppress(ConnectionError):
            sending = in_thread(broken, second)
            read_exactly(first, 8 * MIB)
            reset(first)
        assert sending(), f"{who} reset in the middle of bulk"
    print("reset")


def broken(sock):
    try:
        while True:
            sock.sendall(bytes(MIB))
    except ConnectionError:
        return True


def push(sock):
    """Sends until nothing more is taken for a while; how much."""
    sock.setblocking(False)
    total = 0
    while select.select([], [sock], [], 0.4)[1]:
        with contextlib.suppress(BlockingIOError):
            total += sock.send(bytes(MIB))
    sock.settimeout(PATIENCE)
    return total


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s*(\d+)", status.read()).group(1))


def kernel_holds():
    """Octets that the sockets of one flow can hold: two send buffers, one large receive buffer."""
    limits = []
    for name in ("rmem", "wmem"):
        with open(f"/proc/sys/net/ipv4/tcp_{name}", encoding="ascii") as text:
            limits.append(int(text.read().split()[2]))
    return limits[0] + 2 * limits[1]


def slow(proxy, pid, count):
    """PID COUNT: that many readers who do not read: the other side is stopped, memory bounded."""
    count = int(count)
    maker = Maker(proxy, small=True)
    tunnels = [maker.tunnel() for _ in range(count)]
    before = resident(pid)
    pushed = []
    for near, far in tunnels:
        pushed.append(in_thread(push, far))
        pushed.append(in_thread(push, near))
    pushed = [each() for each in pushed]
    grown = resident(pid) - before
    print(f"{max(pushed) >> 10} KiB taken at most, {grown} KiB more for {2 * count} flows")
    assert min(pushed) > 0
    assert max(pushed) < kernel_holds() + MIB
    assert grown < 2 * count * 320 + 4096
    for (near, far), to_near, to_far in zip(tunnels, pushed[::2], pushed[1::2]):
        near.shutdown(socket.SHUT_WR)
        far.shutdown(socket.SHUT_WR)
        got = in_thread(read_all, far)
        assert read_all(near)[0] == to_near
        assert got()[0] == to_far


def early(proxy, pid, name):
    """PID NAME: much payload before the reply, which is late: bounded, and complete at last."""
    maker = Maker(proxy)
    clients = []
    before = resident(pid)
    for _ in range(20):
        clients.append(maker.connect())
        clients[-1].sendall(request(maker.port, name))
    sending = [in_thread(send_end, near) for near in clients]
    time.sleep(0.6)
    grown = resident(pid) - before
    got = [in_thread(read_all, maker.accept()) for _ in clients]
    assert sorted(each() for each in got) == sorted(each() for each in sending)
    print(f"{grown} KiB more while 20 clients waited")
    assert grown < 4096  # of 40 MiB


def send_end(sock):
    sent = send_random(sock, 2 * MIB)
    sock.shutdown(socket.SHUT_WR)
    return sent


def dead_peers(proxy, count):
    """COUNT: clients and targets that go while the other side is still being written to."""
    maker = Maker(proxy)
    for number in range(int(count)):
        near, far = maker.tunnel()
        near.sendall(bytes(100000))
        far.sendall(bytes(100000))
        (reset if number % 2 else socket.socket.close)(near if number % 4 < 2 else far)
        near.close()
        far.close()
    print("all gone")


def urgent(proxy):
    """Urgent data, behind a little and behind bulk: it is in its place, and so is what follows."""
    for size in (3, 8 * MIB):
        for who, first, second in Maker(proxy).both_ways():
            got = in_thread(read_exactly, second, size + 5)
            first.sendall(b"z" * size)
            first.send(b"!", socket.MSG_OOB)
            first.sendall(b"tail")
            assert got()[size:] == b"!tail", f"{who}: urgent data behind {size} octets"
            first.close()
            second.close()
    print("urgent")


def refused(proxy):
    """A target that answers and closes while it is still being sent to: the answer arrives."""
    for _ in range(20):
        near, far = Maker(proxy).tunnel()
        near.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                near.send(bytes(65536))
        near.settimeout(PATIENCE)
        far.sendall(b"too large " * 1000)
        far.close()
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while more := near.recv(65536):
                got += more
        assert len(got) == 10000, f"{len(got)} octets of the answer"
        near.close()
    print("answered")


def trickle(proxy):
    """A reader of much that is slow all the time: it is not cut off."""
    near, far = Maker(proxy).tunnel()

    def send():
        with contextlib.suppress(OSError):
            far.sendall(bytes(64 * MIB))
    threading.Thread(target=send, daemon=True).start()
    for count in range(30):
        assert read_exactly(near, 200_000), count
        time.sleep(0.1)
    print("trickled")


WORKS = {"halfclose": halfclose, "tail": tail, "resets": resets, "slow": slow, "early": early,
         "dead_peers": dead_peers, "urgent": urgent,
         "refused": refused, "trickle": trickle}


def main():
    WORKS[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
