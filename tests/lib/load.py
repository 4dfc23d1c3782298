#!/usr/bin/python3
"""load.py WORK PROXY [ARGUMENT]...: many connections to a SOCKS5 server at once.

WORK is a row of WORKS below. One line of output says what was done; the exit status is 1 when
something was not as it should be.
"""

import asyncio
import contextlib
import hashlib
import itertools
import os
import random
import resource
import socket
import statistics
import struct
import sys
import time

from wire import address_of, read_exactly

HELLO = bytes.fromhex("050100")
CHOSEN = bytes.fromhex("0500")
PATIENCE = 60  # seconds for any one step


def request_for(target):
    host, port = target
    if ":" in host:
        return b"\x05\x01\x00\x04" + socket.inet_pton(socket.AF_INET6, host) + struct.pack("!H", port)
    return b"\x05\x01\x00\x01" + socket.inet_aton(host) + struct.pack("!H", port)


def many_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def within(work):
    return await asyncio.wait_for(work, PATIENCE)


async def open_tunnel(proxy, target):
    """A connection to target through proxy, greeting and request sent one by one."""
    reader, writer = await within(asyncio.open_connection(*proxy))
    writer.write(HELLO)
    chosen = await within(reader.readexactly(2))
    if chosen != CHOSEN:
        raise ValueError(f"method choice {chosen.hex()}")
    writer.write(request_for(target))
    reply = await within(reader.readexactly(4))
    await within(reader.readexactly({1: 6, 4: 18}[reply[3]]))
    if reply[1] != 0:
        raise ValueError(f"reply {reply[1]:02x}")
    return reader, writer


async def all_of(count, width, work):
    """Runs work(0) .. work(count - 1), at most width of them at once."""
    gate = asyncio.Semaphore(width)

    async def one(number):
        async with gate:
            return await work(number)

    return await asyncio.gather(*(one(number) for number in range(count)))


# --- both: random data both ways at once -------------------------------------------------------


async def send_random(writer, octets):
    """Sends them and EOF; the digest of what was sent."""
    digest = hashlib.sha256()
    while octets:
        data = os.urandom(min(octets, 65536))
        digest.update(data)
        writer.write(data)
        await writer.drain()
        octets -= len(data)
    writer.write_eof()
    return digest.hexdigest()


async def receive(reader):
    digest = hashlib.sha256()
    while data := await reader.read(65536):
        digest.update(data)
    return digest.hexdigest()


async def exchange(reader, writer, octets):
    """Both ways at once; the digests of what was sent and of what came."""
    digests = await within(asyncio.gather(send_random(writer, octets), receive(reader)))
    writer.close()
    return digests


async def both(proxy, tunnels, octets):
    """TUNNELS OCTETS: each side of each tunnel sends its share of OCTETS while it receives."""
    share = int(octets) // int(tunnels)
    far = {}

    async def target_side(reader, writer):
        number = struct.unpack("!I", await reader.readexactly(4))[0]
        far[number] = asyncio.current_task()
        return await exchange(reader, writer, share)

    async def accepted(reader, writer):
        with contextlib.suppress(ConnectionError):
            return await target_side(reader, writer)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, backlog=1024)
    target = server.sockets[0].getsockname()

    async def near_side(number):
        reader, writer = await open_tunnel(proxy, target)
        writer.write(struct.pack("!I", number))
        return await exchange(reader, writer, share)

    near = await all_of(int(tunnels), int(tunnels), near_side)
    wrong = 0
    for number, (sent, got) in enumerate(near):
        far_sent, far_got = await within(far[number]) or (None, None)
        wrong += sent != far_got or got != far_sent
    print(f"{tunnels} tunnels, {share} octets each way in each, {wrong} with another checksum")
    return wrong == 0


# --- sessions: one after the other -------------------------------------------------------------


async def sessions(proxy, target, count, width="50"):
    """TARGET COUNT [WIDTH]: COUNT sessions with an echo at TARGET, WIDTH at once."""
    target = address_of(target)

    async def one(number):
        text = f"session {number}".encode()
        reader, writer = await open_tunnel(proxy, target)
        writer.write(text)
        writer.write_eof()
        back = await within(reader.read())
        writer.close()
        return back == text

    good = sum(await all_of(int(count), int(width), one))
    print(f"{good} sessions of {count}")
    return good == int(count)


# --- slow: handshakes that do not get on -------------------------------------------------------


async def time_of_good(proxy, target):
    """Milliseconds that a good client waits for its first octet from the target."""
    start = time.monotonic()
    reader, writer = await open_tunnel(proxy, target)
    writer.write(b"!")
    await within(reader.readexactly(1))
    taken = time.monotonic() - start
    writer.close()
    return taken * 1000


async def trickle(proxy, ready):
    """Announces 255 methods and sends them as slowly as can be."""
    _, writer = await within(asyncio.open_connection(*proxy))
    writer.write(b"\x05\xff")
    ready.append(writer)
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        while True:
            await asyncio.sleep(0.3)
            writer.write(b"\x00")
    writer.transport.abort()


async def slow(proxy, target, count, limit):
    """TARGET COUNT LIMIT: COUNT slow handshakes; a good client is to be served in LIMIT ms."""
    many_descriptors()
    target = address_of(target)
    ready = []
    lazy = [asyncio.create_task(trickle(proxy, ready)) for _ in range(int(count))]
    deadline = time.monotonic() + PATIENCE
    while len(ready) < int(count) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    times = []
    for _ in range(9):
        times.append(await time_of_good(proxy, target))
        await asyncio.sleep(0.1)
    still = sum(not writer.is_closing() for writer in ready)
    for task in lazy:
        task.cancel()
    await asyncio.gather(*lazy, return_exceptions=True)
    median = statistics.median(times)
    print(f"{still} slow handshakes, a good client served in {median:.1f} ms (median of 9)")
    return still == int(count) and median < float(limit)


