#!/usr/bin/env bats
# socks5 udp: datagrams from standard input, answers to standard output.
# check: waits

load ../lib/helper
load ../lib/udp

bats_require_minimum_version 1.5.0

# --- the association ---------------------------------------------------------------------------

@test "R1928-U.3 the request names 0.0.0.0:0, never the target" {
	start_relay udp back
	sends 'x\n' --lines -W 1
	grep -qx 'got 05030001000000000000' "$FAKE_OUT" || fail "it got: $(cat "$FAKE_OUT")"
}

@test "R1928-U.2 an unspecified relay address is replaced by the proxy's" {
	for any in 0.0.0.0 ::; do
		start_relay "udp:$any" back
		sends 'x\n' --lines -W 1
		[ "$output" = x ] || fail "$any: $output"
	done
}

@test "R1928-U.2 --proxy-address sends to the proxy whatever it names" {
	start_relay udp:127.0.0.9 back
	sends 'x\n' --lines -W 1 --proxy-address
	[ "$output" = x ] || fail "$output"
	run udp -x "$FAKE" --lines -w 0.3 127.0.0.1 9 <<<x
	[ "$status" = 1 ] || fail "without the option: $status: $output"
}

@test "over IPv6, and to IPv6 targets" {
	need_ipv6
	start_fake --listen ::1 "${HELD[@]}" udp back
	run udp -x "$FAKE" --lines --from -W 1 ::1 9 <<<x
	[ "$output" = "[::1]:9 x" ] || fail "$output"
	relay_got 00000004000000000000000000000000000000010009"78"
}

@test "R1928-U.23 the loss of the control connection is told at once, and the end" {
	for way in 'close:closed the connection' 'rst:Connection reset by peer'; do
		start_relay udp dgram "${way%%:*}"
		run udp -x "$FAKE" --lines 127.0.0.1 9 < <(echo x; sleep 5)
		[ "$status" = 1 ] || fail "status $status: $output"
		[[ $output == "socks5 udp: proxy $FAKE: "*"${way#*:}, and the association is over" ]] ||
			fail "$output"
	done
}

@test "R1928-U.23 an answer that was waited for counts, whatever comes with it" {
	start_relay udp dgram "answer:${HEADER}22" close
	for _ in 1 2 3 4 5 6 7 8; do
		sends 'x\n' --lines -W 1
		[ "$output" = '"' ] || fail "$output"
	done
}

@test "R1928-U.10 octets on the control connection mean nothing" {
	start_relay udp send:00112233 back
	sends 'x\n' --lines -W 1
	[ "$output" = x ] || fail "$output"
}

@test "R1928-U.18 a relay that is closed is told of once, and ends nothing" {
	start_relay "send:050000017f000001$(printf %04x "$(free_port)")" stall
	run udp -x "$FAKE" --lines -w 0.5 127.0.0.1 9 <<<$'a\nb\nc\nd'
	[ "$status" = 1 ] || fail "status $status: $output"
	[ "${#lines[@]}" = 2 ] || fail "$output"
	[[ ${lines[0]} == "socks5 udp: proxy $FAKE: its relay 127.0.0.1:"*": Connection refused" ]] ||
		fail "$output"
}

@test "a proxy that does no UDP is named, and why" {
	start_relay send:05070001000000000000
	says 17 "proxy $FAKE: request refused: command not supported (REP 07) for UDP; UDP cannot ride over a proxy that does TCP only" \
		-x "$FAKE" 127.0.0.1 9
	start_relay send:05020001000000000000
	says 12 "proxy $FAKE: request refused: * (REP 02) for UDP; the proxy's rules forbid it" \
		-x "$FAKE" 127.0.0.1 9
	start_relay close
	says 4 "proxy $FAKE: reply: proxy closed the connection without a reply; perhaps it does no UDP" \
		-x "$FAKE" 127.0.0.1 9
	start_relay send:050000017f0000010000 stall
	says 4 "proxy $FAKE: reply: proxy named port 0 for its relay" -x "$FAKE" 127.0.0.1 9
}

