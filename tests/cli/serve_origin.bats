#!/usr/bin/env bats
# socks5 serve --accept-proxy: the client is whom a balancer's header names.

load ../lib/helper
load ../lib/serve

V2=0d0a0d0a000d0a515549540a

# v1 ADDRESS [PORT]: the line of version 1, in hex.
v1() {
	local kind=TCP4 to=127.0.0.1
	[[ $1 != *:* ]] || kind=TCP6 to=::1
	hex_of "PROXY $kind $1 $to ${2:-4242} 1080"$'\r\n'
}

@test "version 1 and 2, alone and glued to what follows, octet by octet: the log has the client" {
	start_target echo
	start_server --accept-proxy --open --deny to=10.0.0.0/8 --allow to=loopback --log -
	answers "0500$OK4 EOF" "$(v1 203.0.113.7)$HELLO$(request $IP4 "$TARGET_PORT")" eof
	log_has 1
	[ "$(field client)" = 203.0.113.7:4242 ] || fail "$LINE"
	answers "0500$OK4 EOF" "split:$(v1 2001:db8::7 1)" "$HELLO" "$(request $IP4 "$TARGET_PORT")" eof
	log_has 2
	[ "$(field client)" = "[2001:db8::7]:1" ] || fail "$LINE"
	answers "0500$OK4 EOF" "split:${V2}2111000fcb0071077f00000110920438030000" "$HELLO" \
		"$(request $IP4 "$TARGET_PORT")" eof
	log_has 3
	[ "$(field client)" = 203.0.113.7:4242 ] || fail "$LINE"
	# Of its own, or without saying whose: what is seen.
	answers "0500$OK4 EOF" "${V2}20000000$HELLO" "$(request $IP4 "$TARGET_PORT")" eof
	log_has 4
	[[ $(field client) == 127.0.0.1:* ]] || fail "$LINE"
	answers "0500$OK4 EOF" "$(hex_of $'PROXY UNKNOWN\r\n')$HELLO" "$(request $IP4 "$TARGET_PORT")" eof
	log_has 5
	[[ $(field client) == 127.0.0.1:* ]] || fail "$LINE"
}

@test "an IPv4 address in IPv6 clothes is the IPv4 address, for the log, rules and limits" {
	start_server --accept-proxy --open --deny from=203.0.113.7 --log -
	answers "0500$(error 02) EOF" \
		"${V2}2121002400000000000000000000ffffcb00710700000000000000000000ffff7f00000110920438" \
		"$HELLO$(request $IP4 80)"
	log_has 1
	[ "$(field client)" = 203.0.113.7:4242 ] || fail "$LINE"
}

@test "a long header comes octet by octet through a Unix socket, too" {
	local tlv
	printf -v tlv '%0512d' 0
	LISTEN=unix:$BATS_TEST_TMPDIR/s start_server --accept-proxy --open --log -
	answers "0500$(error 02) EOF" "split:${V2}2111010ccb0071077f0000011092043804${tlv:0:510}" "$HELLO$(request $IP4 80)"
	log_has 1
	[ "$(field client)" = 203.0.113.7:4242 ] || fail "$LINE"
}

@test "rules, the guard and limits are about the client that is named" {
	start_target echo
	start_server --accept-proxy --open --deny from=203.0.113.7 --max-per-client 1 --log -
	answers "0500$(error 02) EOF" "$(v1 203.0.113.7)$HELLO$(request 01c6336401 80)"
	answers "0500$(error 02) EOF" "$(v1 203.0.113.8)$HELLO$(request $IP4 "$TARGET_PORT")"
	log_has 2
	[ "$(field client) $(field end)" = "203.0.113.8:4242 denied: no rule allows it" ] || fail "$LINE"
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" "$(v1 203.0.113.9)$HELLO" recv:10
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" "$(v1 203.0.113.10)$HELLO" recv:10
	sleep 0.2
	answers " @(EOF|RST)" "$(v1 203.0.113.9)$HELLO" wait:100
	log_has 3
	[[ $(field end) == *"as many sessions as one may" ]] || fail "$LINE"
	has_line 'max-per-client' "$SERVER_LOG"
	# Not the balancer's: it may come as often as it likes.
	answers "0500 EOF" "${V2}20000000$HELLO" eof
	answers "0500 EOF" "$(v1 203.0.113.11)$HELLO" eof
}

