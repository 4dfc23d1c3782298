#!/usr/bin/python3
"""wiretap.py ADDRESS:PORT UP DOWN: forwards what connects to it, and keeps what passes in two files.

The first line of output is where it listens.
"""

import asyncio
import sys


async def copy(reader, writer, path):
    with open(path, "ab") as tape:
        while data := await reader.read(65536):
            tape.write(data)
            tape.flush()
            writer.write(data)
            await writer.drain()
    writer.write_eof()


async def main():
    host, port = sys.argv[1].rsplit(":", 1)

    async def tapped(reader, writer):
        far_reader, far_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(copy(reader, far_writer, sys.argv[2]),
                             copy(far_reader, writer, sys.argv[3]), return_exceptions=True)
        far_writer.close()
        writer.close()

    server = await asyncio.start_server(tapped, "127.0.0.1", 0)
    print("127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
