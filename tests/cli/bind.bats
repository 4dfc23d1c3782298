#!/usr/bin/env bats
# socks5 bind: a peer that comes through the proxy, to standard input and output and elsewhere.

load ../lib/helper
load ../lib/bind

bats_require_minimum_version 1.5.0

# asked HEX WORD...: that is what the proxy is asked with these arguments.
asked() {
	local want=$1
	shift
	start_fake "${HELD[@]}" "send:$FIRST" "send:$SECOND"
	run bind -x "$FAKE" "$@" </dev/null
	[ "$status" = 0 ] || fail "status $status: $output"
	grep -qx "got $want" "$FAKE_OUT" || fail "it got: $(cat "$FAKE_OUT")"
}

# events FILE...: "EVENT ADDRESS PORT" of each JSON object in it.
events() {
	"$PYTHON" -c 'import json, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    assert list(o) == ["event", "address", "port"] and type(o["port"]) is int
    print(o["event"], o["address"], o["port"])' "$1"
}

# --- the request and its two replies -----------------------------------------------------------

@test "R1928-B.1 the request names the peer, without one 0.0.0.0:0" {
	asked 05020001000000000000
	asked 050200017f0000090000 127.0.0.9
	asked 050200017f0000090015 127.0.0.9:21
	asked 050200017f0000090015 127.0.0.9 ftp
	asked 050200017f0000090000 127.0.0.9:0
	asked 05020004000000000000000000000000000000010000 ::1
	asked 05020004000000000000000000000000000000010015 '[::1]:21'
	asked 050200030765782e746573740000 ex.test
	asked 050200030765782e746573740015 ex.test:21
}

@test "both replies are told, each when it comes" {
	start_fake "${HELD[@]}" "send:$FIRST" recv:1 "send:$SECOND" echo
	start_bind -x "$FAKE"
	[ "$BOUND" = 127.0.0.1:4000 ] || fail "$BOUND"
	! is_gone "$BIND_PID" || fail "it did not wait"
	! has_line accepted "$BIND_ERR" || fail "told before it came"
}

@test "R1928-B.11 an unspecified address is replaced by the proxy's" {
	local any
	for any in 0100000000 0400000000000000000000000000000000; do
		start_fake "${HELD[@]}" "send:050000${any}0fa0" "send:$SECOND"
		run bind -x "$FAKE" </dev/null
		[ "${lines[0]}" = "socks5 bind: listening on 127.0.0.1:4000" ] || fail "$output"
		[ "${lines[1]}" = "socks5 bind: accepted 127.0.0.1:9" ] || fail "$output"
	done
	start_fake "${HELD[@]}" send:05000001000000000fa0 "send:$SECOND"
	run bind -x "localhost:${FAKE##*:}" -4 </dev/null
	[ "${lines[0]}" = "socks5 bind: listening on 127.0.0.1:4000" ] || fail "$output"
	has_ipv6 || return 0
	start_fake --listen ::1 "${HELD[@]}" send:05000001000000000fa0 "send:$SECOND"
	run bind -x "$FAKE" </dev/null
	[ "${lines[0]}" = "socks5 bind: listening on [::1]:4000" ] || fail "$output"
}

@test "R1928-B.11 in a chain it is the last proxy's" {
	start_fake "${HELD[@]}" "send:$SECOND" "${HELD[@]}" send:05000001000000000fa0 "send:$SECOND"
	run bind -x "$FAKE" -x last.test:1081 </dev/null
	[ "$status" = 0 ] || fail "status $status: $output"
	[ "${lines[0]}" = "socks5 bind: listening on last.test:4000" ] || fail "$output"
	grep -qx 'got 05010003096c6173742e746573740439' "$FAKE_OUT" || fail "$(cat "$FAKE_OUT")"
	grep -qx 'got 05020001000000000000' "$FAKE_OUT" || fail "$(cat "$FAKE_OUT")"
}

