# shellcheck shell=bash disable=SC2034 # the tests use what is set here
# Loaded by every bats file: load ../lib/helper
#
# Whatever a test starts in the background is started by one of these, listens on a port that the
# kernel chose, and is ended by its pid in teardown. A file with a teardown of its own calls
# stop_all in it.

REPO=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
LIB=$REPO/tests/lib
SOCKS5=${SOCKS5:-$REPO/socks5}
PATH=$PATH:/usr/sbin:/sbin
# Debian's own, which sees Debian's modules, should there be several.
PYTHON=python3
[ ! -x /usr/bin/python3 ] || PYTHON=/usr/bin/python3
# The environment of whoever runs the tests must not decide them.
unset SOCKS5_SERVER SOCKS_SERVER ALL_PROXY all_proxy http_proxy https_proxy no_proxy NO_PROXY
export LC_ALL=C REPO LIB SOCKS5 PATH PYTHON
spawned=0

teardown() {
	stop_all
}

# plain_only: skips what measures memory, which is a sanitizer's when one is built in.
plain_only() {
	case $SOCKS5 in
	"$REPO/build/"*) skip "it measures memory, which a sanitizer spoils" ;;
	esac
}

# fail WORDS...: ends the test, says why.
fail() {
	printf '%s\n' "$*" >&2
	return 1
}

# need PROGRAM...: skips the test where one is missing; on the project's machine that is a failure.
need() {
	local program
	for program; do
		command -v "$program" >/dev/null || missing "$program"
	done
}

# need_module MODULE...: the same for modules of python3.
need_module() {
	local module
	need "$PYTHON"
	for module; do
		"$PYTHON" -c "import $module" 2>/dev/null || missing "python3 module $module"
	done
}

missing() {
	[ "${CI:-}" != true ] || fail "$1 missing" || return
	skip "$1 missing"
}

has_ipv6() {
	"$PYTHON" -c 'import socket; socket.create_server(("::1", 0), family=socket.AF_INET6)' \
		2>/dev/null
}

need_ipv6() {
	has_ipv6 || skip "this machine has no IPv6 loopback"
}

# wait_until SECONDS COMMAND...: until the command succeeds; fails after SECONDS.
wait_until() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

has_line() {
	grep -q -- "$1" "$2" 2>/dev/null
}

# has_lines COUNT FILE: so many or more.
has_lines() {
	[ "$(wc -l <"$2")" -ge "$1" ]
}

