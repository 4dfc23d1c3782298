#!/usr/bin/python3
"""check.py [--fuzz-seconds N] SUITE...: runs the suites and adds up their results.

A suite is a bats file, a libFuzzer program (fuzz_*, one test) or a cmocka program. One line is
said for each, and all its output when it failed. The last line is the sum. Suites run side by
side: one a processor, and beside them as many of those whose text has a line "# check: waits",
for they mostly do. Those that have a line "# check: alone" come last, one at a time.
"""

import argparse
import concurrent.futures
import ctypes
import os
import re
import signal
import subprocess
import sys
import time

LIMIT = 420  # seconds that any one suite may take
RESULT = re.compile(r"^(not ok|ok)\b(?:\s+\d+)?(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*$")
SKIP = re.compile(r"# skip\b(.*)", re.IGNORECASE)
RUNNING = set()  # the process groups of suites under way


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def kind_of(suite):
    if suite.endswith(".bats"):
        return "bats"
    return "fuzz" if os.path.basename(suite).startswith("fuzz_") else "cmocka"


def mark_of(suite):
    """What stands behind "# check:" in a bats file, or None."""
    if kind_of(suite) != "bats":
        return None
    with open(suite, encoding="utf-8") as text:
        marks = [line.strip() for line in text if line.startswith("# check: ")]
    return marks[0].removeprefix("# check: ") if marks else None


def fuzz_command(suite, seconds):
    """What is found goes to build/, never into the seeds."""
    name = os.path.basename(suite).removeprefix("fuzz_")
    found = f"build/fuzz/found/{name}"
    seeds = f"tests/fuzz/corpus/{name}"
    os.makedirs(found, exist_ok=True)
    corpora = [found] + ([seeds] if os.path.isdir(seeds) else [])
    return [suite, f"-max_total_time={seconds}", "-timeout=10", "-print_final_stats=1",
            f"-artifact_prefix=build/fuzz/{name}-"] + corpora


def command_of(suite, options):
    kind = kind_of(suite)
    if kind == "bats":
        return ["bats", "--tap", "--timing", "--print-output-on-failure", suite]
    if kind == "fuzz":
        return fuzz_command(suite, options.fuzz_seconds)
    return [suite]


def run(command, limit):
    """Runs it in a process group of its own, so that nothing of it is left after the limit."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=env, start_new_session=True) as child:
        RUNNING.add(child.pid)
        try:
            output, _ = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            output, _ = child.communicate()
            output += f"\nstopped: took more than {limit} s\n".encode()
        RUNNING.discard(child.pid)
    return child.returncode, output.decode("utf-8", "replace")


def skip_fails(reason):
    """On the project's machine every program that a test needs has been installed."""
    return os.environ.get("CI") == "true" and "missing" in reason


def tally_tap(status, output):
    tally = Tally()
    planned = 0
    for line in output.splitlines():
        plan = PLAN.match(line)
        result = RESULT.match(line)
        if plan:
            planned += int(plan.group(1))
        if not result:
            continue
        skip = SKIP.search(result.group(2))
        if skip and not skip_fails(skip.group(1)):
            tally.skipped += 1
        elif result.group(1) == "ok" and not skip:
            tally.passed += 1
        else:
            tally.failed += 1
    # Tests that never reported were lost with their program: a crash, a leak, a time limit.
    tally.failed += max(0, planned - tally.passed - tally.failed - tally.skipped)
    if not tally.failed and (status != 0 or tally.passed + tally.skipped == 0):
        tally.failed += 1
    return tally


def tally_of(suite, status, output):
    if kind_of(suite) != "fuzz":
        return tally_tap(status, output)
    tally = Tally()
    tally.passed = int(status == 0)
    tally.failed = int(status != 0)
    return tally


def check(suite, options):
    start = time.monotonic()
    status, output = run(command_of(suite, options), LIMIT + options.fuzz_seconds)
    return suite, status, output, tally_of(suite, status, output), time.monotonic() - start


def report(result):
    suite, status, output, tally, seconds = result
    word = "FAIL" if tally.failed else "ok"
    print(f"{word:4} {suite}: {tally} ({seconds:.1f} s)")
    if tally.failed:
        print(output.rstrip())
        print(f"---- {suite}: exit status {status}")
    elif tally.skipped:
        print("\n".join(line for line in output.splitlines() if SKIP.search(line)))
    sys.stdout.flush()
    return tally


def steady_addresses():
    """gcc's and clang's older sanitizers cannot live with more than 28 random address bits."""
    try:
        with open("/proc/sys/vm/mmap_rnd_bits", encoding="ascii") as bits:
            if int(bits.read()) > 28:
                ctypes.CDLL(None).personality(0x0040000)  # ADDR_NO_RANDOMIZE
    except OSError:
        pass


def set_sanitizers():
    os.environ.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    os.environ.setdefault("TSAN_OPTIONS", "halt_on_error=1:second_deadlock_stack=1")


def run_all(lanes, options, total):
    """Each lane is a list of suites, and how many of them run at a time."""
    pools = [concurrent.futures.ThreadPoolExecutor(width) for _, width in lanes]
    jobs = [pool.submit(check, suite, options)
            for pool, (suites, _) in zip(pools, lanes) for suite in suites]
    try:
        for job in concurrent.futures.as_completed(jobs):
            total.add(report(job.result()))
    finally:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fuzz-seconds", type=int, default=60, metavar="N")
    parser.add_argument("suites", nargs="*")
    options = parser.parse_args()
    steady_addresses()
    set_sanitizers()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    total = Tally()
    marked = {"alone": [], "waits": [], None: []}
    for suite in options.suites:
        marked[mark_of(suite)].append(suite)
    try:
        run_all([(marked[None], os.cpu_count()), (marked["waits"], os.cpu_count())], options, total)
        run_all([(marked["alone"], 1)], options, total)
    finally:
        for group in RUNNING:
            os.killpg(group, signal.SIGTERM)
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