@test "a proxy that is not there: status 1 and one line" {
	says 1 "proxy 127.0.0.1:1: connect: Connection refused; *" -x 127.0.0.1:1 127.0.0.1 9
}

# --- standard input ----------------------------------------------------------------------------

@test "R1928-U.11 each read is a datagram" {
	start_relay udp back
	run udp -x "$FAKE" -W 2 127.0.0.1 9 < <(
		printf 'one\n'
		wait_until 5 got_dgrams 1
		printf 'two'
	)
	[ "$status" = 0 ] || fail "$output"
	relay_got "$HEADER"6f6e650a "$HEADER"74776f
	[ "$output" = $'one\ntwo' ] || fail "$output"
}

@test "R1928-U.15 --lines: a line is a datagram, an empty one too, the last without newline too" {
	start_relay udp back
	sends 'ab\n\n c ' --lines -W 3
	relay_got "$HEADER"6162 "$HEADER" "$HEADER"206320
	[ "$output" = $'ab\n\n c ' ] || fail "$output"
}

@test "--hex: octets in hex there and back; what is no hex is told and left out" {
	start_relay udp back
	sends '00ff 0A\n\n0\nzz\n61 0\n 7F \r\n' --hex -W 3
	relay_got "$HEADER"00ff0a "$HEADER" "$HEADER"7f
	diff <(printf '%s\n' "$output" | sort) <(sort <<-END
		00ff0a

		7f
		socks5 udp: line 3 is not sent: it is not hex
		socks5 udp: line 4 is not sent: it is not hex
		socks5 udp: line 5 is not sent: it is not hex
	END
	)
}

@test "R1928-U.21 U.22 65497 octets go, one more is told with the limit, and it goes on" {
	local file=$BATS_TEST_TMPDIR/data
	head -c 65497 /dev/urandom >"$file"
	{ hex_of_file "$file"; echo; hex_of_file "$file"; echo 00; echo 61; } >"$file.hex"
	start_relay udp back
	run --separate-stderr udp -x "$FAKE" --hex -W 2 127.0.0.1 9 <"$file.hex"
	[ "$status" = 0 ] || fail "$stderr"
	[ "$stderr" = "socks5 udp: a datagram of 65498 octets is not sent: at most 65497 go to 127.0.0.1:9" ] ||
		fail "$stderr"
	diff <(printf '%s\n' "$output") <(sed 2d "$file.hex") || fail "it came back changed"
}

@test "R1928-U.21 the limit for a name, for IPv6, and directly" {
	local limit=$((65507 - 7 - 7)) file=$BATS_TEST_TMPDIR/hex
	head -c 131018 /dev/zero | tr '\0' 0 >"$file"
	start_relay udp stall
	run udp -x "$FAKE" --hex -q 0 ex.test 9 <"$file"
	[[ $output == *"at most $limit go to ex.test:9"$'\n'* ]] || fail "$output"
	run udp -x "$FAKE" --hex -q 0 ::1 9 <"$file"
	[[ $output == *"at most 65485 go to [::1]:9"$'\n'* ]] || fail "$output"
	run udp --direct --hex -q 0 127.0.0.1 9 <"$file"
	[[ $output == *"at most 65507 go to 127.0.0.1:9"$'\n'* ]] || fail "$output"
}

@test "a read that is too long is told; a file goes in the largest datagrams there are" {
	local file=$BATS_TEST_TMPDIR/data
	start_datagrams
	start_relay udp back
	"$PYTHON" -c 'import os; os.write(1, bytes(65530))' |
		udp -x "$FAKE" -q 0 127.0.0.1 9 2>"$file.err" || [ $? = 1 ]
	[[ $(cat "$file.err") == *"a datagram of 655"*" octets is not sent: at most 65497 go to "* ]] ||
		fail "$(cat "$file.err")"
	head -c 100000 /dev/urandom >"$file"
	udp -x "$FAKE" -W 2 127.0.0.1 9 <"$file" >"$file.back"
	cmp "$file" "$file.back"
	[ "$(grep -c '^dgram ' "$FAKE_OUT")" = 2 ]
}