@test "--json tells both on the first lines of stdout, then come the octets" {
	start_fake "${HELD[@]}" "send:$FIRST" "send:$SECOND" send:68656c6c6f0a
	run --separate-stderr bind --json -x "$FAKE" </dev/null
	[ "$status" = 0 ] && [ -z "$stderr" ] || fail "status $status: $stderr"
	[ "${lines[0]}" = '{"event":"listening","address":"127.0.0.1","port":4000}' ]
	[ "${lines[1]}" = '{"event":"accepted","address":"127.0.0.1","port":9}' ]
	[ "${lines[2]}" = hello ] && [ "${#lines[@]}" = 3 ] || fail "$output"
	start_fake "${HELD[@]}" send:0500000304'5c220a41'0fa0 \
		send:05000004000000000000000000000000000000010009
	bind --json -x "$FAKE" </dev/null >"$BATS_TEST_TMPDIR/json"
	run events "$BATS_TEST_TMPDIR/json"
	[ "$status" = 0 ] && [ "${lines[1]}" = "accepted ::1 9" ] || fail "$output"
}

@test "--json that cannot be written is a failure" {
	start_fake "${HELD[@]}" "send:$FIRST" stall
	run --separate-stderr bash -c '"$SOCKS5" bind --json -x '"$FAKE"' </dev/null >/dev/full'
	[ "$status" = 1 ] || fail "status $status: $stderr"
	[ "$stderr" = "socks5 bind: standard output: No space left on device" ] || fail "$stderr"
	run --separate-stderr bash -c \
		'"$SOCKS5" bind --json --to 127.0.0.1:9 -x '"$FAKE"' </dev/null >/dev/full'
	[ "$status" = 1 ] || fail "--to: status $status: $stderr"
}

# --- failures ----------------------------------------------------------------------------------

