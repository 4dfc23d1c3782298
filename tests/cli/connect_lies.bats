#!/usr/bin/env bats
# socks5 connect and a proxy that lies, stalls or dies: a clear line and the right status each time.

load ../lib/helper
load ../lib/connect

setup() {
	WITH=()
}

# --- the method --------------------------------------------------------------------------------

@test "R1928-3.1 3.16 the hello is 05 01 00, and nothing goes before the answer" {
	lied_to 4 'method: proxy closed *' hello wait:300 eof stall
	got_only "got 050100 eof"
}

@test "R1928-3.7 no acceptable method: status 3, nothing more is sent" {
	lied_to 3 'method: proxy accepts no method (offered: none); does it want a user (-u), or a ticket (--auth gssapi)?' \
		hello send:05ff stall
	got_only "got 050100 eof"
	WITH=(-u joe:pw)
	lied_to 3 'method: proxy accepts no method (offered: userpass); it may want --auth none, or a ticket (--auth gssapi)' \
		hello send:05ff stall
	got_only "got 050102 eof"
	WITH=(-u joe:pw --auth none)
	lied_to 3 'method: proxy accepts no method (offered: none); it may want --auth userpass' \
		hello send:05ff stall
	got_only "got 050100 eof"
}

@test "R1928-3.8 a method that was not offered: status 4, no credentials are sent" {
	lied_to 4 'method: proxy chose userpass (02), which was not offered (none was)' \
		hello send:0502 stall
	got_only "got 050100 eof"
	lied_to 4 'method: proxy chose gssapi (01), which was not offered (none was)' \
		hello send:0501 stall
	got_only "got 050100 eof"
	lied_to 4 'method: proxy chose gost tls (80), *' hello send:0580 stall
	WITH=(-u joe:pw)
	lied_to 4 'method: proxy chose gssapi (01), which was not offered (userpass was)' \
		hello send:0501 stall
	got_only "got 050102 eof"
}

@test "R1928-3.10 with a user a proxy that chooses none is a downgrade: status 4" {
	WITH=(-u joe:pw)
	lied_to 4 'method: proxy chose none (00), which was not offered (userpass was); to go *' \
		hello send:0500 stall
	got_only "got 050102 eof"
}

@test "R1928-3.9 an answer that is not SOCKS5: status 4, and how it begins" {
	lied_to 4 "method: proxy answered 'HTTP/1.1 400 Bad': version is not 05; is it a SOCKS5 proxy?" \
		hello send:485454502f312e312034303020426164205265710d0a stall
	lied_to 4 "method: proxy answered '\\\\x00\\[': version is not 05; perhaps a SOCKS4 proxy" \
		hello send:005b stall
	lied_to 4 "method: proxy answered '\\\\x04\\\\x00': version is not 05; perhaps a SOCKS4 proxy" \
		hello send:0400 stall
	got_only "got 050100 eof"
}

@test "the proxy closes at once, before or in the middle of its choice: status 4" {
	lied_to 4 'method: proxy closed the connection without an answer; is it a SOCKS5 proxy, or is it full?' \
		hello close
	lied_to 4 'method: proxy closed the connection in the middle of an answer; *' \
		hello send:05 close
}

@test "the proxy resets the connection: status 1" {
	lied_to 1 'method: Connection reset by peer' hello rst
	lied_to 1 'reply: Connection reset by peer' "${HELD[@]}" rst
}

# --- credentials -------------------------------------------------------------------------------

@test "R1929-1 12 credentials as RFC 1929 has them, the request only after 01 00" {
	WITH=(-u us:pw)
	lied_to 4 'credentials: proxy closed *' hello send:0502 auth wait:300 eof stall
	got "got 01027573027077"
	got_only "got 050102 got 01027573027077 eof"
}

@test "R1929-2 an empty password goes as PLEN 00" {
	WITH=(-u us:)
	lied_to 3 'credentials: *' hello send:0502 auth send:0101 stall
	got_only "got 050102 got 0102757300 eof"
}

@test "R1929-7 any status but 00 is a refusal: status 3, no request follows" {
	WITH=(-u joe:pw)
	for code in 01 02 7f ff; do
		lied_to 3 "credentials: proxy refused user 'joe' or the password (status $code); check -u and --password" \
			hello send:0502 auth send:01$code stall
		got_only "got 050102 got 01036a6f65027077 eof"
	done
}

@test "R1929-8 the version of the status does not matter; -vv says that it is wrong" {
	start_echo
	start_fake "${NAMED[@]/send:0100/send:0500}" "send:${OK4}0001" echo
	run connect -vv -u joe:pw -x "$FAKE" 127.0.0.1:9 < <(echo hi)
	[ "$status" = 0 ] || fail "$output"
	[[ $output == *"note at 0: sub-negotiation version is not 01 (RFC 1929 2)"*hi* ]] ||
		fail "$output"
}

