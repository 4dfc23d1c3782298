#!/usr/bin/python3
"""fakeclient.py [OPTION]... PROXY TARGET CASE: a SOCKS5 client that is careful, unless it is told not to be.

What the target says goes to standard output. It ends with 0 only if all went well, and else tells why.

  --methods HEX   those that it offers (default 0002; its credentials are us, pw)
  --command CMD   connect, bind or udp
  --bug NAME      what it does wrong, one of:
      segment     takes what one recv gives for the whole message
      ten         takes every reply to be ten octets long
      blind       does not look at REP
      forward     hears only the first octet of a reply, and goes on whatever it is
      unoffered   goes on with a method that it did not offer
      eager       sends its credentials whatever is chosen
      status      does not look at the status
      early       loses what comes behind the reply in its segment
      success     ends with 0 whatever came
      failure     ends with 1 whatever came
      lingers     does not close when it gives up
      talks       has something to say when it gives up
      bypass      goes to the target by itself when the proxy fails
      hasty       gives up after a second
      zeros       takes 0.0.0.0 for the address of the relay
      trusting    takes datagrams as they come
      repeats     offers a method twice
  --contrary ID,ID  wrong in these cases: it ends with the status that is not meant
"""

import argparse
import socket
import struct
import sys
import time


class GiveUp(Exception):
    pass


class Client:
    def __init__(self, options):
        self.bug = options.bug
        self.command = {"connect": 1, "bind": 2, "udp": 3}[options.command]
        self.methods = bytes.fromhex(options.methods)
        self.target = split(options.target)
        self.sock = socket.create_connection(split(options.proxy))
        self.patience = 1 if self.bug == "hasty" else 4
        self.kept = b""

    def recv(self, count):
        self.sock.settimeout(self.patience)
        while len(self.kept) < count:
            try:
                more = self.sock.recv(65536)
            except OSError as error:
                raise GiveUp(str(error)) from error
            if not more:
                raise GiveUp("the proxy ended the connection")
            self.kept += more
            if self.bug == "segment" and len(self.kept) < count:
                raise GiveUp("a message is short")
        data, self.kept = self.kept[:count], self.kept[count:]
        return data

    def segments(self):
        """How many with data came so far: the kernel may give several in one recv."""
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
        return struct.unpack_from("=I", info, 152)[0]  # tcpi_data_segs_in

    def choose(self):
        again = self.methods[:1] if self.bug == "repeats" else b""
        offer = self.methods + again
        self.sock.sendall(bytes([5, len(offer)]) + offer)
        if self.bug == "eager":
            self.sock.sendall(b"\x01\x02us\x02pw")
        version, method = self.recv(2)
        if self.bug == "segment" and self.segments() > 1:
            raise GiveUp("a message is short")
        if version != 5:
            raise GiveUp("no SOCKS5")
        if method == 255 or (method not in self.methods and self.bug != "unoffered"):
            raise GiveUp(f"method {method}")
        return method

    def log_in(self):
        if self.bug != "eager":
            self.sock.sendall(b"\x01\x02us\x02pw")
        version, status = self.recv(2)
        if (version != 1 or status != 0) and self.bug != "status":
            raise GiveUp(f"status {status}")

    def reply(self):
        head = self.recv(4)
        if self.bug == "forward":
            self.recv(6)
            return ("", 0)
        if head[0] != 5:
            raise GiveUp(f"version {head[0]}")
        if head[1] != 0 and self.bug != "blind":
            raise GiveUp(f"reply {head[1]}")
        if self.bug == "ten":
            return (socket.inet_ntoa(self.recv(4)), int.from_bytes(self.recv(2), "big"))
        if head[3] == 3:
            host = self.recv(self.recv(1)[0]).decode()
        elif head[3] in (1, 4):
            family = socket.AF_INET if head[3] == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, self.recv(4 if head[3] == 1 else 16))
        else:
            raise GiveUp(f"address type {head[3]}")
        return (host, int.from_bytes(self.recv(2), "big"))

    def request(self):
        address, port = ("0.0.0.0", 0) if self.command == 3 else self.target
        self.sock.sendall(bytes([5, self.command, 0, 1]) + socket.inet_aton(address)
                          + port.to_bytes(2, "big"))
        bound = self.reply()
        if self.command == 2:
            self.reply()
        return bound

    def relay(self, bound):
        host, port = bound
        if host in ("0.0.0.0", "::") and self.bug != "zeros":
            host = self.sock.getpeername()[0]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.settimeout(0.1)
        head = b"\0\0\0\1" + socket.inet_aton(self.target[0]) + self.target[1].to_bytes(2, "big")
        udp.sendto(head + b"hi", (host or "127.0.0.1", port))
        self.sock.setblocking(False)
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            try:
                data, sender = udp.recvfrom(65536)
                if self.bug == "trusting" or (data[:4] == b"\0\0\0\1" and len(data) > 10
                                              and sender == (host, port)):
                    return data[10:]
            except TimeoutError:
                pass
            try:
                if not self.sock.recv(1):
                    raise GiveUp("the association ended")
            except BlockingIOError:
                pass
        raise GiveUp("no answer")

    def talk(self):
        if self.bug == "early":
            self.kept = b""
        self.sock.sendall(b"hi\r\n")
        data = self.kept
        self.sock.settimeout(self.patience)
        while more := self.sock.recv(65536):
            data += more
        return data

    def run(self):
        method = self.choose()
        if method == 1:
            raise GiveUp("no ticket")
        if method == 2:
            self.log_in()
        bound = self.request()
        return self.relay(bound) if self.command == 3 else self.talk()

    def give_up(self):
        if self.bug == "lingers":
            time.sleep(60)
        try:
            if self.bug == "talks":
                self.sock.sendall(b"is nobody there?")
                time.sleep(0.2)
            if self.bug == "bypass":
                socket.create_connection(self.target).close()
        except OSError:
            pass
        self.sock.close()


def split(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--methods", default="0002")
    parser.add_argument("--command", default="connect")
    parser.add_argument("--bug")
    parser.add_argument("--contrary", default="")
    parser.add_argument("proxy")
    parser.add_argument("target")
    parser.add_argument("case")
    options = parser.parse_args()
    client = Client(options)
    status = 0
    try:
        sys.stdout.buffer.write(client.run())
        sys.stdout.flush()
    except GiveUp as error:
        print("fakeclient:", error, file=sys.stderr)
        client.give_up()
        status = 1
    if options.bug in ("success", "failure"):
        status = int(options.bug == "failure")
    if options.case in options.contrary.split(","):
        status = 1 - status
    return status


if __name__ == "__main__":
    sys.exit(main())
