#!/usr/bin/python3
"""login.py WORK PROXY [ARGUMENT]...: how long a SOCKS5 server takes over credentials.

WORK is a row of WORKS below. Each attempt can come from a loopback address of its own, so that
what is held back from a guesser holds back nobody here.
"""

import contextlib
import itertools
import socket
import statistics
import struct
import sys
import threading
import time

from wire import address_of, read_exactly

SOURCES = (f"127.77.{n >> 8 & 255}.{n & 255}" for n in itertools.count(1))
PATIENCE = 30


def hello(proxy, method, source=None):
    """A connection on which the server has chosen the method."""
    source = (source, 0) if source else None
    sock = socket.create_connection(proxy, PATIENCE, source_address=source)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(bytes([5, 1, method]))
    if read_exactly(sock, 2) != bytes([5, method]):
        raise ConnectionError("another method was chosen")
    return sock


def message(user, password):
    user, password = user.encode(), password.encode()
    return bytes([1, len(user)]) + user + bytes([len(password)]) + password


def attempt(proxy, user, password, source=None):
    """Milliseconds until the status, and the status."""
    with hello(proxy, 2, source) as sock:
        start = time.monotonic()
        sock.sendall(message(user, password))
        status = read_exactly(sock, 2)
        return (time.monotonic() - start) * 1000, status


def times(proxy, *credentials):
    """USER PASSWORD [USER PASSWORD]...: the median milliseconds of each pair over 15 rounds.

    All but the first pair must be refused; each round takes each of them once.
    """
    pairs = list(zip(credentials[::2], credentials[1::2]))
    taken = [[] for _ in pairs]
    for _ in range(15):
        for pair, list_ in zip(pairs, taken):
            took, status = attempt(proxy, *pair, next(SOURCES))
            list_.append(took)
            if (status == b"\1\0") != (pair is pairs[0]):
                raise ConnectionError(f"{pair}: status {status.hex()}")
    print(*(f"{statistics.median(list_):.2f}" for list_ in taken))


def delays(proxy, count, source, user, password):
    """COUNT SOURCE USER PASSWORD: the milliseconds of so many attempts one after the other."""
    print(*(int(attempt(proxy, user, password, source)[0]) for _ in range(int(count))))


def no_hash(proxy):
    """Milliseconds that a client without a password waits for a refusal (port 0)."""
    start = time.monotonic()
    with hello(proxy, 0) as sock:
        sock.sendall(bytes.fromhex("05010001" "7f000001" "0000"))
        read_exactly(sock, 10)
    return (time.monotonic() - start) * 1000


def stall(proxy, count):
    """COUNT: so many wrong passwords at once; the median milliseconds of others meanwhile.

    Then the number of passwords that were still being checked when the last of those was served.
    """
    waiting = []
    for _ in range(int(count)):
        waiting.append(hello(proxy, 2, next(SOURCES)))
    for sock in waiting:
        sock.sendall(message("joe", "wrong"))
    taken = [no_hash(proxy) for _ in range(9)]
    left = 0
    for sock in waiting:
        sock.setblocking(False)
        try:
            left += sock.recv(2) != b"\1\1"
        except BlockingIOError:
            left += 1
    print(f"{statistics.median(taken):.1f} {left}")


def pending(proxy, count, user, password, source):
    """Connections, so many, with a password to be checked in each; source "" is one each."""
    waiting = [hello(proxy, 2, source or next(SOURCES)) for _ in range(int(count))]
    for sock in waiting:
        sock.sendall(message(user, password))
    return waiting


def status_of(sock):
    """The two octets, none where the server closed without a word."""
    with sock:
        return sock.recv(2)


def flood(proxy, count, user, password, source=""):
    """COUNT USER PASSWORD [SOURCE]: so many logins at once, and meanwhile one of another source.

    How many were accepted, refused, closed unanswered; then what the other one got.
    """
    waiting = pending(proxy, count, user, password, source)
    other = hello(proxy, 2, next(SOURCES))
    other.sendall(message(user, password))
    said = [status_of(sock) for sock in waiting]
    print(said.count(b"\1\0"), said.count(b"\1\1"), said.count(b""), status_of(other).hex())


def leave(proxy, count, user, password):
    """COUNT USER PASSWORD: so many logins at once, of clients that reset and go."""
    for sock in pending(proxy, count, user, password, ""):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()


def guess(proxy, count, sources="1"):
    """COUNT [SOURCES]: so many wrong passwords, 32 at once, from so many addresses in turn."""
    addresses = [next(SOURCES) for _ in range(int(sources))]
    numbers = itertools.count()
    refused = []

    def guesser():
        while (number := next(numbers)) < int(count):
            with contextlib.suppress(OSError):
                source = addresses[number % len(addresses)]
                _, status = attempt(proxy, "joe", f"wrong {number}", source)
                refused.append(status != b"\1\0")

    threads = [threading.Thread(target=guesser) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(refused)} answers, {sum(refused)} refusals")
    if not all(refused):
        raise ConnectionError("a wrong password was taken")


def good(proxy, user, password, count, source="127.0.0.1"):
    """USER PASSWORD COUNT: median ms of so many sessions, from connect to an octet that came back."""
    listener = socket.create_server(("127.0.0.1", 0))
    request = b"\5\1\0\1" + socket.inet_aton("127.0.0.1")
    request += struct.pack("!H", listener.getsockname()[1])
    taken = []
    for _ in range(int(count)):
        start = time.monotonic()
        with hello(proxy, 2, source) as sock:
            sock.sendall(message(user, password))
            if read_exactly(sock, 2) != b"\1\0":
                raise ConnectionError("refused")
            sock.sendall(request)
            far, _ = listener.accept()
            with far:
                read_exactly(sock, 10)
                sock.sendall(b"!")
                far.sendall(far.recv(1))
                read_exactly(sock, 1)
        taken.append((time.monotonic() - start) * 1000)
    print(f"{statistics.median(taken):.2f}")


WORKS = {"times": times, "delays": delays, "stall": stall, "flood": flood, "guess": guess,
         "good": good, "leave": leave}


def main():
    WORKS[sys.argv[1]](address_of(sys.argv[2]), *sys.argv[3:])


if __name__ == "__main__":
    main()
