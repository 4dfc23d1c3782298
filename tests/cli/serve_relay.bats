#!/usr/bin/env bats
# socks5 serve: the open tunnel, and how the server ends.

load ../lib/helper
load ../lib/serve

tunnel() {
	"$PYTHON" "$LIB/tunnel.py" "$@"
}

# open_tunnel SECONDS SEGMENT...: a client in the background; CLIENT is its pid, SEEN what it saw.
open_tunnel() {
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout "$1" "$PROXY" \
		"$HELLO$(request $IP4 "$TARGET_PORT")" recv:12 "${@:2}"
	CLIENT=$PID SEEN=$OUT
	wait_until 5 has_lines 2 "$TARGET_OUT"
}

# ends_in LOW HIGH PID: it ends after LOW and before HIGH milliseconds; STATUS is how.
ends_in() {
	local start took
	start=$(date +%s%3N)
	wait_until "$(($2 / 1000 + 1))" is_gone "$3" || fail "it does not end"
	took=$(($(date +%s%3N) - start))
	STATUS=0
	wait "$3" || STATUS=$?
	[ "$took" -ge "$1" ] && [ "$took" -le "$2" ] || fail "it ended after $took ms"
}

@test "R1928-R.1 random data both ways at once arrives in order" {
	start_server --workers 2
	"$PYTHON" "$LIB/load.py" both "$PROXY" 1 $((16 << 20))
	"$PYTHON" "$LIB/load.py" both "$PROXY" 20 $((8 << 20))
}

@test "R1928-R.2 R.3 either side ends first, the other goes on" {
	start_server --log -
	tunnel halfclose "$PROXY"
	log_has 6
	[ "$(grep -c 'up=3145728 down=3145728 .*end="closed"' "$SERVER_OUT")" = 2 ] ||
		fail "$(cat "$SERVER_OUT")"
	stop_server
}

@test "R1928-R.2 the end comes behind everything that was buffered" {
	start_server
	tunnel tail "$PROXY"
}

@test "R1928-R.1 urgent data stays in its place and holds nothing up" {
	start_server
	tunnel urgent "$PROXY"
}

@test "R1928-R.3 R.5 a reset of one side is a reset for the other" {
	start_server --log -
	tunnel resets "$PROXY"
	log_has 8
	[ "$(grep -c 'end="client: Connection reset by peer"' "$SERVER_OUT")" -ge 3 ] &&
		[ "$(grep -c 'end="target: ' "$SERVER_OUT")" -ge 3 ] || fail "$(cat "$SERVER_OUT")"
	[ "$(grep -c 'end="closed"' "$SERVER_OUT")" = 0 ] || fail "$(cat "$SERVER_OUT")"
}

@test "R1928-R.1 R.5 what a side sent before it reset is delivered before the reset" {
	start_server
	tunnel refused "$PROXY"
}

@test "R1928-R.4 a reader that does not read stops the other side: memory is bounded" {
	case $SOCKS5 in
	*build/address-undefined* | *build/thread*) skip "a sanitizer's memory is its own" ;;
	esac
	start_server --workers 1
	tunnel slow "$PROXY" "$SERVER_PID" 8
}

@test "R1928-4.18 payload before the reply is read up to a bound, and arrives whole" {
	start_dns late.test=A:127.0.0.1@1500ms,AAAA:NODATA
	start_server --resolver "$DNS" --workers 1
	tunnel early "$PROXY" "$SERVER_PID" late.test
}

@test "R1928-R.5 R.6 --idle-timeout resets what carries nothing, not what carries little" {
	start_target echo
	start_server --idle-timeout 400ms --log -
	answers "0500$OK4 RST" $HELLO "$(request $IP4 "$TARGET_PORT")"
	log_has 1
	[ "$(field end)" = idle ] || fail "$LINE"
	[ "$(field ms)" -ge 400 ] && [ "$(field ms)" -lt 1600 ] || fail "$LINE"
	answers "0500${OK4}3132333435 EOF" $HELLO "$(request $IP4 "$TARGET_PORT")" 31 wait:250 32 \
		wait:250 33 wait:250 34 wait:250 35 eof
	log_has 2
	[ "$(field end)" = closed ] || fail "$LINE"
}

@test "R1928-R.6 --idle-timeout leaves a slow reader of much alone" {
	start_server --idle-timeout 400ms
	tunnel trickle "$PROXY"
}

@test "R1928-R.6 keepalive is on, on both sockets" {
	need ss
	start_target mute
	start_server
	open_tunnel 20
	[ "$(ss -Htno state established sport = :"$PROXY_PORT" | grep -c keepalive)" = 1 ]
	[ "$(ss -Htno state established dport = :"$TARGET_PORT" | grep -c keepalive)" = 1 ]
	kill "$CLIENT"
}

