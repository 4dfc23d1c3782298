"""How many frames of one capture `socks5 decode` and tshark read in a second of CPU time, and how much
memory they take. The capture has BENCH_MEGABYTES (default 1000), with 1000 streams at any time."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from typing import NamedTuple

import peers
import table

TITLE = "what decoding costs"
MEGABYTES = int(os.environ.get("BENCH_MEGABYTES", "1000"))
SPARE = 200_000_000  # octets that are to be left on the disk
PATIENCE = 180  # seconds that a program may take
SHARE = 50  # of the frames, where tshark is not through by then
GOAL_RATIO, GOAL_PEAK = 20, 64  # times as many frames; MiB
WRITER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bigcapture.py")
OURS = {"--summary": ["--summary"], "decode": []}


class Cost(NamedTuple):
    frames: int
    seconds: float
    peak: float  # MiB, and no less than what we have ourselves

    @property
    def speed(self):
        return self.frames / max(self.seconds, 1e-9)


class Late(Exception):
    """It was not through in time."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def run(command):
    """CPU seconds, peak in MiB, and what it said on stderr."""
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        killer = threading.Timer(PATIENCE, child.kill)
        killer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            late = killer.finished.is_set()
            killer.cancel()
            if child.returncode is None:
                child.kill()
                child.wait()
        errors.seek(0)
        said = errors.read()
    if late:
        raise Late
    if child.returncode != 0:
        raise peers.Failure(f"{' '.join(command)}: status {child.returncode}: {said.strip()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


def ours(path, options):
    seconds, peak, said = run([peers.SOCKS5, "decode", "-v", *options, path])
    return Cost(int(re.search(r"(\d+) frames", said)[1]), seconds, peak)


def tshark(path, frames):
    """Of all frames; where that takes too long, of the first ones."""
    command = [peers.find("tshark", "tshark"), "-n", "-r", path, "-Y", "socks"]
    try:
        return Cost(frames, *run(command)[:2])
    except Late:
        say(f"tshark is not through in {PATIENCE} s: it gets the first {frames // SHARE} frames")
    try:
        return Cost(frames // SHARE, *run(command + ["-c", str(frames // SHARE)])[:2])
    except Late:
        raise peers.Failure("nor is it through those") from None


def best_of(rounds, path, options):
    costs = [ours(path, options) for _ in range(rounds)]
    return min(costs, key=lambda cost: cost.seconds)._replace(
        peak=max(cost.peak for cost in costs))


def print_table(costs):
    rows = [("frames", "", [f"{cost.frames:,}" for cost in costs.values()]),
            ("CPU time", "s", [f"{cost.seconds:.2f}" for cost in costs.values()]),
            ("frames a second", "", [f"{cost.speed:,.0f}" for cost in costs.values()]),
            ("times tshark's", "", [f"{cost.speed / costs['tshark'].speed:.1f}"
                                    for cost in costs.values()]),
            ("peak memory", "MiB", [f"{cost.peak:.1f}" for cost in costs.values()])]
    table.show(TITLE, costs, rows)


def print_verdict(costs):
    ratio = min(costs[name].speed for name in OURS) / costs["tshark"].speed
    peak = max(costs[name].peak for name in OURS)
    print(f"socks5 decode reads {GOAL_RATIO} times tshark's frames a second, or more: "
          f"{'yes' if ratio >= GOAL_RATIO else f'no, {ratio:.1f}'}")
    print(f"socks5 decode takes less than {GOAL_PEAK} MiB: "
          f"{'yes' if peak < GOAL_PEAK else f'no, {peak:.1f}'}")


def measure(rounds):
    with tempfile.NamedTemporaryFile(prefix="socks5-bench-") as capture:
        free = shutil.disk_usage(os.path.dirname(capture.name)).free
        if free < MEGABYTES * 1_000_000 + SPARE:
            raise peers.Failure(f"a capture of {MEGABYTES} MB has no room in "
                                f"{os.path.dirname(capture.name)}: set TMPDIR or BENCH_MEGABYTES")
        say(f"{TITLE}: a capture of {MEGABYTES} MB")
        subprocess.run([sys.executable, WRITER, capture.name, str(MEGABYTES)], check=True)
        costs = {name: best_of(rounds, capture.name, options) for name, options in OURS.items()}
        costs["tshark"] = tshark(capture.name, costs["decode"].frames)
    print_table(costs)
    print_verdict(costs)
