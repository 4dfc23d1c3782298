#!/usr/bin/python3
"""structure.py CHECK ROOT [OBJECTS]: one check of how the house is built; CHECK is a row of CHECKS.

ROOT is the repository, OBJECTS the folders with its object files, with a colon between them: of two
twins each may have one. What is wrong is said line by
line, and the exit status is 1.
"""

import os
import pathlib
import re
import subprocess
import sys

TOP = {"apps", "libsocks", "tests", "completions", "man", "Makefile", "README.md", "LICENSE"}
BUILT = {"build", "socks5", "compile_commands.json"}

ROOMS = ["base", "wire", "session", "dissect", "policy", "net", "probe", "roles"]
PURE = ["base", "wire", "session", "dissect", "policy"]

# What the whole library leaves to its caller.
LOUD = set("""
    printf vprintf fprintf vfprintf dprintf vdprintf puts fputs putchar putc fputc fwrite perror
    syslog vsyslog openlog err errx warn warnx stdout stderr exit _exit _Exit quick_exit abort
    __assert_fail getenv secure_getenv setenv putenv unsetenv environ __environ
    """.split())

# What a room without sockets, files and clocks leaves to the others as well.
WORLDLY = LOUD | set("""
    socket socketpair connect bind listen accept accept4 shutdown getsockname getpeername
    getsockopt setsockopt send sendto sendmsg sendmmsg sendfile recv recvfrom recvmsg recvmmsg
    read readv pread write writev pwrite splice tee close dup dup2 dup3 fcntl ioctl pipe pipe2
    poll ppoll select pselect epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd
    timerfd_create signalfd open openat creat fopen fdopen freopen fclose fread fgets fgetc getc
    getline getdelim fscanf stat fstat lstat fstatat access unlink rename mkstemp tmpfile opendir
    readdir mmap time clock clock_gettime gettimeofday localtime localtime_r gmtime_r nanosleep
    clock_nanosleep usleep sleep alarm setitimer getaddrinfo getnameinfo gethostbyname
    getservbyname getpid gethostname getrandom getentropy rand random drand48 signal sigaction
    raise kill fork vfork execve execvp execv system popen pthread_create
    """.split())

# How a descriptor is made, and the word that must be in the same statement (None: not at all).
CLOEXEC = {
    "socket": "SOCK_CLOEXEC", "socketpair": "SOCK_CLOEXEC", "accept4": "SOCK_CLOEXEC",
    "open": "O_CLOEXEC", "openat": "O_CLOEXEC", "pipe2": "O_CLOEXEC", "mkostemp": "O_CLOEXEC",
    "dup3": "O_CLOEXEC", "epoll_create1": "EPOLL_CLOEXEC", "eventfd": "EFD_CLOEXEC",
    "signalfd": "SFD_CLOEXEC", "timerfd_create": "TFD_CLOEXEC", "inotify_init1": "IN_CLOEXEC",
    "memfd_create": "MFD_CLOEXEC", "fopen": 'e"', "accept": None, "pipe": None,
    "epoll_create": None, "inotify_init": None, "dup": None, "creat": None, "mkstemp": None,
    "popen": None, "tmpfile": None,
}


def top_level(root):
    """What the project has there: in a checkout what git tracks, not what its user put beside."""
    if os.path.exists(os.path.join(root, ".git")):
        tracked = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True)
        if tracked.returncode == 0:
            return {path.split("/")[0] for path in tracked.stdout.splitlines()}
    return set(os.listdir(root)) - BUILT


def check_top(root, _objects):
    """The top level is an exact list, dot-files and what make leaves there aside."""
    there = {name for name in top_level(root) if not name.startswith(".")}
    for name in sorted(there - TOP):
        yield f"{name}: does not belong to the top level"
    for name in sorted(TOP - there):
        yield f"{name}: is not there"


def sources(root, *folders):
    for folder in folders:
        yield from sorted(pathlib.Path(root, folder).glob("**/*.[ch]"))


def check_rooms(root, _objects):
    """A file of the library includes its own room's headers and those of rooms before it."""
    for room in sorted(os.listdir(os.path.join(root, "libsocks"))):
        if room not in ROOMS:
            yield f"libsocks/{room}: is not a room"
            continue
        below = ROOMS[:ROOMS.index(room) + 1]
        for path in sources(root, f"libsocks/{room}"):
            for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.M):
                if name.count("/") != 1 or name.partition("/")[0] not in below:
                    yield f'{path.relative_to(root)}: includes "{name}"'


def undefined(root, objects, path):
    built = [pathlib.Path(folder, path.relative_to(root)).with_suffix(".o")
             for folder in objects.split(":")]
    built = next((path for path in built if path.exists()), built[0])
    listing = subprocess.run(["nm", "-u", "-P", built], check=True, capture_output=True, text=True)
    for line in listing.stdout.splitlines():
        name = line.split()[0].partition("@")[0]
        # _FORTIFY_SOURCE and large files rename functions.
        plain = re.sub(r"^__(\w+)_chk$", r"\1", name)
        yield re.sub(r"^(open|openat|creat|fopen|stat|fstat|lstat|mmap|mkostemp)64$", r"\1", plain)


def check_calls(root, objects, rooms, denied):
    found = [path for room in rooms for path in sources(root, f"libsocks/{room}")
             if path.suffix == ".c"]
    if not found:
        yield "there are no sources"
    for path in found:
        for name in sorted(set(undefined(root, objects, path)) & denied):
            yield f"{path.relative_to(root)}: calls {name}"


def check_pure(root, objects):
    """base, wire, session, dissect and policy know no socket, file or clock."""
    yield from check_calls(root, objects, PURE, WORLDLY)


def check_quiet(root, objects):
    """The library never prints, exits or reads the environment."""
    yield from check_calls(root, objects, ROOMS, LOUD)


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def check_cloexec(root, _objects):
    """No descriptor is inherited by a program that we run."""
    call = re.compile(r"(?<![\w.>])(" + "|".join(CLOEXEC) + r")\s*\(([^;{]*)")
    for path in sources(root, "libsocks", "apps"):
        for name, rest in call.findall(without_comments(path.read_text())):
            word = CLOEXEC[name]
            if word is None or word not in rest:
                yield f"{path.relative_to(root)}: {name}() without close-on-exec"


CHECKS = {"top": check_top, "rooms": check_rooms, "pure": check_pure, "quiet": check_quiet,
          "cloexec": check_cloexec}


def main():
    check, root = CHECKS[sys.argv[1]], sys.argv[2]
    objects = sys.argv[3] if len(sys.argv) > 3 else None
    wrong = list(check(root, objects))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