@test "a line longer than any datagram is told and left out" {
	start_relay udp back
	run udp -x "$FAKE" --lines -W 2 127.0.0.1 9 < <(
		echo a
		head -c 600000 /dev/zero | tr '\0' x
		printf '\nb\n'
	)
	[ "$status" = 0 ] || fail "$output"
	[[ $output == *"line 2 is not sent: it is longer than any datagram"* ]] || fail "$output"
	relay_got "$HEADER"61 "$HEADER"62
}

@test "-d reads nothing" {
	start_relay udp stall
	run udp -x "$FAKE" -d --lines -w 0.3 127.0.0.1 9 <<<x
	[ "$status" = 1 ] || fail "$output"
	! grep dgram "$FAKE_OUT"
}

@test "R1928-F.8 datagrams go whole; --fragment cuts them, and tells when it cannot" {
	start_relay udp dgram dgram dgram stall
	run udp -x "$FAKE" --lines -q 0.2 --fragment 2 127.0.0.1 9 <<<abcde
	[ "$status" = 0 ] || fail "$output"
	relay_got 000001017f00000100096162 000002017f00000100096364 000083017f000001000965
	start_relay udp stall
	run udp -x "$FAKE" --lines -q 0 --fragment 2 127.0.0.1 9 < <(printf 'x%.0s' {1..255})
	[[ $output == *"a datagram of 255 octets is not sent: at most 254 go to 127.0.0.1:9 in 127 fragments"$'\n'* ]] ||
		fail "$output"
	says 2 "--fragment needs a proxy" --direct --fragment 2 127.0.0.1 9
}

# --- answers -----------------------------------------------------------------------------------

@test "R1928-U.20 only the relay is heard" {
	start_relay udp dgram "stranger:${HEADER}21" "answer:${HEADER}22" stall
	sends 'x\n' --lines -W 1
	[ "$output" = '"' ] || fail "$output"
}

@test "R1928-U.11 what the relay sends and is no datagram is dropped, and told with -v" {
	start_relay udp dgram answer: answer:0000 "answer:0001${HEADER#0000}21" \
		answer:000000097f000001000921 "answer:${HEADER}22" stall
	run --separate-stderr udp -v -x "$FAKE" --lines -W 1 127.0.0.1 9 <<<x
	[ "$output" = '"' ] || fail "$output"
	[ "$(grep -c 'a datagram was dropped: ' <<<"$stderr")" = 4 ] || fail "$stderr"
}

@test "R1928-U.13 answers of others are written, and --from tells whose" {
	start_relay udp dgram answer:000000017f00000900056869 \
		answer:0000000400000000000000000000000000000001000668 stall
	sends 'x\n' --lines --from -W 2
	[ "$output" = $'127.0.0.9:5 hi\n[::1]:6 h' ] || fail "$output"
	sends 'x' --from -W 2
	[ "$output" = "127.0.0.9:5: hi[::1]:6: h" ] || fail "$output"
	sends '78' --hex --from -W 2
	[ "$output" = $'127.0.0.9:5 6869\n[::1]:6 68' ] || fail "$output"
}

@test "-w: status 0 when there was an answer, else 1 and why" {
	start_relay udp back
	sends 'x\n' --lines -w 0.3
	[ "$output" = x ] || fail "$output"
	start_relay udp stall
	local said="socks5 udp: 127.0.0.1:9: no answer within 300 ms (-w)"
	run udp -x "$FAKE" -w 0.3 127.0.0.1 9 <<<x
	[ "$status" = 1 ] || fail "status $status"
	[ "$output" = "$said; a proxy drops what it may not send without telling" ] || fail "$output"
}

