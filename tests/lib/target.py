#!/usr/bin/python3
"""target.py KIND [ADDRESS [PORT [FILE]]]: something for a proxy to connect to.

KIND is a row of KINDS below, full or datagrams; web answers with FILE. The first line of output is ADDRESS:PORT (IPv6 in brackets), then
one line for each connection: the peer it came from.
"""

import asyncio
import resource
import select
import signal
import socket
import struct
import sys

ANSWER = bytearray(b"hello from target\n")


async def web(reader, writer):
    """Any request gets ANSWER."""
    while (await reader.readline()).strip():
        pass
    head = f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
    writer.write(head.encode() + ANSWER)
    await writer.drain()


async def echo(reader, writer):
    """Gives back every octet, then EOF for EOF."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def greet(_reader, writer):
    """Speaks first and ends at once."""
    writer.write(ANSWER)
    await writer.drain()


async def count(reader, writer):
    """Reads up to EOF, then says how many octets came: an answer after a half-close."""
    total = 0
    while data := await reader.read(65536):
        total += len(data)
    writer.write(f"{total} octets\n".encode())
    await writer.drain()


async def reset(reader, writer):
    """Sends RST on the first octet."""
    await reader.read(1)
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


async def mute(reader, _writer):
    """Reads and never answers."""
    while await reader.read(65536):
        pass


async def chatty(reader, writer):
    """Greets, says a line for every piece it reads, and at the end prints how many octets came."""
    total, end = 0, "EOF"
    try:
        writer.write(ANSWER)
        while data := await reader.read(4096):
            total += len(data)
            writer.write(ANSWER)
    except ConnectionError:
        end = "RST"
    print(f"{total} octets, {end}", flush=True)


def full(address, port):
    """Listens with a full queue: whoever connects gets no answer at all, as from a dead host."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind((address, port))
    listener.listen(0)
    waiting = []
    for _ in range(4):
        waiting.append(socket.socket(family, socket.SOCK_STREAM))
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(listener.getsockname())
        # The next one comes when it is in the queue, or will never be.
        select.select([], [waiting[-1]], [], 0.05)
    print(text_of(listener.getsockname()), flush=True)
    signal.pause()


def datagrams(address, port):
    """Gives back every datagram."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((address, port))
    print(text_of(sock.getsockname()), flush=True)
    while True:
        data, peer = sock.recvfrom(65536)
        print(text_of(peer), flush=True)
        sock.sendto(data, peer)


KINDS = {"web": web, "echo": echo, "greet": greet, "count": count, "reset": reset, "mute": mute,
         "chatty": chatty}


def text_of(name):
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"


async def serve(kind, address, port):
    async def one(reader, writer):
        print(text_of(writer.get_extra_info("peername")), flush=True)
        try:
            await KINDS[kind](reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        writer.close()

    server = await asyncio.start_server(one, address, port, backlog=1024)
    print(text_of(server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


def main():
    kind, address, port, path = (sys.argv[1:] + ["127.0.0.1", "0", ""][len(sys.argv) - 2:])
    if path:
        with open(path, "rb") as file:
            ANSWER[:] = file.read()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if kind in ("full", "datagrams"):
        {"full": full, "datagrams": datagrams}[kind](address, int(port))
    asyncio.run(serve(kind, address, int(port)))


if __name__ == "__main__":
    main()
