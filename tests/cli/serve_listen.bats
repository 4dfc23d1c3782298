#!/usr/bin/env bats
# socks5 serve: where it listens, and where it refuses to.

load ../lib/helper
load ../lib/serve

# exits STATUS TEXT ARGUMENT...: socks5 serve must end with STATUS and say TEXT.
exits() {
	local want=$1 text=$2
	shift 2
	run timeout 10 "${IN_NET[@]}" "$SOCKS5" serve "$@"
	[ "$status" = "$want" ] || fail "serve $*: status $status, not $want: $output"
	[[ $output == *"$text"* ]] || fail "serve $*: said '$output', not '$text'"
}

# says TEXT: on stderr, as a line of its own.
says() {
	wait_until 5 grep -qxF "socks5 serve: $1" "$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
}

# greets WHERE...: each of these listeners serves.
greets() {
	for PROXY; do
		answers "0500 EOF" $HELLO eof
	done
}

listeners() {
	sed -n 's/^socks5 serve: listening on //p' "$SERVER_LOG"
}

@test "several listeners at once, IPv4, IPv6 and a Unix socket, each told, each serving" {
	need_ipv6
	start_target echo
	LISTEN=unix:$BATS_TEST_TMPDIR/s start_server 127.0.0.1:0 127.0.0.2:0 '[::1]:0'
	says "listening on unix:$BATS_TEST_TMPDIR/s"
	[ "$(listeners | wc -l)" = 4 ]
	# shellcheck disable=SC2046 # a list of them
	greets $(listeners)
	PROXY=unix:$BATS_TEST_TMPDIR/s
	asks "$OK4" $IP4 "$TARGET_PORT"
	stop_server
}

@test "a standard descriptor that was closed is never a listener's or a client's" {
	local fd
	start_target echo
	SERVE_WITH=(bash -c 'exec "$@" <&- >&-' bash)
	start_server
	asks "$OK4" $IP4 "$TARGET_PORT"
	for fd in 0 1; do
		[ "$(readlink "/proc/$SERVER_PID/fd/$fd")" = /dev/null ] ||
			fail "$(ls -l "/proc/$SERVER_PID/fd")"
	done
	stop_server
}

@test "it says in plain words who may use it and where to" {
	start_server
	says "any program on this machine may use it, without a password"
	says "it connects to any address; BIND and UDP likewise"
	stop_server
	start_server -u a:b
	says "one user on this machine may use it, with a password"
	stop_server
	start_server -u a:b -u c:d --deny to=private
	says "2 users on this machine may use it, each with a password"
	says "rule 1: deny to=private"
	says "otherwise it connects to any address; BIND and UDP likewise"
	stop_server
	start_server --allow to=.example.org --deny to=any
	says "whoever the rules allow may use it, without a password"
	says "rule 2: deny to=any"
	says "everything else is denied"
}

@test "-q says nothing but errors" {
	spawn "$SOCKS5" serve -q "unix:$BATS_TEST_TMPDIR/s"
	wait_until 5 test -S "$BATS_TEST_TMPDIR/s"
	end_pid "$PID"
	[ ! -s "$ERR" ] || fail "$(cat "$ERR")"
}

@test "port 0 tells the real port, the same for all workers" {
	start_server --workers 4
	[ "$(listeners | wc -l)" = 1 ]
	[ "$PROXY_PORT" -gt 0 ]
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		greets "$PROXY"
	done
}

@test "a bare port is one of 127.0.0.1; localhost is looked up" {
	local port where
	port=$(free_port)
	LISTEN=$port start_server
	[ "$PROXY" = "127.0.0.1:$port" ]
	stop_server
	LISTEN=localhost:0 start_server
	for where in $(listeners); do
		[[ $where == 127.0.0.1:* || $where == "[::1]:"* ]] || fail "$where"
		greets "$where"
	done
}

@test "R1928-3.18 the default is 127.0.0.1:1080" {
	need_net
	spawn "${IN_NET[@]}" "$SOCKS5" serve
	wait_until 5 has_line 'listening on 127.0.0.1:1080$' "$ERR"
	PROXY=127.0.0.1:1080
	greets "$PROXY"
}

@test "the file of a Unix socket goes at the end; a stale one is replaced" {
	local path=$BATS_TEST_TMPDIR/s
	LISTEN=unix:$path start_server
	[ -S "$path" ]
	stop_server
	[ ! -e "$path" ] || fail "it is still there"
	"$PYTHON" -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$path"
	[ -S "$path" ]
	LISTEN=unix:$path start_server
	greets "unix:$path"
	stop_server
	[ ! -e "$path" ]
}

