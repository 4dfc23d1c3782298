#!/usr/bin/python3
"""run.py: what a unit of work costs our programs and others, measured by turns on this machine.

Each is measured BENCH_ROUNDS times (default 3) for BENCH_SECONDS (default 0.75), in turn. The
CPU time that a unit takes is far steadier than the time that passes, but the machine has other
things to do as well: the best of each counts. SOCKS5 is our program, whose command speed is the load
on all servers. What decode.py and probing.py measure is not of that kind: a capture, or a list, is
read to its end.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import decode  # noqa: E402
import peers  # noqa: E402
import probing  # noqa: E402
from target import SINK, SOURCE  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "0.75"))
PATIENCE = 60  # seconds that anything may take beyond its time

SERVING = [  # name, unit, what speed is told; the first wants a fresh server
    ("idle tunnel", "KiB", ["--streams", "1000", "idle"]),
    ("bulk, 1 stream down", "s/GiB", ["--streams", "1", "bulk"]),
    ("bulk, 8 streams down", "s/GiB", ["--streams", "8", "bulk"]),
    ("bulk, 8 streams up", "s/GiB", ["--streams", "8", "--upload", "bulk"]),
    ("connect, octet, close", "us", ["--streams", "16", "conn"]),
    ("round trip, 1 tunnel", "us", ["--streams", "1", "rr"]),
    ("round trip, 16 tunnels", "us", ["--streams", "16", "rr"]),
]

DATAGRAMS = [  # the same, of associations; the first wants a fresh server here, too
    ("idle association", "KiB", ["--associations", "--streams", "1000", "idle"]),
    ("64 octets, and back", "us", ["--bytes", "64", "udp"]),
    ("1,200 octets, and back", "us", ["--bytes", "1200", "udp"]),
]
COSTS = ["cpu_seconds_per_gib", "cpu_us_per_unit", "memory_kib_per_stream"]  # one of these is told


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def lower(best, key, cost):
    best[key] = min(cost, best.get(key, cost))


# --- serve -------------------------------------------------------------------------------------


def load(name, port, session, arguments):
    """What a unit of work cost the server: all processes of its session."""
    command = [peers.SOCKS5, "speed", "--json", "-x", f"127.0.0.1:{port}", "--pid", str(session),
               "--seconds", str(SECONDS), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + PATIENCE,
                          check=False)
    if done.returncode != 0:
        raise peers.Failure(f"{name}, {' '.join(arguments)}: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    if told.get("lost"):
        say(f"{name}, {' '.join(arguments)}: {told['lost'] / told['sent']:.2%} lost")
    return next(told["server"][cost] for cost in COSTS if cost in told["server"])


def measure_servers(best, rows, names):
    """One after the other for each measure: what else the machine does then spoils none alone."""
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(peers.server(name)) for name in names}
        for measure, _, arguments in rows:
            for name, (port, session) in servers.items():
                lower(best, (measure, name), load(name, port, session, arguments))


# --- connect -----------------------------------------------------------------------------------

OCTETS = max(1, int(SECONDS * 1024)) << 20

PIPING = [  # name, unit, first octet, octets sent after it, whether stdout is a pipe
    ("download to a pipe", "s/GiB", SOURCE, 0, True),
    ("download to /dev/null", "s/GiB", SOURCE, 0, False),
    ("upload from a pipe", "s/GiB", SINK, OCTETS, False),
]


class Target:
    """target.py: closes after so many octets, ends when its stdin does."""

    def __init__(self, octets):
        self.octets = octets

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, f"{peers.BENCH}/target.py",
                                         str(self.octets)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return int(self.process.stdout.readline())

    def __exit__(self, *_):
        self.process.communicate()


def pour(pipe, first, octets):
    """Writes all that and closes; a reader that went away is found out by its exit status."""
    chunk = memoryview(bytes(1 << 20))
    with pipe, contextlib.suppress(BrokenPipeError):
        pipe.write(first)
        while octets:
            octets -= pipe.write(chunk[:octets])


def drain(pipe):
    """The octets that came."""
    count = 0
    while data := pipe.read(1 << 20):
        count += len(data)
    return count


def end_of(child, errors):
    """The CPU time it took, once it has ended well."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
        raise peers.Failure(f"{' '.join(child.args)}: status {child.returncode}: {said}")
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def running(command, errors, piped):
    """A client that is killed when it takes too long, or when we are to end."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors, bufsize=0,
                             stdout=subprocess.PIPE if piped else subprocess.DEVNULL)
    killer = threading.Timer(SECONDS + PATIENCE, child.kill)
    killer.start()
    try:
        yield child
    finally:
        killer.cancel()
        child.kill()
        child.wait()


def pipe_through(command, first, octets, piped):
    """CPU seconds a GiB of a client that gets so many octets on stdin."""
    with tempfile.TemporaryFile() as errors, running(command, errors, piped) as child:
        pourer = threading.Thread(target=pour, args=(child.stdin, first, octets))
        pourer.start()
        came = drain(child.stdout) if piped else OCTETS
        cpu = end_of(child, errors)
        pourer.join()
    if came != OCTETS:
        raise peers.Failure(f"{' '.join(command)}: {came} octets came instead of {OCTETS}")
    return cpu * (1 << 30) / OCTETS


def measure_clients(best, rows, names):
    with peers.server("socks5") as (proxy, _), Target(OCTETS) as port:
        for name in names:
            for measure, _, *how in rows:
                lower(best, (measure, name), pipe_through(peers.CLIENTS[name](proxy, port), *how))


# --- sealing -----------------------------------------------------------------------------------

SEAL = os.environ.get("SEAL", "build/plain/tests/bench/seal")
SEALED_OCTETS = max(1, int(SECONDS * 340)) << 20

SEALING = [  # name, unit, level, first octet, octets sent after it, what the server does
    ("integrity, down", "s/GiB", "integrity", SOURCE, 0, "wrap"),
    ("integrity, up", "s/GiB", "integrity", SINK, SEALED_OCTETS, "unwrap"),
    ("confidentiality, down", "s/GiB", "confidentiality", SOURCE, 0, "wrap"),
    ("confidentiality, up", "s/GiB", "confidentiality", SINK, SEALED_OCTETS, "unwrap"),
]


def sealed(proxy, session, port, level, first, octets):
    """CPU seconds a GiB of the server. Its client wraps beforehand and unwraps nothing, so as not to
    be what is waited for."""
    steps = ["hello", "context", f"level:{level}", f"say:050100017f000001{port:04x}", "reply",
             f"say:{first.hex()}", f"flood:{octets}", "sink"]
    before = peers.cpu_of(session)
    subprocess.run([sys.executable, peers.GSSCLIENT, f"127.0.0.1:{proxy}", *steps], check=True,
                   stdout=subprocess.DEVNULL, timeout=SECONDS * 20 + PATIENCE)
    return (peers.cpu_of(session) - before) * (1 << 30) / SEALED_OCTETS


def told_by(*command):
    """The numbers that a program measures by itself."""
    done = subprocess.run([*command, str(SECONDS)], capture_output=True, text=True,
                          timeout=SECONDS * 2 + PATIENCE, check=False)
    if done.returncode != 0:
        raise peers.Failure(f"{' '.join(command)}: {done.stderr.strip()}")
    return {key: float(value) for key, value in (word.split("=") for word in done.stdout.split())}


def measure_seals(best, rows, names):
    with peers.realm(), peers.server("sealing") as server, Target(SEALED_OCTETS) as port:
        for number, level in enumerate(("integrity", "confidentiality"), 1):
            cost = told_by(SEAL, level)  # the same without anything around it
            for measure, _, its_level, first, octets, work in rows:
                if its_level == level:
                    lower(best, (measure, names[0]), sealed(*server, port, number, first, octets))
                    lower(best, (measure, names[1]), cost[work])


# --- what others do ----------------------------------------------------------------------------

CROWDING = [  # name, unit, what the others are told, what they say once they are at it
    ("1,000 wrong passwords", "ms", "login.py", ["guess", "1000"]),
    ("1,000, of 20 addresses", "ms", "login.py", ["guess", "1000", "20"]),
    ("5,000 slowloris", "ms", "load.py", ["drip", "5000"]),
]
AT_ONCE = 50  # sessions of the good client that are measured
SETTLED = 2  # seconds until the others are at it


def good(proxy):
    """Median milliseconds of a good client's sessions, its password checked in each."""
    done = subprocess.run([sys.executable, f"{peers.LIB}/login.py", "good", f"127.0.0.1:{proxy}",
                           "joe", "secret", str(AT_ONCE)], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise peers.Failure(f"a good client was not served: {done.stderr.strip()}")
    return float(done.stdout)


@contextlib.contextmanager
def others(proxy, script, arguments):
    work, *rest = arguments
    process = subprocess.Popen([sys.executable, f"{peers.LIB}/{script}", work,
                                f"127.0.0.1:{proxy}", *rest],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        time.sleep(SETTLED)
        yield
        process.stdin.write(b"\n")
        process.stdin.close()
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()


def measure_crowds(best, rows, names):
    for measure, _, script, arguments in rows:
        with peers.server("passwords") as (proxy, _):
            lower(best, (measure, names[1]), good(proxy))
            with others(proxy, script, arguments):
                lower(best, (measure, names[0]), good(proxy))


# --- rules -------------------------------------------------------------------------------------

RULES = os.environ.get("RULES", "build/plain/tests/bench/rules")

ASKING = [("a name and its address", "us")]


def measure_rules(best, rows, names):
    cost = told_by(RULES)
    lower(best, (rows[0][0], names[0]), cost["many"])
    lower(best, (rows[0][0], names[1]), cost["few"])


# --- the tables --------------------------------------------------------------------------------


def ratios(best, measures, names):
    """(measure, other) -> what ours cost divided by what it cost the other."""
    return {(row[0], other): best[row[0], names[0]] / max(best[row[0], other], 1e-9)
            for row in measures for other in names[1:]}


def print_row(label, cells, names):
    heads = names + [f"/{name}" for name in names[1:]]
    print(f"{label:29}" + "".join(f"{cell:>{max(8, len(head) + 1)}}"
                                  for cell, head in zip(cells or heads, heads)))


def print_table(title, best, measures, names):
    ratio = ratios(best, measures, names)
    print()
    print_row(title, None, names)
    for measure, unit, *_ in measures:
        costs = [f"{best[measure, name]:.3g}" for name in names]
        shares = [f"{ratio[measure, other]:.2f}" for other in names[1:]]
        print_row(f"{measure:23}{unit:>6}", costs + shares, names)
    print()


def print_verdict(best, measures, names, goal, claim):
    short = [f"  {measure}: {value:.2f} of {other}"
             for (measure, other), value in ratios(best, measures, names).items() if value >= goal]
    print(f"{claim}: {'no' if short else 'yes'}", *short, sep="\n")


PARTS = [  # what is measured, how, the rows, the programs (ours first), what every ratio is to be
    ("what serving costs", measure_servers, SERVING, list(peers.SERVERS), 1,
     "socks5 serve is ahead in every column"),
    ("what a datagram costs", measure_servers, DATAGRAMS, peers.RELAYS, 0.25,
     "socks5 serve takes less than a quarter of the CPU and memory in every column"),
    ("what a client costs", measure_clients, PIPING, list(peers.CLIENTS), 0.5,
     "socks5 connect takes less than half of the CPU in every column"),
    ("what sealing costs", measure_seals, SEALING, ["socks5", "bare"], 1.25,
     "socks5 serve seals at 0.8 of a bare loop's speed, or faster, in every column"),
    ("what a good client waits", measure_crowds, CROWDING, ["meanwhile", "alone"], 1.2,
     "a good client is slowed by less than a fifth, whatever others do"),
    ("what asking the rules costs", measure_rules, ASKING, ["10,000", "10"], 5,
     "10,000 rules cost less than five times what 10 of them cost"),
]


def measure_part(title, measure, rows, names, goal, claim):
    best = {}
    for turn in range(ROUNDS):
        say(f"{title}: round {turn + 1} of {ROUNDS}")
        measure(best, rows, names)
    print_table(title, best, rows, names)
    print_verdict(best, rows, names, goal, claim)


def main():
    """All parts, or those whose titles have the first argument in them."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    for part in PARTS:
        if asked in part[0]:
            measure_part(*part)
    if asked in decode.TITLE:
        decode.measure(ROUNDS)
    if asked in probing.TITLE:
        probing.measure(ROUNDS)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except (peers.Failure, subprocess.TimeoutExpired, OSError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
