"""The programs that are measured: how they are found, started, and stopped with all their children."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SOCKS5 = os.environ.get("SOCKS5", "./socks5")
PATIENCE = 10  # seconds until a server listens, or has ended

DANTED = """\
logoutput: stderr
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
user.unprivileged: {user}
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
"""


class Failure(Exception):
    """What the user is told."""


def find(program, package):
    """Its path; a daemon may lie where only root looks."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    if not path:
        raise Failure(f"{program} is missing: Debian has it in the package {package}")
    return path


# --- servers: the command for a port of 127.0.0.1, with a folder for files -----------------------


def ours(port, _folder):
    return [SOCKS5, "serve", "-q", f"127.0.0.1:{port}"]


def ours_sealing(port, _folder):
    """The environment says where the keytab is."""
    return [SOCKS5, "serve", "-q", "--auth", "gssapi", f"127.0.0.1:{port}"]


def ours_with_passwords(port, folder):
    """One user, joe, whose password is hashed as socks5 passwd does it."""
    with open(f"{folder}/users", "w", encoding="ascii", opener=private) as users:
        subprocess.run([SOCKS5, "passwd", "--password", "pass:secret", "joe"], stdout=users,
                       check=True)
    return [SOCKS5, "serve", "-q", "--users", users.name, "--handshake-timeout", "60",
            f"127.0.0.1:{port}"]


def private(path, flags):
    return os.open(path, flags, 0o600)


def microsocks(port, _folder):
    return [find("microsocks", "microsocks"), "-i", "127.0.0.1", "-p", str(port)]


def danted(port, folder):
    user = pwd.getpwuid(os.getuid()).pw_name if os.getuid() else "nobody"
    with open(f"{folder}/danted.conf", "w", encoding="ascii") as conf:
        conf.write(DANTED.format(port=port, user=user))
    return [find("danted", "dante-server"), "-f", conf.name, "-p", f"{folder}/danted.pid"]


SERVERS = {"socks5": ours, "microsocks": microsocks, "dante": danted}
SPECIAL = {"sealing": ours_sealing, "passwords": ours_with_passwords}
RELAYS = ["socks5", "dante"]  # those that do UDP


# --- clients: the command that joins stdin and stdout to a port through a proxy ------------------


def our_connect(proxy, port):
    return [SOCKS5, "connect", "-x", f"127.0.0.1:{proxy}", "127.0.0.1", str(port)]


def netcat(proxy, port):
    return [find("nc.openbsd", "netcat-openbsd"), "-X", "5", "-x", f"127.0.0.1:{proxy}",
            "127.0.0.1", str(port)]


CLIENTS = {"connect": our_connect, "nc": netcat}


# --- a realm -------------------------------------------------------------------------------------

BENCH = os.path.dirname(os.path.abspath(__file__))
LIB = os.path.join(os.path.dirname(BENCH), "lib")
REALM = os.path.join(LIB, "realm.sh")
GSSCLIENT = os.path.join(LIB, "gssclient.py")


def realm_environment(folder):
    """What DIR/env of realm.sh sets."""
    shown = subprocess.run(["sh", "-c", f". '{folder}/env' && env -0"], check=True,
                           capture_output=True, text=True).stdout
    return {name: value for name, _, value in (line.partition("=") for line in shown.split("\0"))
            if name.startswith("KRB5")}


@contextlib.contextmanager
def realm():
    """A Kerberos realm, with a ticket and a keytab in our environment."""
    with tempfile.TemporaryDirectory(prefix="socks5-bench-") as folder:
        started = subprocess.run([REALM, "start", folder], capture_output=True, text=True,
                                 check=False)
        if started.returncode != 0:
            raise Failure(f"no realm could be started: {started.stderr.strip()}")
        before = dict(os.environ)
        os.environ.update(realm_environment(folder))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            subprocess.run([REALM, "stop", folder], check=False)


# --- life ----------------------------------------------------------------------------------------


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def members(session):
    """The processes of a session, those that lost their parent too."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/stat", encoding="latin-1") as stat:
                fields = stat.read().rpartition(")")[2].split()
            if fields[0] != "Z" and int(fields[3]) == session:
                yield int(name)


def cpu_of(session):
    """Seconds that its processes took so far, with the children that they waited for."""
    ticks = 0
    for pid in members(session):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="latin-1") as stat:
            ticks += sum(map(int, stat.read().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def stop(process):
    """Ends the process, which is to end its children; then whatever else its session holds."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    for pid in members(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def wait_for(name, process, port, log):
    end = time.monotonic() + PATIENCE
    while not answers(port):
        if process.poll() is not None or time.monotonic() > end:
            with open(log, encoding="utf-8", errors="replace") as said:
                raise Failure(f"{name} could not be started: {said.read().strip() or 'no word why'}")
        time.sleep(0.02)


@contextlib.contextmanager
def server(name):
    """Its port and its session: it has one of its own, which is what it is charged by."""
    with tempfile.TemporaryDirectory(prefix="socks5-bench-") as folder:
        port = free_port()
        command = (SERVERS | SPECIAL)[name](port, folder)
        with open(f"{folder}/log", "w", encoding="utf-8") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
        try:
            wait_for(name, process, port, log.name)
            yield port, process.pid
        finally:
            stop(process)