@test "input that holds no datagram ends it at once, and nothing was sent" {
	local unsent="nothing was sent: standard input held no datagram that can go"
	start_relay udp stall
	says 1 "nothing was sent: standard input was empty" -x "$FAKE" 127.0.0.1 9
	run udp -x "$FAKE" 127.0.0.1 9 < <(head -c 65530 /dev/zero)
	[[ $status == 1 && $output != *empty* ]] || fail "$status: $output"
	run udp -x "$FAKE" --hex 127.0.0.1 9 <<<zz
	[ "$status" = 1 ] || fail "status $status"
	[ "${lines[0]}" = "socks5 udp: line 1 is not sent: it is not hex" ] || fail "$output"
	[ "${lines[1]}" = "socks5 udp: $unsent" ] || fail "$output"
	! grep dgram "$FAKE_OUT"
}

@test "-q ends so long after standard input; without it the answer is waited for" {
	start_relay udp dgram wait:700 "answer:${HEADER}22" stall
	sends 'x\n' --lines -q 0
	[ -z "$output" ] || fail "$output"
	sends 'x\n' --lines -W 1
	[ "$output" = '"' ] || fail "$output"
}

@test "a reader of standard output that goes is no message" {
	start_relay udp back
	{ yes | head -n 20; sleep 5; } | udp -x "$FAKE" --lines 127.0.0.1 9 2>"$BATS_TEST_TMPDIR/err" |
		head -n 1 >"$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = y ]
	[ ! -s "$BATS_TEST_TMPDIR/err" ] || fail "$(cat "$BATS_TEST_TMPDIR/err")"
}

@test "a full device is told" {
	start_relay udp back
	status=0
	udp -x "$FAKE" --lines 127.0.0.1 9 <<<x >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" = 1 ]
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = "socks5 udp: standard output: No space left on device" ]
}

@test "SIGINT is the death that it says" {
	start_relay udp back
	spawn "$SOCKS5" udp -v -d -x "$FAKE" 127.0.0.1 9
	wait_until 5 has_line 'its relay is' "$ERR"
	# A background job ignores SIGINT by inheritance; SIGTERM shows the same.
	kill -TERM "$PID"
	status=0
	wait "$PID" || status=$?
	[ "$status" = 143 ] || fail "status $status"
}

# --- which way ---------------------------------------------------------------------------------

@test "--direct: plain datagrams, by address and by name" {
	start_datagrams
	run udp --direct --lines --from -W 1 "$TARGET" <<<hello
	[ "$output" = "$TARGET hello" ] || fail "$output"
	run udp --direct -4 --lines -W 1 localhost "$TARGET_PORT" <<<hello
	[ "$output" = hello ] || fail "$output"
	says 2 "option --numeric: *" --direct -n localhost 9
}

@test "--direct to a closed port: it is told, and no answer comes" {
	local port
	port=$(free_port)
	run udp --direct --lines -w 0.3 127.0.0.1 "$port" <<<x
	[ "$status" = 1 ]
	[ "${lines[0]}" = "socks5 udp: 127.0.0.1:$port: Connection refused; nobody listens there" ] || fail "$output"
	[ "${lines[1]}" = "socks5 udp: 127.0.0.1:$port: no answer within 300 ms (-w)" ] || fail "$output"
}

@test "names go to the proxy; --dns local resolves them here" {
	start_relay udp back
	run udp -x "$FAKE" --lines -W 1 localhost 9 <<<x
	relay_got 00000003096c6f63616c686f7374000978
	start_relay udp back
	run udp -x "$FAKE" --dns local -4 --lines -W 1 localhost 9 <<<x
	relay_got "$HEADER"78
}

