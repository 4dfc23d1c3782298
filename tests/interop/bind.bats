#!/usr/bin/env bats
# socks5 bind with servers that others wrote.

load ../lib/helper
load ../lib/bind

@test "R1928-B.11 danted: a peer comes, octets go both ways" {
	start_danted
	random_file up 300000
	random_file down 300000
	STDIN=$BATS_TEST_TMPDIR/up start_bind -N -x "$PROXY" 127.0.0.1
	meet <"$BATS_TEST_TMPDIR/down" >"$BATS_TEST_TMPDIR/up.got"
	bind_ends 0
	cmp "$BATS_TEST_TMPDIR/up" "$BATS_TEST_TMPDIR/up.got"
	cmp "$BATS_TEST_TMPDIR/down" "$BIND_OUT"
}

@test "R1928-B.12 danted: another peer than the one asked for" {
	start_danted
	start_bind -x "$PROXY" 127.0.0.9
	meet </dev/null
	bind_ends 12
	has_line "127.0.0.1:[0-9]* came and was turned away: .* (REP 02)" "$BIND_ERR" ||
		fail "$(cat "$BIND_ERR")"
}

@test "a chain: our server, then danted" {
	start_danted
	local second=$PROXY
	start_server
	start_bind -x "$PROXY" -x "$second" 127.0.0.1
	echo hello | meet
	bind_ends 0
	[ "$(cat "$BIND_OUT")" = hello ]
}

@test "microsocks: it does no BIND, which is said" {
	need microsocks
	local port
	port=$(free_port)
	spawn microsocks -i 127.0.0.1 -p "$port"
	wait_for_port 127.0.0.1 "$port"
	says 17 "proxy 127.0.0.1:$port: request refused: * (REP 07) for a BIND; the proxy does no BIND" \
		-x "127.0.0.1:$port"
}