@test "R1928-R.7 SIGTERM: no new clients, the tunnels go on, exit 0 when the last is over" {
	start_target echo
	start_server --workers 2
	open_tunnel 20 3131 wait:1000 3232 eof
	kill -TERM "$SERVER_PID"
	wait_until 5 has_line 'stopping: 1 session may go on' "$SERVER_LOG" || cat "$SERVER_LOG"
	wait_until 2 is_closed "$PROXY_PORT"
	ends_in 300 5000 "$SERVER_PID"
	[ "$STATUS" = 0 ] || fail "status $STATUS"
	wait_until 5 is_gone "$CLIENT"
	[[ $(tr '\n' ' ' <"$SEEN") == 0500$OK4'31313232 EOF ' ]] || fail "$(cat "$SEEN")"
}

@test "R1928-R.7 SIGTERM: a Unix socket goes at once, not with the last tunnel" {
	local path=$BATS_TEST_TMPDIR/s
	start_target echo
	LISTEN=unix:$path start_server --workers 2 --drain 60
	open_tunnel 20
	ln "$path" "$path.same"
	kill -TERM "$SERVER_PID"
	wait_until 5 test ! -e "$path" || fail "the file is still there"
	wait_until 5 refuses "$path.same" || fail "it still listens"
	! is_gone "$SERVER_PID" || fail "it did not wait"
	kill -TERM "$SERVER_PID"
}

@test "R1928-R.7 a Unix socket that another server put in its place stays" {
	local path=$BATS_TEST_TMPDIR/s first
	LISTEN=unix:$path start_server
	first=$SERVER_PID
	rm "$path"
	LISTEN=unix:$path start_server
	kill -TERM "$first"
	wait_until 5 is_gone "$first"
	[ -S "$path" ] || fail "the first took the file of the second with it"
}

refuses() {
	"$PYTHON" -c 'import socket, sys
sys.exit(socket.socket(socket.AF_UNIX).connect_ex(sys.argv[1]) != 111)' "$1"
}

is_closed() {
	! is_open 127.0.0.1 "$1"
}

@test "R1928-R.7 SIGTERM and SIGINT without a session: exit 0 at once" {
	local signal
	for signal in TERM INT; do
		start_server --workers 2
		kill -$signal "$SERVER_PID"
		ends_in 0 1000 "$SERVER_PID"
		[ "$STATUS" = 0 ] || fail "$signal: status $STATUS"
	done
}

@test "R1928-R.5 R.7 --drain is the limit: what is left then is reset, exit 0" {
	start_target echo
	start_server --drain 600ms --log -
	open_tunnel 20
	kill -TERM "$SERVER_PID"
	ends_in 500 3000 "$SERVER_PID"
	[ "$STATUS" = 0 ] || fail "status $STATUS"
	log_has 1
	[ "$(field end)" = "server stopped" ] || fail "$LINE"
	wait_until 5 is_gone "$CLIENT"
	has_line RST "$SEEN" || fail "$(cat "$SEEN")" # cut off, and it does not look finished
}

@test "R1928-R.7 a second SIGTERM ends at once, and so does --drain 0" {
	start_target echo
	start_server --drain 60 --log -
	open_tunnel 20
	kill -TERM "$SERVER_PID"
	wait_until 5 has_line stopping "$SERVER_LOG"
	is_gone "$SERVER_PID" && fail "it did not wait"
	kill -TERM "$SERVER_PID"
	ends_in 0 1000 "$SERVER_PID"
	[ "$STATUS" = 0 ] || fail "status $STATUS"
	log_has 1
	start_server --drain 0
	open_tunnel 20
	kill -TERM "$SERVER_PID"
	ends_in 0 1000 "$SERVER_PID"
	[ "$STATUS" = 0 ] || fail "status $STATUS"
}

@test "R1928-R.7 sessions in every phase end with the server" {
	start_target full
	start_dns still.test=SILENT
	(umask 077 && "$SOCKS5" passwd --password pass:x --cost 7 joe >"$BATS_TEST_TMPDIR/users")
	start_server --resolver "$DNS" --users "$BATS_TEST_TMPDIR/users" --auth none,userpass \
		--drain 0 --log - --workers 2
	local client
	for client in 0500 05 "$HELLO" "$HELLO$(request $IP4 "$TARGET_PORT")" \
		"$HELLO$(request "$(name_of still.test)" 80)" "$HELLO_USER$(login joe x)" \
		"$HELLO_USER$(login joe x)"; do
		spawn "$PYTHON" "$LIB/rawclient.py" "$PROXY" "$client" wait:5000
		# The first is refused, and lingers.
		[ "$client" != 0500 ] || log_has 1
	done
	wait_until 5 connected 6
	kill -TERM "$SERVER_PID"
	ends_in 0 1500 "$SERVER_PID"
	[ "$STATUS" = 0 ] || fail "status $STATUS: $(cat "$SERVER_LOG")"
	log_has 7
}

connected() {
	[ "$(ss -Htn state established sport = :"$PROXY_PORT" | wc -l)" -ge "$1" ]
}

@test "SEC-13 peers that are gone while they are written to do no harm" {
	start_server --workers 2
	tunnel dead_peers "$PROXY" 200
	answers "0500 EOF" $HELLO eof
	stop_server
}
