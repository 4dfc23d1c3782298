"""man_world.py: the little internet that the examples of the man pages are about.

It is a network of its own (unshare -n -m, and without root -c --keep-caps as well), in which the addresses that are kept
for documentation are this machine, /etc/hosts and /etc/resolv.conf are ours, and the ports are those
that the examples name. Outside of it nothing changes.
"""

import ctypes
import os
import pathlib
import socketserver
import subprocess
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
MS_BIND = 4096
LIB = pathlib.Path(__file__).resolve().parent
NETS = ["192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32"]
NAMES = {"example.org": "192.0.2.80", "www.example.org": "192.0.2.81",
         "intranet.example": "192.0.2.82", "mail.example.org": "192.0.2.25",
         "host.example": "192.0.2.7", "target.example": "192.0.2.22", "proxy.example": "192.0.2.2",
         "first.example": "192.0.2.3", "second.example": "192.0.2.4"}
NAME_SERVER = "192.0.2.53"
# Whoever listens beyond loopback says whom it serves: everybody here.
OPEN = ["-q", "--open", "--allow", "to=any"]
# Where, and how; the first is what programs use that are told of none.
DEFAULT = ("127.0.0.1:1080", ["-q"])
PROXIES = [("192.0.2.1:1080", OPEN), ("192.0.2.3:1080", OPEN), ("192.0.2.4:1081", OPEN)]
# It knows joe, and with a realm whoever has a ticket.
PROXY = ("192.0.2.2:1080", ["-q", "--allow", "to=any", "-u", "joe:secret", "--open",
                            "--auth", "gssapi,userpass,none"])


class Web(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")


class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mail.example.org ready\r\n")
        while (line := self.rfile.readline()) and line.strip().upper() != b"QUIT":
            self.wfile.write(b"502 only QUIT\r\n")
        self.wfile.write(b"221 bye\r\n")


class Login(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"SSH-2.0-example\r\n")


class Echo(socketserver.DatagramRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read())


SERVICES = [(Web, "192.0.2.80", 80), (Web, "192.0.2.81", 80), (Web, "192.0.2.82", 80),
            (Mail, "192.0.2.25", 25), (Login, "192.0.2.7", 22), (Login, "192.0.2.22", 22),
            (Echo, "192.0.2.7", 7), (Echo, "192.0.2.9", 27015)]


class Threaded(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True


class World:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.proxies = []
        self.realm = None
        self.dns = None  # a process, as the proxies are

    def build(self):
        call("ip", "link", "set", "lo", "up")
        for net in NETS:
            call("ip", "-6" if ":" in net else "-4", "route", "add", "local", net, "dev", "lo")
        hosts = "127.0.0.1 localhost\n" + "".join(f"{ip} {name}\n" for name, ip in NAMES.items())
        self.mount("/etc/hosts", hosts)
        self.mount("/etc/resolv.conf", f"nameserver {NAME_SERVER}\n")
        for handler, address, port in SERVICES:
            kind = socketserver.UDPServer if handler is Echo else Threaded
            serve_on(kind, handler, address, port)
        answers = [f"{name}=A:{ip}" for name, ip in NAMES.items()]
        with open(self.folder / "dns.log", "w", encoding="utf-8") as log:
            self.dns = subprocess.Popen([sys.executable, LIB / "dns.py", "--listen", NAME_SERVER,
                                         "--port", "53", *answers], stdout=log)
        while not (self.folder / "dns.log").read_text(encoding="utf-8"):
            time.sleep(0.01)

    def mount(self, path, text):
        ours = self.folder / path.replace("/", "_")
        ours.write_text(text, encoding="utf-8")
        # Not mount(8), which asks who we are and not what we may.
        if LIBC.mount(bytes(ours), path.encode(), None, MS_BIND, None):
            sys.exit(f"{path}: {os.strerror(ctypes.get_errno())}")

    def start_realm(self):
        """alice has a ticket in it, and the password "secret"; proxy.example takes tickets."""
        if self.realm:
            return
        self.realm = self.folder / "realm"
        call("sh", LIB / "realm.sh", "start", self.realm)
        text = subprocess.run(["sh", "-c", f". '{self.realm}/env' && env"], check=True,
                              capture_output=True, text=True).stdout
        for line in text.splitlines():
            name, _, value = line.partition("=")
            if name.startswith("KRB5"):
                os.environ[name] = value
        keytab = self.realm / "server.keytab"
        for query in ("addprinc -randkey rcmd/proxy.example", f"ktadd -k {keytab} rcmd/proxy.example",
                      "cpw -pw secret alice"):
            call("kadmin.local", "-r", "SOCKS.TEST", "-q", query)

    def start_proxies(self, default=True):
        where = PROXIES + [PROXY] + [DEFAULT] * default
        for address, options in where:
            if address == PROXY[0] and self.realm:
                options = options + ["--keytab", self.realm / "server.keytab"]
            elif address == PROXY[0]:
                options = options[:-1] + ["userpass,none"]
            log = open(self.folder / "proxy.log", "w+", encoding="utf-8")
            self.proxies.append(subprocess.Popen([self.program, "serve", *options, address],
                                                 stderr=log, stdout=log))
            wait_for(address.split(":"), log)

    def stop_proxies(self):
        for proxy in self.proxies:
            proxy.kill()
        for proxy in self.proxies:
            proxy.wait()
        self.proxies = []

    def end(self):
        self.stop_proxies()
        if self.dns:
            self.dns.kill()
        if self.realm:
            call("sh", LIB / "realm.sh", "stop", self.realm)


def call(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {done.stdout}")


def serve_on(kind, handler, address, port):
    server = kind((address, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def listens(address, port):
    """Asks the kernel: a connection would be a client."""
    octets = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(f" {octets}:{int(port):04X} 00000000:0000 0A" in line for line in table)


def wait_for(where, log):
    end = time.monotonic() + 20
    while not listens(*where):
        if time.monotonic() > end:
            log.seek(0)
            sys.exit(f"no proxy on {where}: {log.read()}")
        time.sleep(0.01)