# fits TEXT PATTERN...: it has a line for each of these, and no other.
fits() {
	local lines pattern i=0
	mapfile -t lines <<<"$1"
	shift
	[ ${#lines[@]} = $# ] || return 1
	for pattern; do
		# shellcheck disable=SC2053 # a pattern is meant
		[[ ${lines[i++]} == $pattern ]] || return 1
	done
}

# spawn COMMAND...: in the background, with the file STDIN if that is set. PID is its pid, OUT and
# ERR are files with its output.
spawn() {
	spawned=$((spawned + 1))
	OUT=$BATS_TEST_TMPDIR/spawn.$spawned.out
	ERR=$BATS_TEST_TMPDIR/spawn.$spawned.err
	"$@" <"${STDIN:-/dev/null}" >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	echo "$PID" >>"$BATS_TEST_TMPDIR/pids"
}

# spawn_saying COMMAND...: and waits for its first line on stdout, which becomes SAID.
spawn_saying() {
	spawn "$@"
	wait_until 10 has_spoken_or_gone "$PID" "$OUT" || true
	has_lines 1 "$OUT" || fail "$1 said nothing: $(cat "$ERR")"
	read -r SAID <"$OUT"
}

has_spoken_or_gone() {
	has_lines 1 "$2" || is_gone "$1"
}

# end_pid PID: SIGTERM, and SIGKILL after five seconds.
end_pid() {
	kill -TERM "$1" 2>/dev/null || return 0
	wait_until 5 is_gone "$1" || kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

stop_all() {
	local pid
	[ -f "$BATS_TEST_TMPDIR/pids" ] || return 0
	for pid in $(tac "$BATS_TEST_TMPDIR/pids"); do
		end_pid "$pid"
	done
	rm -f "$BATS_TEST_TMPDIR/pids"
}

# start_server [OPTION]...: socks5 serve on $LISTEN (127.0.0.1:0). SERVER_PID is its pid, PROXY and
# PROXY_PORT where it listens, SERVER_OUT and SERVER_LOG what it writes to stdout and stderr.
# The words of the array SERVE_WITH go before the program (prlimit, setarch).
start_server() {
	spawn "${SERVE_WITH[@]}" "$SOCKS5" serve "$@" "${LISTEN:-127.0.0.1:0}"
	SERVER_PID=$PID SERVER_LOG=$ERR SERVER_OUT=$OUT
	wait_until 10 is_listening_or_gone || true
	PROXY=$(sed -n 's/^socks5 serve: listening on //p' "$SERVER_LOG" | head -n 1)
	PROXY_PORT=${PROXY##*:}
	export PROXY PROXY_PORT
	[ -n "$PROXY" ] || fail "socks5 serve does not listen: $(cat "$SERVER_LOG")"
}

is_listening_or_gone() {
	has_line '^socks5 serve: listening on .' "$SERVER_LOG" || is_gone "$SERVER_PID"
}

# stop_server: by SIGTERM. It must end within ten seconds, in peace or by that signal; a finding of
# a sanitizer is neither.
stop_server() {
	local status=0
	kill -TERM "$SERVER_PID" || fail "socks5 serve ended before its time: $(cat "$SERVER_LOG")"
	wait_until 10 is_gone "$SERVER_PID" || fail "socks5 serve ignores SIGTERM"
	wait "$SERVER_PID" || status=$?
	case $status in
	0 | 143) ;;
	*) fail "socks5 serve ended with status $status: $(cat "$SERVER_LOG")" ;;
	esac
}

# start_web [ADDRESS]: answers any GET with "hello from target". WEB is ADDRESS:PORT.
start_web() {
	spawn_saying "$PYTHON" "$LIB/target.py" web "${1:-127.0.0.1}"
	WEB=$SAID WEB_PORT=${SAID##*:} WEB_OUT=$OUT
}

# start_web_beside ADDRESS KIND ADDRESS: the web server, and a KIND of target.py on the same port
# of another address. That port may be in use there: then it is tried with another.
start_web_beside() {
	local try
	for try in 1 2 3 4 5; do
		start_web "$1"
		! spawn_saying "$PYTHON" "$LIB/target.py" "$2" "$3" "$WEB_PORT" || return 0
	done
	return 1
}

# start_echo [ADDRESS]: gives back what it gets, then EOF for EOF. ECHO is ADDRESS:PORT.
start_echo() {
	spawn_saying "$PYTHON" "$LIB/target.py" echo "${1:-127.0.0.1}"
	ECHO=$SAID ECHO_PORT=${SAID##*:} ECHO_OUT=$OUT
}

# start_danted: Dante as a server without authentication; PROXY is its address.
start_danted() {
	local port conf=$BATS_TEST_TMPDIR/danted.$RANDOM
	need danted
	port=$(free_port)
	cat >"$conf" <<-END
		errorlog: stderr
		logoutput: stderr
		internal: 127.0.0.1 port = $port
		external: 127.0.0.1
		clientmethod: none
		socksmethod: none
		user.unprivileged: nobody
		client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
		socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
	END
	spawn danted -f "$conf" -p "$conf.pid"
	wait_for_port 127.0.0.1 "$port"
	PROXY=127.0.0.1:$port
}

# start_dns NAME=ANSWERS...: see dns.py. DNS is ADDRESS:PORT, DNS_OUT the file of the queries.
start_dns() {
	spawn_saying "$PYTHON" "$LIB/dns.py" "$@"
	DNS=$SAID DNS_OUT=$OUT
}

# start_fake STEP...: see fakeproxy.py. FAKE is ADDRESS:PORT, FAKE_OUT the file of what it got.
start_fake() {
	spawn_saying "$PYTHON" "$LIB/fakeproxy.py" "$@"
	FAKE=$SAID FAKE_OUT=$OUT
}

# raw ADDRESS:PORT SEGMENT...: see rawclient.py.
raw() {
	"$PYTHON" "$LIB/rawclient.py" "$@"
}

free_port() {
	"$PYTHON" -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])'
}

# wait_for_port HOST PORT
wait_for_port() {
	wait_until 10 is_open "$1" "$2" || fail "nobody listens on $1 port $2"
}

is_open() {
	"$PYTHON" -c 'import socket, sys; socket.create_connection((sys.argv[1], sys.argv[2]), 1)' \
		"$1" "$2" 2>/dev/null
}
