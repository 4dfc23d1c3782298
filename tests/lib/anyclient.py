#!/usr/bin/python3
"""anyclient.py HOW PROXYHOST PROXYPORT HOST PORT [USER]: a line to HOST:PORT, and what comes back, by a client
that has no program of its own: python3-socks, or proxychains4 in front of ncat. The password is pw.
"""

import subprocess
import sys
import tempfile


def pysocks(proxy, target, user):
    import socks

    sock = socks.socksocket()
    sock.set_proxy(socks.SOCKS5, *proxy, username=user, password=user and "pw")
    sock.settimeout(8)
    sock.connect(target)
    sock.sendall(b"hi\r\n")
    while data := sock.recv(65536):
        sys.stdout.buffer.write(data)


def proxychains4(proxy, target, user):
    with tempfile.NamedTemporaryFile("w") as chain:
        login = f" {user} pw" if user else ""
        chain.write("strict_chain\ntcp_read_time_out 8000\ntcp_connect_time_out 8000\n[ProxyList]\n"
                    f"socks5 {proxy[0]} {proxy[1]}{login}\n")
        chain.flush()
        ncat = ["proxychains4", "-q", "-f", chain.name, "ncat", "--no-shutdown", target[0], str(target[1])]
        sys.exit(subprocess.run(ncat, input=b"hi\r\n", check=False).returncode)


if __name__ == "__main__":
    how, host, port, *rest = sys.argv[1:]
    {"python3-socks": pysocks, "proxychains4": proxychains4}[how](
        (host, int(port)), (rest[0], int(rest[1])), rest[2] if len(rest) > 2 else None)
