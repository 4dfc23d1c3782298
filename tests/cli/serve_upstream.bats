#!/usr/bin/env bats
# socks5 serve -x: what is asked for is passed on to another proxy, or a chain of them.

load ../lib/helper
load ../lib/serve

# start_upstream OPTION...: another server; UP is where, UP_OUT its log.
start_upstream() {
	start_server --log - "$@"
	UP=$PROXY UP_PID=$SERVER_PID UP_OUT=$SERVER_OUT
}

@test "CONNECT goes on to it: addresses, and names as they are; both logs have it" {
	start_target echo
	start_dns # which knows no name
	start_upstream
	start_server -x "$UP" --resolver "$DNS" --log -
	has_line "all is passed on to proxy $UP" "$SERVER_LOG"
	answers "0500${OK4}3132 EOF" $HELLO "$(request $IP4 "$TARGET_PORT")3132" eof
	log_has 1
	[ "$(field target) $(field actual) $(field reply) $(field up)" = "$TARGET $UP 00 2" ] || fail "$LINE"
	asks "$OK4" "$(name_of localhost)" "$TARGET_PORT"
	wait_until 5 has_lines 2 "$UP_OUT"
	has_line "target=localhost:$TARGET_PORT" "$UP_OUT" || fail "$(cat "$UP_OUT")"
	[ "$(wc -l <"$DNS_OUT")" = 1 ] || fail "$(cat "$DNS_OUT")"
}

@test "what the target says at once is not lost, and a half-close is one" {
	start_target greet
	start_upstream
	start_server -x "$UP"
	answers "0500${OK4}$(hex_of $'hello from target\n') EOF" $HELLO "$(request $IP4 "$TARGET_PORT")"
	start_target count
	answers "0500${OK4}$(hex_of $'4 octets\n') EOF" $HELLO "$(request $IP4 "$TARGET_PORT")" 01020304 eof
}

@test "64 MiB both ways through two of them" {
	start_upstream
	start_server -x "$UP"
	"$PYTHON" "$LIB/load.py" both "$PROXY" 20 $((16 << 20))
}

@test "its refusals are ours; that it is not there, or lets us not in, is our own failure" {
	start_upstream -u joe:secret --deny to=10.0.0.0/8
	start_server -x "joe:secret@$UP" --log -
	asks "$(error 05)" $IP4 "$(free_port)"
	log_has 1
	[ "$(field end)" = "upstream: connection refused" ] || fail "$LINE"
	asks "$(error 02)" 010a000001 80
	asks "$(error 04)" "$(name_of nosuch.invalid)" 80
	stop_server
	start_server -x "joe:wrong@$UP" --log -
	asks "$(error 01)" $IP4 80
	log_has 1
	[ "$(field end)" = "upstream: credentials: refused the credentials" ] || fail "$LINE"
	! grep -q wrong "$SERVER_LOG" || fail "it tells the password"
	stop_server
	start_server -x "127.0.0.1:$(free_port)" --log -
	asks "$(error 01)" $IP4 80
	log_has 1
	[ "$(field end)" = "upstream: connect: Connection refused" ] || fail "$LINE"
}

@test "a chain, the first of it at a Unix socket" {
	local first
	start_target echo
	start_upstream
	LISTEN=unix:$BATS_TEST_TMPDIR/s start_server --log -
	first=$SERVER_OUT
	start_server -x "unix:$BATS_TEST_TMPDIR/s" -x "$UP" --log -
	asks "$OK4" $IP4 "$TARGET_PORT"
	wait_until 5 has_line "target=$UP" "$first"
	wait_until 5 has_line "target=$TARGET" "$UP_OUT"
	has_line "and on to proxy $UP" "$SERVER_LOG"
}

@test "rules hold before it: names, addresses, and a name whose address would decide is denied" {
	start_target echo
	start_upstream
	start_server -x "$UP" --deny to=.bad.test --deny to=10.0.0.0/8 --log -
	asks "$(error 02)" "$(name_of a.bad.test)" 80
	asks "$(error 02)" 010a000001 80
	asks "$OK4" $IP4 "$TARGET_PORT"
	asks "$(error 02)" "$(name_of localhost)" "$TARGET_PORT"
	log_has 4
	[ "$(field end)" = "denied: rule 2 asks for the address, which the upstream proxy looks up" ] || fail "$LINE"
	stop_server
	start_server -x "$UP" --allow to=localhost
	asks "$OK4" "$(name_of localhost)" "$TARGET_PORT"
}

@test "BIND goes on to it: both replies, the rules for the peer" {
	start_upstream
	start_server -x "$UP" --deny to=127.0.0.3
	binds <<-'END'
		Bind(PROXY, "127.0.0.2").meet("127.0.0.2")
		Bind(PROXY).meet("127.0.0.4")
		bind = Bind(PROXY)
		connect(bind.where, "127.0.0.3")
		bind.refused(2)
	END
}

@test "UDP ASSOCIATE does not: REP 07, and why" {
	start_upstream
	start_server -x "$UP" --log -
	answers "0500$(error 07) EOF" $HELLO 05030001000000000000
	log_has 1
	[ "$(field end)" = "UDP ASSOCIATE is not passed on to the upstream proxy" ] || fail "$LINE"
}

@test "a client that goes while it is passed on leaves at once" {
	start_fake recv:3 send:0500 recv:10 wait:20000
	start_server -x "$FAKE" --log -
	talk $HELLO "$(request $IP4 80)" wait:100 rst
	log_has 1
	[ "$(field end)" = "client went away" ] || fail "$LINE"
	talk $HELLO "$(request $IP4 80 02)" wait:100 rst
	log_has 2
}

@test "it does not go on: REP 01 within --connect-timeout" {
	start_fake recv:3 wait:20000
	start_server -x "$FAKE" --connect-timeout 200ms --log -
	asks "$(error 01)" $IP4 80
	log_has 1
	[ "$(field end)" = "upstream: method: did not go on in time" ] || fail "$LINE"
}

@test "SIGHUP brings another" {
	start_target echo
	start_upstream
	echo "proxy 127.0.0.1:1" >"$BATS_TEST_TMPDIR/conf"
	chmod 600 "$BATS_TEST_TMPDIR/conf"
	start_server -c "$BATS_TEST_TMPDIR/conf"
	asks "$(error 01)" $IP4 "$TARGET_PORT"
	echo "proxy $UP" >"$BATS_TEST_TMPDIR/conf"
	kill -HUP "$SERVER_PID"
	wait_until 5 has_line "users are read again" "$SERVER_LOG"
	asks "$OK4" $IP4 "$TARGET_PORT"
}

@test "what is no proxy is told at the start" {
	run timeout 10 "$SOCKS5" serve -x http://a:1 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"option --proxy: "* ]] || fail "$output"
	! grep -q "listening" <<<"$output"
}