@test "the file of a live Unix socket, and any other file, stays" {
	local path=$BATS_TEST_TMPDIR/s
	LISTEN=unix:$path start_server
	exits 1 "cannot listen on unix:$path: Address already in use; another server has it: stop \
that one or choose another path" "unix:$path"
	greets "unix:$path"
	stop_server
	echo precious >"$path"
	exits 1 "cannot listen on unix:$path: a file that is no socket is there; remove it or choose \
another path" "unix:$path"
	[ "$(cat "$path")" = precious ]
	ln -sf "$path" "$path.link"
	exits 1 "cannot listen on" "unix:$path.link"
	[ "$(cat "$path")" = precious ]
}

@test "a bad LISTEN: exit 2, named" {
	local bad
	for bad in 127.0.0.1: :1080 127.0.0.1:65536 127.0.0.1:-1 '[::1:1080' ::1:1080 \
		127.0.0.1:nosuchservice '' unix:; do
		exits 2 "LISTEN $bad" "$bad"
	done
	exits 2 "" "unix:$BATS_TEST_TMPDIR/$(printf 'x%.0s' {1..120})"
}

@test "a LISTEN that is often mistaken: exit 2, and what to write" {
	exits 2 "LISTEN 127.0.0.1: PORT is missing; write 127.0.0.1:1080" 127.0.0.1
	exits 2 "LISTEN 127.0.0.1:: PORT is missing; write 127.0.0.1:1080" 127.0.0.1:
	exits 2 "LISTEN [::1]: PORT is missing; write [::1]:1080" '[::1]'
	exits 2 "LISTEN ::1: an IPv6 address stands in brackets before its port" ::1
	exits 2 "LISTEN ::1:1080: an IPv6 address stands in brackets before its port" ::1:1080
	exits 2 "LISTEN *:1080: * is no address; write 0.0.0.0:1080 " '*:1080'
	exits 2 "LISTEN to=any: a word of a rule; quote the whole rule" --allow from=10.0.0.0/8 to=any
}

@test "a bad option: exit 2, nothing listens" {
	exits 2 "option --workers: " --workers 0 127.0.0.1:0
	exits 2 "option --source: " --source localhost 127.0.0.1:0
	exits 2 "option --resolver: " --resolver 'not an address' 127.0.0.1:0
	exits 2 "option --resolver: 1.2.3.4:99999: " --resolver 1.2.3.4:99999 127.0.0.1:0
	exits 2 "option --allow: " --allow 'to=' 127.0.0.1:0
	exits 2 "option --log: " --log "$BATS_TEST_TMPDIR/none/log" 127.0.0.1:0
	exits 2 "option --users: " --users "$BATS_TEST_TMPDIR/none" 127.0.0.1:0
	exits 2 "option --auth: userpass: there are no users" --auth userpass 127.0.0.1:0
	exits 2 "maxsessions" --maxsessions 3 127.0.0.1:0
	exits 2 "option --user: joe: no password; write NAME:PASSWORD" -u joe 127.0.0.1:0
}

@test "an address that is not this machine's: exit 1" {
	need_net
	exits 1 "cannot listen on 192.0.2.1:1080: Cannot assign requested address" \
		-u a:b 192.0.2.1:1080
}

@test "a port that is taken: exit 1 and what to do, with several workers too" {
	local port workers
	start_server --workers 2
	for workers in 1 2; do
		exits 1 "cannot listen on $PROXY: Address already in use; another server has it" \
			--workers $workers "$PROXY"
	done
	stop_server
	start_target echo
	for workers in 1 2; do
		exits 1 "cannot listen on $TARGET: Address already in use; another server has it" \
			--workers $workers "$TARGET"
	done
	port=$(free_port)
	exits 1 "cannot listen on $TARGET" "127.0.0.1:$port" "$TARGET"
	! is_open 127.0.0.1 "$port" || fail "the first listener is still there"
}

@test "the same LISTEN twice is a mistake" {
	local port
	port=$(free_port)
	exits 2 "LISTEN 127.0.0.1:$port is given twice; usage: " --workers 1 "127.0.0.1:$port" "127.0.0.1:$port"
	exits 2 "LISTEN 127.0.0.1:$port is given twice; usage: " --workers 2 "127.0.0.1:$port" "127.0.0.1:$port"
	exits 2 "LISTEN 127.0.0.1:$port is given twice; usage: " --check "127.0.0.1:$port" "127.0.0.1:$port"
	exits 2 "LISTEN unix:$BATS_TEST_TMPDIR/s is given twice; usage: " "unix:$BATS_TEST_TMPDIR/s" "unix:$BATS_TEST_TMPDIR/s"
}

# activate KIND... [-- ARGUMENT...]: socks5 serve with sockets from its parent, as systemd does it.
activate() {
	spawn "${IN_NET[@]}" "$PYTHON" "$LIB/activate.py" "$@"
	SERVER_PID=$PID SERVER_LOG=$ERR SERVER_OUT=$OUT
}

