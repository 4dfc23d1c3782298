#!/usr/bin/env bats
# socks5 serve: the dialogue, octet for octet: hello, choice, request. Replies and targets are in
# serve_reply.bats, credentials in serve_auth.bats.

load ../lib/helper
load ../lib/serve

GOLDEN=$REPO/tests/golden/vectors

# vectors FILE: what the client sends, a message a line, asking for the target's port.
vectors() {
	sed -n 's/^C: //p' "$GOLDEN/$1" |
		sed "s/4650\\(6869\\)\\?\$/$(printf %04x "$TARGET_PORT")\\1/"
}

@test "R1928-3.2 4.17 hello, request and payload octet by octet" {
	start_target echo
	start_server
	answers "0500${OK4}6869 EOF" "split:$HELLO$(request $IP4 "$TARGET_PORT")6869" eof
	answers "0500${OK4}6869 EOF" "split:$HELLO" recv:2 \
		"split:$(request "$(name_of localhost)" "$TARGET_PORT")6869" eof
}

@test "R1928-3.15 4.17 hello, request and payload in one segment" {
	start_target echo
	start_server
	answers "0500${OK4}6869 EOF" "$HELLO$(request $IP4 "$TARGET_PORT")6869" eof
	answers "0500${OK4} EOF" "$HELLO$(request $IP4 "$TARGET_PORT")" eof
}

@test "R1928-3.15 hello, credentials, request and payload in one segment" {
	start_target echo
	start_server -u us:pw
	answers "05020100${OK4}6869 EOF" \
		"$HELLO_USER$(login us pw)$(request $IP4 "$TARGET_PORT")6869" eof
	answers "05020100${OK4}6869 EOF" \
		"split:$HELLO_USER$(login us pw)$(request $IP4 "$TARGET_PORT")6869" eof
}

@test "R1928-3.15 vectors 52 and 53: pipelined, without and with credentials" {
	start_target echo
	start_server --auth none,userpass -u us:pw
	answers "0500${OK4}6869 EOF" "$(vectors 52-pipelined.hex)" eof
	answers "05020100${OK4} EOF" "$(vectors 53-pipelined-userpass.hex)" eof
}

@test "R1928-3.3 another protocol gets no SOCKS answer; SOCKS4 its own refusal" {
	start_server
	answers " EOF" text:$'GET / HTTP/1.0\r\n\r\n'
	answers " EOF" 00
	answers " EOF" ff00ff
	answers " EOF" 16030100
	answers "005b000000000000 EOF" 040100507f00000100
	answers "005b000000000000 EOF" 04
}

@test "R1928-3.4 no method offered: 05 ff and the end" {
	start_server
	answers "05ff EOF" 0500
	answers "05ff EOF" "0500$(request $IP4 1)"
}

@test "R1928-3.5 the choice is two octets, and a method that was offered" {
	start_server --auth none,userpass -u us:pw
	answers "0500 EOF" 050100 eof
	answers "0502 EOF" 050102 eof
	answers "0500 EOF" 05020200 eof
	answers "05ff EOF" 050101
}

@test "R1928-3.6 nothing acceptable: 05 ff, the end, and nothing that follows is read" {
	start_target echo
	start_server --log -
	PATIENCE=1 answers "05ff EOF" "050180$(request $IP4 "$TARGET_PORT")6869"
	answers "05ff EOF" 05020102 recv:2 wait:50 "$HELLO$(request $IP4 "$TARGET_PORT")"
	came 0
	log_has 2
	[ "$(field end)" = "no acceptable method" ] || fail "$LINE"
}

@test "R1928-3.14 unknown and repeated methods are passed over, all 255 read" {
	local i all=
	start_server
	answers "0500 EOF" 05ff '80*254' 00 eof
	answers "0500 EOF" 0504fefe0000 eof
	for i in {255..1}; do
		all+=$(printf %02x "$i")
	done
	answers "05ff EOF" "05ff$all"
	answers "0500 EOF" "05ff${all%01}00" eof
}

@test "R1928-3.17 4.6 a request of another version: REP 01 and the end" {
	start_target echo
	start_server
	answers "0500$(error 01) EOF" "$HELLO" "$(login us pw)"
	answers "0500$(error 01) EOF" "$HELLO" "0401$(printf %04x "$TARGET_PORT")7f00000100"
	answers "0500$(error 01) EOF" "$HELLO" "01010001"
	came 0
}

@test "R1928-4.7 RSV is passed over" {
	local rsv
	start_target echo
	start_server
	for rsv in 01 7f ff; do
		answers "0500$OK4 EOF" "$HELLO" "0501$rsv$IP4$(printf %04x "$TARGET_PORT")" eof
	done
}