@test "R1928-B.12 a failure in the second reply is a failure, and says of whom" {
	local case
	for case in \
		'050200017f0000030014:12:127.0.0.3:20 came and was turned away: * (REP 02)' \
		'05020001000000000000:12:no peer came: * (REP 02)' \
		'05060001000000000000:16:nobody came in the proxy'\''s time: TTL expired (REP 06)' \
		'05010001000000000000:11:no peer came: general failure (REP 01)'; do
		start_fake "${HELD[@]}" "send:$FIRST" "send:${case%%:*}"
		case=${case#*:}
		says "${case%%:*}" "proxy $FAKE: ${case#*:}" -x "$FAKE"
	done
}

@test "R1928-B.12 two octets of a second reply are a failure, and no peer is made up" {
	start_fake "${HELD[@]}" "send:$FIRST" send:0502
	says 12 "proxy $FAKE: no peer came: * (REP 02)" -x "$FAKE"
}

@test "a first reply that refuses" {
	start_fake "${HELD[@]}" send:05070001000000000000
	says 17 "proxy $FAKE: request refused: command not supported (REP 07) for a BIND; the proxy does no BIND" \
		-x "$FAKE"
	start_fake "${HELD[@]}" send:05020001000000000000
	says 12 "proxy $FAKE: request refused: * (REP 02) for a BIND; the proxy's rules forbid it" -x "$FAKE"
	start_fake "${HELD[@]}" send:05040001000000000000
	says 14 "proxy $FAKE: request refused: * (REP 04) for a BIND for nosuch.invalid; is the name \
spelled right, and can the proxy resolve it?" -x "$FAKE" nosuch.invalid
	start_fake "${HELD[@]}" send:05020001000000000000
	says 12 "* (REP 02) for a BIND for 127.0.0.9:20; the proxy's rules forbid it" -x "$FAKE" 127.0.0.9:20
	start_fake "${HELD[@]}" close
	says 4 "proxy $FAKE: reply: proxy closed the connection without a reply; perhaps it does no BIND" \
		-x "$FAKE"
}

@test "a proxy that goes while it waits for the peer" {
	start_fake "${HELD[@]}" "send:$FIRST"
	says 4 "proxy $FAKE: reply: proxy closed the connection before a peer came" -x "$FAKE"
	start_fake "${HELD[@]}" "send:$FIRST" rst
	says 1 "proxy $FAKE: reply: Connection reset by peer" -x "$FAKE"
	start_fake "${HELD[@]}" "send:$FIRST" send:ff
	says 4 "proxy $FAKE: reply: *" -x "$FAKE"
}

@test "-w limits the wait for the peer" {
	start_fake "${HELD[@]}" "send:$FIRST" stall
	says 1 "proxy $FAKE: reply: no peer came within 300 ms; -w waits longer" -w 0.3 -x "$FAKE"
	start_fake "${HELD[@]}" stall
	says 1 "proxy $FAKE: reply: no answer within 300 ms; -w waits longer" -w 0.3 -x "$FAKE"
}

@test "what cannot be asked is wrong usage" {
	says 2 "unknown option --direct*" --direct
	says 2 "--to and --exec exclude each other" --to 127.0.0.1:9 -e cat
	says 2 "-N, -q, * are for a connection that is relayed here, not for --to" --to ::1 -N
	says 2 "option --to: PORT is missing" --to 127.0.0.1
	says 2 "option --to: one port is wanted, not a range" --to 127.0.0.1:9-10
	says 2 "a range of ports is no peer" 127.0.0.1:9-10
	says 2 "option --numeric: 'ex.test' *" -n ex.test
	says 2 "option --numeric: 'ex.test' *" -n --to ex.test:9
	says 2 "more than PEER and PORT*" 1 2 3
	says 2 "the host is empty" ''
}

# --- what goes over the connection ---------------------------------------------------------------

@test "what is on its way early, in both directions, arrives whole" {
	random_file up 300000
	random_file down 300000
	start_server
	STDIN=$BATS_TEST_TMPDIR/up start_bind -N -x "$PROXY"
	meet <"$BATS_TEST_TMPDIR/down" >"$BATS_TEST_TMPDIR/up.got"
	bind_ends 0
	cmp "$BATS_TEST_TMPDIR/up" "$BATS_TEST_TMPDIR/up.got"
	cmp "$BATS_TEST_TMPDIR/down" "$BIND_OUT"
	start_fake "${HELD[@]}" "send:$FIRST" "send:${SECOND}68656c6c6f"
	run bind -x "$FAKE" --quiet </dev/null
	[ "$output" = hello ] || fail "$output"
}

@test "the end of one side leaves the other one open" {
	start_server
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 4<>"$BATS_TEST_TMPDIR/fifo"
	STDIN=$BATS_TEST_TMPDIR/fifo start_bind -x "$PROXY" 4>&-
	spawn nc -N "${BOUND%:*}" "${BOUND##*:}" 4>&-
	wait_until 5 has_line accepted "$BIND_ERR" || fail "nobody came"
	echo late >&4
	exec 4>&-
	bind_ends 0
	wait_until 5 has_line late "$OUT" || fail "nothing came after its end"
	STDIN=/dev/null start_bind -N -x "$PROXY"
	run meet < <(sleep 0.2; echo late)
	bind_ends 0
	[ "$(cat "$BIND_OUT")" = late ]
}

@test "another peer than the one asked for is told, and not let in" {
	start_server
	start_bind -x "$PROXY" 127.0.0.9
	meet </dev/null
	bind_ends 12
	has_line "127.0.0.1:[0-9]* came and was turned away: .* (REP 02)" "$BIND_ERR" ||
		fail "$(cat "$BIND_ERR")"
	start_bind -x "$PROXY" 127.0.0.9
	echo hello | meet -s 127.0.0.9
	bind_ends 0
	[ "$(cat "$BIND_OUT")" = hello ]
}

@test "the proxy's limit ends the wait with 16" {
	start_server --bind-timeout 300ms
	says 16 "proxy $PROXY: nobody came in the proxy's time: TTL expired (REP 06)" -x "$PROXY"
}

@test "a chain of two servers: the peer comes to the second" {
	start_server
	local first=$PROXY
	start_server -u joe:secret
	start_bind -x "$first" -x "joe:secret@$PROXY"
	echo hello | meet
	bind_ends 0
	[ "$(cat "$BIND_OUT")" = hello ]
}

@test "over IPv6" {
	need_ipv6
	LISTEN='[::1]:0' start_server
	start_bind -x "$PROXY" ::1
	[[ $BOUND == "[::1]:"* ]]
	echo hello | meet
	bind_ends 0
	has_line 'accepted \[::1\]:' "$BIND_ERR"
	[ "$(cat "$BIND_OUT")" = hello ]
}

# --- -k, -e, --to ------------------------------------------------------------------------------

@test "-k binds again after each, and all that comes is written" {
	start_server
	start_bind -k -x "$PROXY"
	echo one | meet
	bound 2
	echo two | meet
	bound 3
	[ "$(tr '\n' ' ' <"$BIND_OUT")" = "one two " ] || fail "$(cat "$BIND_OUT")"
	[ "$(grep -c accepted "$BIND_ERR")" = 2 ]
}

@test "-k with --json, and with threads for -C and -i" {
	start_server
	spawn "$SOCKS5" bind -k -C -i 1ms --json -x "$PROXY"
	local n
	BIND_OUT=$OUT
	for n in 1 2; do
		wait_until 5 has_listened "$n"
		BOUND=127.0.0.1:$(events <(grep -a event "$BIND_OUT") | sed -n 's/^listening .* //p' | sed -n "$n"p)
		echo "hello $n" | meet
	done
	wait_until 5 has_listened 3
	[ "$(grep -v event "$BIND_OUT" | tr '\n' ' ')" = "hello 1 hello 2 " ] || fail "$(cat "$BIND_OUT")"
}

has_listened() {
	[ "$(grep -c '"listening"' "$BIND_OUT")" -ge "$1" ]
}

@test "-k goes on where the peer was the matter, and ends where the proxy is" {
	local way
	start_echo
	for way in --keep-open "--to=$ECHO"; do
		start_fake "${HELD[@]}" "send:$FIRST" send:05060001000000000000 next \
			"${HELD[@]}" "send:$FIRST" "send:$SECOND" next \
			"${HELD[@]}" send:05070001000000000000
		run bind -k -x "$FAKE" "$way" </dev/null
		[ "$status" = 17 ] || fail "$way: status $status: $output"
		[ "$(grep -c 'TTL expired\|accepted' <<<"$output")" = 2 ] || fail "$way: $output"
	done
}

@test "-e gives the connection to a command, with -k each time anew" {
	start_server
	start_bind -x "$PROXY" -e 'read -r line; echo "you said $line"; exit 7'
	[ "$(echo hello | meet)" = "you said hello" ]
	bind_ends 7
	start_bind -k -x "$PROXY" -e 'read -r line; echo "you said $line"'
	[ "$(echo one | meet)" = "you said one" ]
	bound 2
	[ "$(echo two | meet)" = "you said two" ]
}

@test "--to hands the connection to a local service" {
	start_server
	start_echo
	start_bind --to "$ECHO" -x "$PROXY"
	random_file file 300000
	meet <"$BATS_TEST_TMPDIR/file" | cmp - "$BATS_TEST_TMPDIR/file"
	bind_ends 0
	start_bind --to "localhost:$ECHO_PORT" -4 -x "$PROXY"
	[ "$(echo hello | meet)" = hello ]
	bind_ends 0
}

@test "--to with -k serves several at a time" {
	start_server
	start_echo
	start_bind -k --to "$ECHO" -x "$PROXY"
	local first=$BOUND
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 4<>"$BATS_TEST_TMPDIR/fifo"
	STDIN=$BATS_TEST_TMPDIR/fifo spawn nc -N "${first%:*}" "${first##*:}" 4>&-
	bound 2
	[ "$(echo second | meet)" = second ]
	echo first >&4
	wait_until 5 has_line first "$OUT" || fail "the first is lost"
	exec 4>&-
	bound 3
}

@test "--to a service that is not there: the peer sees a reset, and it is said" {
	start_server
	local port
	port=$(free_port)
	start_bind --to "127.0.0.1:$port" -x "$PROXY"
	run "$PYTHON" - "${BOUND##*:}" <<-'END'
		import socket, sys
		try:
		    sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
		    print(sock.recv(1))
		except ConnectionResetError:
		    print("reset")
	END
	[ "$output" = reset ] || fail "$output"
	bind_ends 1
	has_line "^socks5 bind: --to 127.0.0.1:$port: Connection refused; nobody listens there" "$BIND_ERR" || fail "$(cat "$BIND_ERR")"
}
