#!/usr/bin/env bats
# How the house is built. Each check is also shown a house in which it has something to find.

load lib/helper

OBJECTS=${OBJECTS:-$REPO/build/plain}:${BUILD:-$REPO/build}/bare

structure() {
	"$PYTHON" "$LIB/structure.py" "$@"
}

# A house with one room for each, all in order.
house() {
	local room
	HOUSE=$BATS_TEST_TMPDIR/house
	mkdir -p "$HOUSE/apps" "$HOUSE/tests" "$HOUSE/completions" "$HOUSE/man" "$HOUSE/build"
	touch "$HOUSE/Makefile" "$HOUSE/README.md" "$HOUSE/LICENSE" "$HOUSE/.hidden"
	for room in base wire session policy net roles; do
		mkdir -p "$HOUSE/libsocks/$room"
		echo 'int zero = 0;' >"$HOUSE/libsocks/$room/room.c"
	done
}

# put FILE TEXT: in the house, compiled as the project is.
put() {
	printf '%b\n' "$2" >"$HOUSE/$1"
}

compile() {
	local source
	(cd "$HOUSE" && for source in libsocks/*/*.c; do
		mkdir -p "objects/${source%/*}"
		gcc -O2 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -c -o "objects/${source%.c}.o" "$source"
	done)
}

# finds CHECK TEXT: the check fails in the house and says TEXT.
finds() {
	run structure "$1" "$HOUSE" "$HOUSE/objects"
	[ "$status" = 1 ] || fail "$1 found nothing wrong"
	[[ $output == *"$2"* ]] || fail "$1 said: $output"
}

@test "the top level is exactly what it should be" {
	structure top "$REPO"
}

@test "the top level: a stray file and a lost folder are found" {
	house
	structure top "$HOUSE"
	touch "$HOUSE/notes.txt"
	finds top "notes.txt: does not belong"
	rm -r "$HOUSE/notes.txt" "$HOUSE/man"
	finds top "man: is not there"
}

@test "each room of the library includes only what lies below it" {
	structure rooms "$REPO"
}

@test "rooms: an include upwards, a bare one and an unknown room are found" {
	house
	put libsocks/net/net.h '#include <stdio.h>\n#include "base/x.h"\n#include "net/y.h"'
	structure rooms "$HOUSE"
	put libsocks/wire/up.h '#include "session/session.h"'
	finds rooms 'libsocks/wire/up.h: includes "session/session.h"'
	put libsocks/wire/up.h ' # include "opt.h"'
	finds rooms 'includes "opt.h"'
	put libsocks/wire/up.h ''
	mkdir "$HOUSE/libsocks/attic"
	finds rooms 'libsocks/attic: is not a room'
}

@test "base, wire, session and policy call no socket, file or clock" {
	structure pure "$REPO" "$OBJECTS"
}

@test "pure: a clock in base, a file in policy, a socket in session are found" {
	need gcc
	house
	put libsocks/net/net.c '#include <time.h>\nlong now(void) { return time(NULL); }'
	compile
	structure pure "$HOUSE" "$HOUSE/objects"
	put libsocks/base/room.c '#include <time.h>\nlong now(void) { return time(NULL); }'
	put libsocks/policy/room.c '#include <stdio.h>\nvoid *f(char *s) { return fopen(s, "r"); }'
	put libsocks/session/room.c \
		'#include <sys/socket.h>\nchar m[9];long r(int s,int n) { return recv(s, m, n, 0); }'
	compile
	finds pure 'libsocks/base/room.c: calls time'
	finds pure 'libsocks/policy/room.c: calls fopen'
	finds pure 'libsocks/session/room.c: calls recv'
}

@test "the library never prints, exits or reads the environment" {
	structure quiet "$REPO" "$OBJECTS"
}

@test "quiet: printf in roles, getenv in net and exit in base are found" {
	need gcc
	house
	put libsocks/wire/room.c '#include <stdio.h>\nint p(char *s) { return snprintf(s,9,"%s",s+9); }'
	compile
	structure quiet "$HOUSE" "$HOUSE/objects"
	put libsocks/roles/room.c '#include <stdio.h>\nvoid p(int i) { printf("%d", i); }'
	put libsocks/net/room.c '#include <stdlib.h>\nchar *e(void) { return getenv("HOME"); }'
	put libsocks/base/room.c '#include <stdlib.h>\nvoid x(void) { exit(1); }'
	compile
	finds quiet 'libsocks/roles/room.c: calls printf'
	finds quiet 'libsocks/net/room.c: calls getenv'
	finds quiet 'libsocks/base/room.c: calls exit'
}

@test "every descriptor is made close-on-exec" {
	structure cloexec "$REPO"
}

@test "cloexec: socket, accept, open, fopen and pipe without it are found" {
	house
	put apps/good.c 'int s = socket(1,\n 2 | SOCK_CLOEXEC, 0); l->open(x); /* open() */
		f = fopen(p, "re");'
	structure cloexec "$HOUSE"
	put apps/bad.c 'int s = socket(AF_INET,\n SOCK_STREAM, 0); t = SOCK_CLOEXEC;'
	finds cloexec 'apps/bad.c: socket()'
	put apps/bad.c 'int s = accept(l, NULL, NULL);'
	finds cloexec 'apps/bad.c: accept()'
	put apps/bad.c 'int s = open(path, O_RDONLY);'
	finds cloexec 'apps/bad.c: open()'
	put apps/bad.c 'FILE *f = fopen(path, "r");'
	finds cloexec 'apps/bad.c: fopen()'
	put apps/bad.c 'int rc = pipe(fds);'
	finds cloexec 'apps/bad.c: pipe()'
}