# --- noise: octets without sense ---------------------------------------------------------------

# What goes before the noise, so that some of it reaches each step. None asks for an address to
# connect to: only loopback may be asked for.
PREFIXES = ["", "05", "0501", "050100", "050102", "05020002", "050102" "01", "050102" "01ff",
            "050102" "0101610162", "050100" "04", "050100" "05ff", "050100" "050000",
            "050100" "05010009", "050100" "05010003ff", "04", "0401", "474554"]


async def noise(proxy, count, seed=None):
    """COUNT [SEED]: COUNT connections with random octets; each must end by itself."""
    seed = seed or os.urandom(4).hex()
    dice = random.Random(seed)
    strings = [bytes.fromhex(dice.choice(PREFIXES)) + dice.randbytes(dice.randrange(0, 600))
               for _ in range(int(count))]
    stuck = []

    async def one(number):
        reader, writer = await within(asyncio.open_connection(*proxy))
        try:
            writer.write(strings[number])
            if number % 20:
                writer.write_eof()
            await within(reader.read())
        except asyncio.TimeoutError:
            stuck.append(strings[number].hex())
        except ConnectionError:
            pass
        writer.close()

    await all_of(int(count), 100, one)
    print(f"{count} random strings of seed {seed}, {len(stuck)} without an end", *stuck[:3])
    return not stuck


# --- hold: tunnels that stay -------------------------------------------------------------------


def begin(proxy, target):
    """A tunnel asked for in one go."""
    sock = socket.create_connection(proxy, PATIENCE)
    sock.sendall(HELLO + request_for(target))
    return sock


def finish(sock):
    """The answer to that."""
    head = read_exactly(sock, 6)
    if head[:2] != CHOSEN or head[3] != 0:
        raise ConnectionError(f"answer {head.hex()}")
    read_exactly(sock, {1: 6, 4: 18}[head[5]])


async def hold(proxy, target, count):
    """TARGET COUNT: COUNT tunnels to an echo at TARGET, all open at once, then an octet in each.

    Says "held" when all are open and waits for a line on stdin before it closes them.
    """
    many_descriptors()
    target = address_of(target)
    held = []
    while len(held) < int(count):
        batch = [begin(proxy, target) for _ in range(min(100, int(count) - len(held)))]
        for sock in batch:
            finish(sock)
        held += batch
    for sock in held:
        sock.sendall(b"!")
    echoed = sum(read_exactly(sock, 1) == b"!" for sock in held)
    print(f"held {echoed} tunnels", flush=True)
    sys.stdin.readline()
    return echoed == int(count)


async def crowd(proxy, count):
    """COUNT: COUNT connections that say nothing. Says "crowd" and waits for a line on stdin."""
    many_descriptors()
    held = [socket.create_connection(proxy, PATIENCE) for _ in range(int(count))]
    print(f"crowd of {len(held)}", flush=True)
    sys.stdin.readline()
    return True


async def drip(proxy, count):
    """COUNT: COUNT handshakes of an octet every few seconds. Says "dripping" and waits for a line."""
    many_descriptors()
    held = []
    while len(held) < int(count):
        sock = socket.create_connection(proxy, PATIENCE)
        sock.sendall(b"\x05\xff")
        held.append(sock)
    print(f"dripping: {len(held)}", flush=True)
    heard = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for number in itertools.count():
        if heard.done():
            break
        with contextlib.suppress(OSError):
            held[number % len(held)].send(b"\x00")
        await asyncio.sleep(0.002)
    return True


async def steady(proxy, target, tunnels, rate, seconds):
    """TARGET TUNNELS RATE SECONDS: tunnels that echo all the time, and RATE new sessions a second."""
    many_descriptors()
    target = address_of(target)
    end = time.monotonic() + float(seconds)
    kept = [await open_tunnel(proxy, target) for _ in range(int(tunnels))]
    print("steady", flush=True)

    async def echo(reader, writer, text):
        writer.write(text)
        if await within(reader.readexactly(len(text))) != text:
            raise ValueError("other octets came back")

    async def tunnel(number):
        rounds = 0
        while time.monotonic() < end:
            await echo(*kept[number], f"{number} {rounds}".encode())
            rounds += 1
            await asyncio.sleep(0.1)

    async def session(number):
        await asyncio.sleep(number / float(rate))
        reader, writer = await open_tunnel(proxy, target)
        await echo(reader, writer, f"session {number}".encode())
        writer.close()

    count = int(float(rate) * float(seconds))
    works = [tunnel(number) for number in range(int(tunnels))] + [session(n) for n in range(count)]
    ends = await asyncio.gather(*works, return_exceptions=True)
    lost = [end for end in ends if end is not None]
    print(f"{tunnels} tunnels and {count} sessions, {len(lost)} lost", *lost[:3])
    return not lost


WORKS = {"both": both, "sessions": sessions, "slow": slow, "noise": noise, "hold": hold,
         "crowd": crowd, "drip": drip,
         "steady": steady}


def main():
    work, proxy = WORKS[sys.argv[1]], address_of(sys.argv[2])
    return 0 if asyncio.run(work(proxy, *sys.argv[3:])) else 1


if __name__ == "__main__":
    sys.exit(main())