@test "what is no header ends it at once; what does not come in time, then" {
	start_server --accept-proxy --open --handshake-timeout 300ms --log -
	local number=0 case
	for case in "$HELLO" "$(hex_of $'GET / HTTP/1.1\r\n\r\n')" "$(hex_of $'PROXY TCP4 1 2 3 4\r\n')" "${V2}22110000"; do
		answers ' @(EOF|RST)' "$case"
		number=$((number + 1))
		log_has $number
		[[ $(field end) == "PROXY header: "* ]] || fail "$case: $LINE"
	done
	answers ' @(EOF|RST)' "$(hex_of 'PROXY TCP4 203.0')"
	log_has 5
	[ "$(field end)" = "PROXY header: client did not go on in time" ] || fail "$LINE"
	answers ' @(EOF|RST)' "$(hex_of 'PROXY TCP4 203.0')" eof
	log_has 6
	[ "$(field end)" = "PROXY header: client closed in the middle of it" ] || fail "$LINE"
	answers ' @(EOF|RST)' eof
	log_has 7
	[ "$(field end)" = "PROXY header: client closed" ] || fail "$LINE"
}

@test "nobody becomes a program on this machine by saying so" {
	need_net
	net ip address add 203.0.113.7/32 dev lo
	LISTEN=203.0.113.7:0 start_server --accept-proxy --open --log -
	FROM=203.0.113.7 answers ' @(EOF|RST)' "$(v1 127.0.0.1)$HELLO"
	log_has 1
	[ "$(field end)" = "PROXY header: a loopback address, which came from elsewhere" ] || fail "$LINE"
	FROM=203.0.113.7 answers ' @(EOF|RST)' "${V2}21210024$(printf '0%.0s' {1..31})1$(printf '0%.0s' {1..31})110920438$HELLO"
	log_has 2
}

@test "behind a balancer on this machine come others: without authentication it is refused" {
	run timeout 10 "$SOCKS5" serve --accept-proxy 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"127.0.0.1:0 refused: it would serve other machines"* ]] || fail "$output"
	run timeout 10 "$SOCKS5" serve --accept-proxy "unix:$BATS_TEST_TMPDIR/s"
	[ "$status" = 2 ]
	[[ $output == *"unix:$BATS_TEST_TMPDIR/s refused: it would serve other machines"* ]] || fail "$output"
	start_server --accept-proxy -u joe:x
}

@test "haproxy sends it: version 1 and 2, over TCP and a Unix socket" {
	local kind
	need haproxy curl nc
	start_web
	LISTEN=unix:$BATS_TEST_TMPDIR/s start_server --accept-proxy --open --allow to=loopback \
		--log - 127.0.0.1:0
	local port
	port=$(sed -n 's/.*listening on 127.0.0.1://p' "$SERVER_LOG")
	wait_until 5 has_line 'listening on 127' "$SERVER_LOG"
	for kind in "127.0.0.1:$port send-proxy" "127.0.0.1:$port send-proxy-v2" \
		"unix@$BATS_TEST_TMPDIR/s send-proxy-v2"; do
		cat >"$BATS_TEST_TMPDIR/haproxy.cfg" <<-END
			defaults
				mode tcp
				timeout connect 5s
				timeout client 5s
				timeout server 5s
			listen socks
				bind 127.0.0.1:$(free_port)
				server one $kind
		END
		local front
		front=$(sed -n 's/.*bind //p' "$BATS_TEST_TMPDIR/haproxy.cfg")
		spawn haproxy -db -f "$BATS_TEST_TMPDIR/haproxy.cfg"
		wait_until 5 nc -z "${front%:*}" "${front#*:}" || fail "$(cat "$ERR")"
		run curl -s --interface 127.0.0.9 -x "socks5://$front" "http://$WEB/"
		[ "$output" = "hello from target" ] || fail "$kind: $output $(cat "$SERVER_OUT")"
		wait_until 5 has_line "client=127.0.0.9:" "$SERVER_OUT" || fail "$kind: $(cat "$SERVER_OUT")"
		: >"$SERVER_OUT"
		kill "$PID"
	done
}