@test "a chain: a header for each hop, and each proxy by CONNECT through those before" {
	start_relay udp back next "${HELD[@]}" send:050000017f0000010001 \
		"${HELD[@]}" send:050000017f0000021234 stall
	run udp -x "$FAKE" -x 127.0.0.2:1081 --lines --from -W 1 127.0.0.1 9 <<<x
	[ "$status" = 0 ] || fail "$output"
	[ "$output" = "127.0.0.1:9 x" ] || fail "$output"
	relay_got "000000017f0000021234${HEADER}78"
	grep -qx 'got 050100017f0000020439' "$FAKE_OUT" || fail "$(cat "$FAKE_OUT")"
}

@test "a chain: the hop that does no UDP is named" {
	start_relay udp stall next "${HELD[@]}" send:050000017f0000010001 \
		"${HELD[@]}" send:05070001000000000000
	says 17 "proxy 127.0.0.2:1081 (hop 2 of 2): request refused: * (REP 07) for UDP; UDP cannot *" \
		-x "$FAKE" -x 127.0.0.2:1081 127.0.0.1 9
	start_relay send:05070001000000000000
	says 17 "proxy $FAKE (hop 1 of 2): request refused: * (REP 07) for UDP; UDP cannot ride *" \
		-x "$FAKE" -x 127.0.0.2:1081 127.0.0.1 9
}

@test "R1928-U.20 a chain: only the next relay is heard" {
	start_relay udp dgram "answer:000000017f0000021235${HEADER}21" \
		"answer:000000017f0000021234${HEADER}22" stall next "${HELD[@]}" \
		send:050000017f0000010001 "${HELD[@]}" send:050000017f0000021234 stall
	run udp -x "$FAKE" -x 127.0.0.2:1081 --lines -W 1 127.0.0.1 9 <<<x
	[ "$output" = '"' ] || fail "$output"
}

@test "-s and -p: where datagrams come from" {
	local port
	start_datagrams
	port=$(free_port)
	run udp --direct -s 127.0.0.5 -p "$port" --lines -W 1 "$TARGET" <<<x
	[ "$status" = 0 ] || fail "$output"
	grep -qx "127.0.0.5:$port" "$TARGET_OUT" || fail "$(cat "$TARGET_OUT")"
	says 2 "option --source: 'x' is no address" -s x 127.0.0.1 9
}

@test "wrong lines" {
	says 2 "HOST and PORT are missing; usage: *"
	says 2 "PORT is missing; usage: *" host
	says 2 "a range of ports is no target for datagrams" host 1-2
	says 2 "--lines and --hex exclude each other" --lines --hex host 1
	says 2 "--lines, --hex, * not for --listen" -L 0 -W 1 host 1
	says 2 "--source-port is for one association*" -L 0 -p 9 host 1
	says 2 "option --listen: *" -L x:0 -x 127.0.0.1:1 127.0.0.1 9
	says 2 "option --fragment: *" --fragment 0 host 1
}

@test "-v tells each phase with its time, -vv every datagram" {
	start_relay udp back
	run --separate-stderr udp -v -x "$FAKE" --lines -W 1 127.0.0.1 9 <<<x
	grep -qE '^socks5 udp: [0-9.]+ ms: connected to proxy' <<<"$stderr" || fail "$stderr"
	grep -qF "proxy $FAKE: its relay is 127.0.0.1:" <<<"$stderr" || fail "$stderr"
	! grep -q datagram, <<<"$stderr" || fail "$stderr"
	run --separate-stderr udp -vv -x "$FAKE" --lines -W 1 127.0.0.1 9 <<<x
	grep -qE " to the relay of proxy $FAKE: datagram, 11 octets" <<<"$stderr" || fail "$stderr"
	grep -qE " from the relay of proxy $FAKE: datagram, 11 octets" <<<"$stderr" || fail "$stderr"
	grep -qE '  10 data: 78$' <<<"$stderr" || fail "$stderr"
}