@test "R1928-4.8 an unknown command: REP 07 and the end" {
	local command
	start_target echo
	start_server
	for command in 00 04 09 f0 ff; do
		answers "0500$(error 07) EOF" "$HELLO" "$(request $IP4 "$TARGET_PORT" $command)"
	done
	came 0
}

@test "R1928-4.9 an unknown address type: REP 08 at once, after four octets" {
	local atyp
	start_server
	for atyp in 00 02 05 ff; do
		answers "0500$(error 08) EOF" "$HELLO" "050100$atyp"
	done
}

@test "R1928-4.10 4.11 a bad name: REP 01, nobody is asked, the log stays one line" {
	local octet
	start_dns 'localhost=A:127.0.0.1'
	start_target echo
	start_server --resolver "$DNS" --log -
	asks "$(error 01)" 0300 "$TARGET_PORT"
	for octet in 00 01 09 0a 0d 1b 20 7f; do
		asks "$(error 01)" "030a6c6f63616c${octet}686f7374" "$TARGET_PORT"
	done
	asks "$(error 01)" "030a6c6f63616c686f737400" "$TARGET_PORT"
	asks "$(error 01)" 030100 "$TARGET_PORT"
	log_has 11
	! LC_ALL=C grep -n '[^ -~]' "$SERVER_OUT" || fail "raw octets in the log"
	has_line 'target=local\\x0ahost:'"$TARGET_PORT " "$SERVER_OUT"
	came 0
	has_lines 2 "$DNS_OUT" && fail "it asked: $(cat "$DNS_OUT")"
	true
}

@test "R1928-4.11 a name longer than DNS knows: REP 01, nobody is asked" {
	local longest
	longest=$(printf 'a%.0s' {1..63}).$(printf 'b%.0s' {1..63}).$(printf 'c%.0s' {1..63})
	longest+=.$(printf 'd%.0s' {1..61})
	start_dns "$longest=A:127.0.0.1"
	start_target echo
	start_server --resolver "$DNS"
	asks "$OK4" "$(name_of "$longest")" "$TARGET_PORT"
	asks "$(error 01)" "$(name_of "${longest}d")" "$TARGET_PORT"
	asks "$(error 01)" "$(name_of "${longest}dd")" "$TARGET_PORT"
	asks "$(error 04)" "$(name_of "$(printf 'e%.0s' {1..64}).test")" "$TARGET_PORT"
	[ "$(queries "$longest" A)" = 1 ]
}

@test "R1928-4.16 CONNECT to port 0: REP 01" {
	start_server
	asks "$(error 01)" $IP4 0
	asks "$(error 01)" $IP6 0
	asks "$(error 01)" "$(name_of localhost)" 0
}

@test "R1928-4.17 6.5 payload is dropped when the request fails" {
	local port
	port=$(free_port)
	start_target echo
	start_server
	answers "0500$(error 05) EOF" "$HELLO$(request $IP4 "$port")6869"
	answers "0500$(error 05) EOF" "$HELLO$(request $IP4 "$port")$HELLO$(request $IP4 "$TARGET_PORT")"
	came 0
}

# each WANT...: the next lines of descriptor 8, sent behind the octets FIRST, are answered so.
each() {
	local want line
	for want; do
		read -r line <&8 || fail "no vector for $want"
		answers "$want EOF" ${FIRST:+"$FIRST"} "$line" ${FIRST:+eof}
	done
}

@test "vector 54: requests with each form of address" {
	need_ipv6
	start_target echo
	start_target echo ::1 "$TARGET_PORT"
	start_dns a=NXDOMAIN
	start_server --resolver "$DNS"
	vectors 54-addresses.hex | grep -v ^0503 >"$BATS_TEST_TMPDIR/54"
	exec 8<"$BATS_TEST_TMPDIR/54"
	# IPv4, IPv6, mapped, 255 octets, "a", an IPv4 and an IPv6 address as names
	FIRST=$HELLO
	each "0500$OK4" "0500$OK6" "0500$OK4" "0500$(error 01)" "0500$(error 04)" "0500$OK4" "0500$OK6"
	! read -r line <&8 || fail "not tried: $line"
}

@test "vector 55: what must be refused" {
	start_target echo
	start_server --auth none,userpass -u us:pw --handshake-timeout 1
	vectors 55-malformed.hex >"$BATS_TEST_TMPDIR/55"
	exec 8<"$BATS_TEST_TMPDIR/55"
	each 05ff "" 005b000000000000
	FIRST=$HELLO
	# ATYP 02, CMD 09, RSV 01, VER 01, no name, NUL, LF
	each "0500$(error 08)" "0500$(error 07)" "0500$OK4" "0500$(error 01)" "0500$(error 01)" \
		"0500$(error 01)" "0500$(error 01)"
	FIRST=$HELLO_USER
	# VER 05, ULEN 00, then one that is cut off
	each 05020101 05020101 0502
	! read -r line <&8 || fail "not tried: $line"
}
