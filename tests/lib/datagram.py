#!/usr/bin/python3
"""datagram.py ADDRESS:PORT TEXT...: sends each TEXT as a datagram from one port and writes as many
answers, a line each. Status 1 when one does not come within five seconds."""

import socket
import sys


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    host = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                       socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect((host, int(port)))
        try:
            for text in sys.argv[2:]:
                sock.send(text.encode())
                print(sock.recv(65536).decode(), flush=True)
        except OSError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