@test "the proxy closes instead of judging the credentials: status 4" {
	WITH=(-u joe:pw)
	lied_to 4 'credentials: proxy closed the connection without an answer; wrong password?' \
		hello send:0502 auth close
	lied_to 4 'credentials: proxy closed the connection in the middle of an answer; *' \
		hello send:0502 auth send:01 close
}

@test "credentials accepted, request refused: both are said" {
	WITH=(-u joe:pw)
	lied_to 12 'request refused: not allowed by ruleset (REP 02) for 127.0.0.1:9; *; the password was accepted' \
		"${NAMED[@]}" "send:0502000100000000""0000" stall
}

# --- the reply ---------------------------------------------------------------------------------

@test "R1928-6.16 every failure by name and number, the status is 10 + REP up to 255" {
	lied_to 11 "request refused: general failure (REP 01) for 127.0.0.1:9; the proxy's log may say why" "${HELD[@]}" send:05010001000000000000
	lied_to 12 "request refused: not allowed by ruleset (REP 02) for 127.0.0.1:9; the proxy's rules forbid it, or it is the proxy itself" "${HELD[@]}" \
		send:05020001000000000000
	lied_to 13 "request refused: network unreachable (REP 03) for 127.0.0.1:9; the proxy has no way to that network" "${HELD[@]}" \
		send:05030001000000000000
	lied_to 14 "request refused: host unreachable (REP 04) for 127.0.0.1:9; is the host up?" "${HELD[@]}" \
		send:05040001000000000000
	lied_to 15 "request refused: connection refused (REP 05) for 127.0.0.1:9; nobody listens there" "${HELD[@]}" \
		send:05050001000000000000
	lied_to 16 "request refused: TTL expired (REP 06) for 127.0.0.1:9; it is too far away, or did not answer in time" "${HELD[@]}" send:05060001000000000000
	lied_to 17 "request refused: command not supported (REP 07) for 127.0.0.1:9; the proxy does not do this for anybody" "${HELD[@]}" \
		send:05070001000000000000
	lied_to 18 "request refused: address type not supported (REP 08) for 127.0.0.1:9; try a name, or the other family" "${HELD[@]}" \
		send:05080001000000000000
	lied_to 19 "request refused: unassigned (REP 09) for 127.0.0.1:9" "${HELD[@]}" send:05090001000000000000
	lied_to 255 "request refused: unassigned (REP ff) for 127.0.0.1:9" "${HELD[@]}" send:05ff0001000000000000
}

@test "a refusal names the target, and what may be done about it depends on its kind" {
	start_fake "${HELD[@]}" send:0504
	says 14 "proxy $FAKE: request refused: host unreachable (REP 04) for nosuch.invalid:1; is the \
name spelled right, and can the proxy resolve it?" -x "$FAKE" nosuch.invalid 1
	start_fake "${HELD[@]}" send:0508
	says 18 "proxy $FAKE: request refused: address type not supported (REP 08) for x.invalid:1; \
try --dns local" -x "$FAKE" x.invalid 1
}

@test "R1928-6.16 tor's own codes are named" {
	local names=("onion descriptor not found" "onion descriptor invalid" "introduction failed"
		"rendezvous failed" "client authorization missing" "client authorization wrong"
		"invalid onion address" "introduction timed out") code
	for code in 0 1 2 3 4 5 6 7; do
		lied_to "$((250 + (code < 5 ? code : 5)))" \
			"request refused: tor: ${names[code]} (REP f$code) for 127.0.0.1:9" \
			"${HELD[@]}" "send:05f${code}0001000000000000" stall
	done
}

@test "R1928-6.15 two octets tell a failure, even when the rest never comes" {
	BEGAN=$(ms_now)
	lied_to 15 "request refused: connection refused (REP 05) for 127.0.0.1:9; nobody listens there" "${HELD[@]}" send:0505 stall
	lied_to 15 "request refused: connection refused (REP 05) for 127.0.0.1:9; nobody listens there" "${HELD[@]}" send:0505 close
	took 0 9000
	lied_to 11 "request refused: general failure (REP 01) for 127.0.0.1:9; the proxy's log may say why" "${HELD[@]}" send:05010009 stall
	lied_to 15 "request refused: connection refused (REP 05) for 127.0.0.1:9; nobody listens there" "${HELD[@]}" \
		split:20 send:05050001000000000000 stall
}

@test "R1928-6.14 no version 05, or an unknown address type in a success: status 4" {
	lied_to 4 "reply: proxy answered '\\\\x04\\\\x00*': version is not 05" "${HELD[@]}" \
		send:04000001000000000000 stall
	lied_to 4 "reply: proxy answered 'HTTP*': version is not 05" "${HELD[@]}" \
		send:485454502f312e3120 stall
	lied_to 4 "reply: proxy answered '*': address type is not 01, 03 or 04" "${HELD[@]}" \
		send:05000002000000000000 stall
}

@test "R1928-6.18 the end instead of a reply: status 4, its own message" {
	lied_to 4 'reply: proxy closed the connection without a reply; perhaps it cannot reach the target' \
		"${HELD[@]}" close
	lied_to 4 'reply: proxy closed the connection in the middle of a reply; *' \
		"${HELD[@]}" send:0500 close
	lied_to 4 'reply: proxy closed the connection in the middle of a reply; *' \
		"${HELD[@]}" "send:${OK4}00" close
}

