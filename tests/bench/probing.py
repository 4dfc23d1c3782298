"""How many proxies of a list `socks5 probe --quick` tells apart in a second: 5,000 addresses of which
1,000 are proxies; of the others half refuse and half accept and say nothing, for which it waits half a
second. It is the time that passes which counts here, and no other program is measured."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import peers
import table

TITLE = "what probing takes"
ALIVE = 1000
JOBS = [64, 1000]  # at a time
PATIENCE = 300  # seconds


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def silent():
    """A port where the kernel accepts, and nobody reads."""
    with socket.create_server(("127.0.0.1", 0), backlog=4 * max(JOBS)) as listener:
        yield listener.getsockname()[1]


def run(path, jobs):
    """Seconds that it took, and the peak of its memory in MiB."""
    with tempfile.TemporaryFile("w+") as found:
        begun = time.monotonic()
        child = subprocess.Popen([peers.SOCKS5, "probe", "--quick", "--json", "-w", "500ms",
                                  "-j", str(jobs), "-f", path], stdout=found)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        found.seek(0)
        usable = [json.loads(line)["usable"] for line in found]
    if child.returncode != 0 or (usable.count(True), len(usable)) != (ALIVE, len(list_of(0, 0))):
        raise peers.Failure(f"socks5 probe: status {child.returncode}, {usable.count(True)} of "
                            f"{len(usable)} proxies are usable")
    return seconds, usage.ru_maxrss / 1024


def list_of(proxy, mute):
    """The living among the dead, evenly."""
    return [f"127.0.0.1:{port}" for port in (proxy, 1, 1, mute, mute)] * ALIVE


def print_table(took):
    rows = [("proxies a second", "", [f"{len(list_of(0, 0)) / seconds:,.0f}"
                                      for seconds, _ in took.values()]),
            ("peak memory", "MiB", [f"{peak:.1f}" for _, peak in took.values()])]
    table.show(TITLE, [f"-j {jobs}" for jobs in took], rows)


def measure(rounds):
    took = {}
    with peers.server("socks5") as (proxy, _), silent() as mute, \
            tempfile.NamedTemporaryFile("w", prefix="socks5-bench-") as path:
        path.write("\n".join(list_of(proxy, mute)))
        path.flush()
        for jobs in JOBS:
            say(f"{TITLE}: {jobs} at a time")
            took[jobs] = min(run(path.name, jobs) for _ in range(rounds))
    print_table(took)