@test "sockets that systemd passes: TCP and Unix, with workers" {
	activate tcp:127.0.0.1 "unix:$BATS_TEST_TMPDIR/s" -- --workers 2
	says "listening on a Unix socket passed by systemd"
	[ "$(listeners | wc -l)" = 2 ]
	greets "$(listeners | head -n 1)" "unix:$BATS_TEST_TMPDIR/s"
	stop_server
	[ -S "$BATS_TEST_TMPDIR/s" ] || fail "it removed a file that is not its own"
}

@test "sockets that systemd passes: what does not listen is refused" {
	activate udp:127.0.0.1
	wait_until 5 is_gone "$PID"
	has_line "cannot listen on a socket passed by systemd: " "$ERR" || fail "$(cat "$ERR")"
	wait "$PID" && fail "status 0" || [ $? = 1 ]
}

@test "sockets for another process are left alone, and those that a LISTEN stands against" {
	need_net
	LISTEN_PID=1 LISTEN_FDS=1 spawn "${IN_NET[@]}" "$SOCKS5" serve
	wait_until 5 has_line 'listening on 127.0.0.1:1080$' "$ERR" || fail "$(cat "$ERR")"
	activate tcp:127.0.0.1 -- 127.0.0.1:1081
	wait_until 5 has_line 'listening on 127.0.0.1:1081$' "$ERR" || fail "$(cat "$ERR")"
	[ "$(grep -c 'listening on' "$ERR")" = 1 ]
}

@test "SEC-3 beyond loopback without authentication: exit 2 and what to do" {
	local text="add users (--user, --users), from= to every --allow, or --open"
	need_net
	exits 2 "$text" 0.0.0.0:0
	exits 2 "$text" '[::]:0'
	exits 2 "$text" 127.0.0.1:0 0.0.0.0:0
	exits 2 "$text" --deny from=10.0.0.0/8 0.0.0.0:0
	exits 2 "$text" --allow to=any 0.0.0.0:0
	exits 2 "$text" --allow from=10.0.0.0/8 --allow to=any 0.0.0.0:0
	exits 2 "$text" --auth none,userpass -u a:b 0.0.0.0:0
	net ip address add 192.0.2.1/32 dev lo
	exits 2 "$text" 192.0.2.1:0
	activate tcp:0.0.0.0
	wait_until 5 is_gone "$PID"
	has_line 'from=' "$ERR" || fail "$(cat "$ERR")"
}

@test "SEC-3 beyond loopback with authentication, --allow from= or --open: as asked" {
	need_net
	LISTEN=0.0.0.0:0 start_server -u a:b
	says "one user may use it, with a password"
	LISTEN=0.0.0.0:0 start_server --allow from=10.0.0.0/8
	says "whoever the rules allow may use it, without a password"
	says "rule 1: allow from=10.0.0.0/8"
	LISTEN='[::]:0' start_server --open
	says "anyone who can reach it may use it, without a password"
	says "it connects to any address but loopback, private, link-local, multicast and metadata \
ones; BIND and UDP likewise"
	says "programs on this machine reach those too"
}

@test "SEC-3 SIGHUP opens nothing beyond loopback without authentication either" {
	need_net
	cd "$BATS_TEST_TMPDIR"
	echo 'allow from=10.0.0.0/8' >conf
	LISTEN=0.0.0.0:0 start_server -c conf
	echo 'allow to=any' >conf
	kill -HUP "$SERVER_PID"
	says "SIGHUP: all is as it was before"
	has_line 'SIGHUP refused: it would serve other machines without authentication' "$SERVER_LOG"
	echo 'allow from=11.0.0.0/8' >conf
	kill -HUP "$SERVER_PID"
	says "SIGHUP: read again: 0 users, 1 rule"
	says "rule 1: allow from=11.0.0.0/8"
	[ "$(grep -c 'whoever the rules allow may use it, without a password' "$SERVER_LOG")" = 2 ]
}

@test "--check looks at listeners, and listens on none" {
	exits 2 "--open if that is what you want" --check 0.0.0.0:0
	exits 2 "LISTEN 127.0.0.1:99999" --check 127.0.0.1:99999
	exits 2 "a path of 1 to 107 octets" --check unix:
	start_server
	exits 0 "otherwise: allow" --check "$PROXY" "unix:$BATS_TEST_TMPDIR/none"
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "every LISTEN is looked at before one is told" {
	run timeout 10 "$SOCKS5" serve 127.0.0.1:0 8000x
	[ "$status" = 2 ] && [[ $output != *"listening on"* ]] || fail "$status: $output"
}