# passes HEX: a reply, after which the stream is what follows it and nothing less or more.
passes() {
	start_fake "${HELD[@]}" "$@" send:68656c6c6f0a
	run connect -d -w 5 -x "$FAKE" 127.0.0.1:9
	[ "$status:$output" = 0:hello ] || fail "$1: $status: $output"
}

@test "R1928-6.12 6.13 6.19 bound addresses of every kind and length, hello glued to the reply" {
	local n name=
	for n in 1 2 3 4 16 63 64 127 128 250 251 252 253 254 255; do
		name=$(printf '78%.0s' $(seq "$n"))
		start_fake "${HELD[@]}" "send:05000003$(printf %02x "$n")${name}005068656c6c6f0a"
		run connect -d -w 5 -x "$FAKE" 127.0.0.1:9
		[ "$status:$output" = 0:hello ] || fail "$n octets: $status: $output"
	done
	passes send:050000030000"50"
	passes send:050000010000"00000000"
	passes send:05000004"00000000000000000000000000000000""0000"
}

@test "R1928-6.12 replies octet by octet, of every kind" {
	passes split:3 send:05000001"00000000""0050"
	passes split:3 send:0500000300"0050"
	passes split:3 send:05000003"03616263""0050"
	passes split:3 send:05000004"20010db8000000000000000000000001""0050"
}

@test "R1928-6.12 the whole dialogue octet by octet, with credentials" {
	start_fake split:3 "${NAMED[@]}" "send:${OK4}000168656c6c6f0a"
	run connect -d -w 5 -u joe:pw -x "$FAKE" 127.0.0.1:9
	[ "$status:$output" = 0:hello ] || fail "$status: $output"
}

@test "R1928-6.13 60,000 octets glued to the reply arrive unchanged" {
	random_file data 60000
	start_fake "${HELD[@]}" "send:${OK4}0001$(hex_of_file "$BATS_TEST_TMPDIR/data")"
	connect -d -w 5 -x "$FAKE" 127.0.0.1:9 >"$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/back"
}

@test "R1928-6.17 RSV other than 00 in a reply is ignored" {
	passes send:05007f01000000000050
}

# --- time --------------------------------------------------------------------------------------

# stalls PHASE STEP...: at that phase, for longer than -w.
stalls() {
	local phase=$1 text='no answer within 300 ms; -w waits longer'
	shift
	start_fake "$@" stall
	BEGAN=$(ms_now)
	says 1 "proxy $FAKE: $phase: ${STALL:-$text}" "${WITH[@]}" -w 300ms -x "$FAKE" 127.0.0.1:9
	took 300 9000
}

@test "R1928-6.20 a proxy that stalls at each phase: status 1 when -w is over" {
	stalls reply "${HELD[@]}"
	WITH=(-u joe:pw)
	stalls credentials hello send:0502 auth
	STALL='no answer within 300 ms; -w waits longer; is it a SOCKS5 proxy?'
	stalls method hello
	STALL='no whole answer within 300 ms; -w waits longer; is it a SOCKS5 proxy?'
	stalls method hello send:05
	STALL='no whole answer within 300 ms; -w waits longer'
	stalls credentials hello send:0502 auth send:01
	stalls reply "${NAMED[@]}" "send:${OK4}"
}

@test "R1928-6.20 the deadline is one for a phase, whatever the octets' pace" {
	start_fake "${HELD[@]}" split:100 "send:05000003ff$(printf '78%.0s' $(seq 200))"
	BEGAN=$(ms_now)
	says 1 "proxy $FAKE: reply: no whole answer within 1 s; *" -w 1 -x "$FAKE" 127.0.0.1:9
	took 1000 9000
}

@test "-w takes no time below 0, and 0 is no limit" {
	says 2 "option --timeout: '-1' is not a duration: *" -w -1 127.0.0.1 9
	start_fake hello wait:500 send:0500 request "send:${OK4}0001" send:"68690a"
	run connect -d -w 0 -x "$FAKE" 127.0.0.1:9
	[ "$status:$output" = 0:hi ] || fail "$status: $output"
}

@test "-w counts anew for each phase" {
	start_fake hello wait:700 send:0500 request wait:700 "send:${OK4}0001" send:"68690a"
	run connect -d -w 1 -x "$FAKE" 127.0.0.1:9
	[ "$status:$output" = 0:hi ] || fail "$status: $output"
}

@test "nobody takes the connection: status 1 when -w is over" {
	spawn_saying "$PYTHON" "$LIB/target.py" full
	says 1 "proxy $SAID: connect: no answer within 300 ms; -w waits longer" -w 300ms -x "$SAID" \
		127.0.0.1:9
	says 1 "$SAID: connect: no answer within 300 ms; -w waits longer" -w 300ms --direct "$SAID"
}
