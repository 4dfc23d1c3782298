#!/usr/bin/python3
"""udpliar.py [--no-port] HEX...: a proxy that does UDP ASSOCIATE and nothing else.

With --no-port its reply names none, and it closes. Else it answers each datagram with these ones,
header and all, whatever they say. Output: where it listens; for each association from where the client
connected, and for each datagram from where that came and its octets.
"""

import socket
import sys
import threading


def relay(sock, answers):
    while True:
        octets, peer = sock.recvfrom(65536)
        print(f"datagram from {peer[0]}: {octets.hex()}", flush=True)
        for answer in answers:
            sock.sendto(bytes.fromhex(answer), peer)


def serve(control, peer, answers):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    print(f"client from {peer[0]}", flush=True)
    control.recv(300)
    control.sendall(b"\5\0")
    control.recv(300)
    port = sock.getsockname()[1] if answers[:1] != ["--no-port"] else 0
    control.sendall(b"\5\0\0\1\x7f\0\0\1" + port.to_bytes(2, "big"))
    if not port:
        control.close()
        return
    threading.Thread(target=relay, args=(sock, answers), daemon=True).start()
    while control.recv(300):
        pass


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        control, peer = listener.accept()
        threading.Thread(target=serve, args=(control, peer, sys.argv[1:]), daemon=True).start()


if __name__ == "__main__":
    main()
