#!/usr/bin/env bats
# socks5 serve and RFC 1961: BIND and UDP ASSOCIATE. As gssapi_server.bats.

load ../lib/helper
load ../lib/serve
load ../lib/realm
load ../lib/gss_serve

@test "R1961-5.1: BIND: both replies are sealed, and what follows" {
	local level
	start_gss_server
	for level in 1 2; do
		STEPS=(hello context "level:$level" "say:$(request 0100000000 0 02)" reply peer:6869
			reply get:2 say:6a6b heard:2 eof)
		sees "level $level" "$REPLY" "$REPLY" "got 6869" "heard 6a6b"
	done
}

# relays LINE...: what a client sees whose association has LEVEL. STEPS know the target as @.
relays() {
	start_target datagrams
	TO=017f000001$(printf %04x "$TARGET_PORT")
	start_gss_server --log - "${OPTIONS[@]}"
	STEPS=(hello context "level:$LEVEL" "say:$ASSOCIATE" associate "${STEPS[@]//@/$TO}" eof end)
	sees "level $LEVEL" "$REPLY" "${@//@/$TO}" EOF
	log_has 1
}

# loses COUNT STEP...: these send datagrams that are dropped, at both levels; the association goes
# on.
loses() {
	WITH=("$WITHOUT_ORDER")
	for LEVEL in 1 2; do
		STEPS=(make:first=000000@61 udp:first dgram "${@:2}" make:last=000000@62 udp:last dgram)
		relays "dgram 000000@61" "dgram 000000@62"
		[ "$(field dropped) $(field datagrams_up)" = "$1 2" ] || fail "$LINE"
	done
}

@test "R1961-5.11: UDP ASSOCIATE: each datagram is a message, there and back" {
	WITH=("$WITHOUT_ORDER")
	for LEVEL in 1 2; do
		STEPS=(make:a=000000@70696e67 udp:a dgram make:b=000000@ udp:b dgram
			make:c=000000@+61*1400 udp:c dgram)
		relays "dgram 000000@70696e67" "dgram 000000@" "dgram 000000@+61*1400"
		[ "$(field user) $(field method) $(field dropped)" = "alice@SOCKS.TEST gssapi 0" ] ||
			fail "$LINE"
	done
}

@test "R1928-U.22 R1961-5.11: the largest payload that a sealed datagram has room for" {
	local pair
	WITH=("$WITHOUT_ORDER")
	for pair in 1:65465 2:65433; do
		LEVEL=${pair%:*}
		STEPS=("make:a=000000@+61*${pair#*:}" udp:a dgram)
		relays "dgram 000000@+61\*${pair#*:}"
	done
}

@test "R1961-5.11: UDP ASSOCIATE at level 0: plain datagrams" {
	LEVEL=0 OPTIONS=(--gssapi-protect none)
	STEPS=(make:a=000000@70696e67 udp:a dgram)
	relays "dgram 000000@70696e67"
}

@test "R1961-5.11: a LEN that is not what the datagram has" {
	loses 3 make:a=000000@63 cut:a=1 udp:a make:b=000000@64 grow:b=00 udp:b make:c=000000@65 \
		edit:c=2,ffff udp:c
}

@test "R1961-5.11: another type or version, less than a header, no token" {
	loses 6 make:a=000000@63 edit:a=1,01 udp:a make:b=000000@64 edit:b=0,00 udp:b raw:c=0103 udp:c \
		raw:d= udp:d raw:e=01030000 udp:e raw:f=01ff udp:f
}

@test "R1961-5.13: a datagram in clear" {
	loses 1 raw:a=000000@63 udp:a
}

@test "R1961-5.12: a datagram that was tampered with, garbage, and one of the server's own" {
	loses 2 make:a=000000@63 flip:a udp:a raw:b=01030004+00*4 udp:b
}

@test "R1961-5.3: a datagram that is only signed, at level 2" {
	WITH=("$WITHOUT_ORDER") LEVEL=2
	STEPS=(sign:a=000000@63 udp:a make:b=000000@62 udp:b dgram)
	relays "dgram 000000@62"
	[ "$(field dropped)" = 1 ] || fail "$LINE"
}

@test "R1961-5.12: a datagram again, and one that is far too late" {
	local many=() back=()
	loses 2 udp:first udp:first
	for _ in {1..70}; do
		many+=("make:m=000000@00" udp:m dgram) back+=("dgram 000000@00")
	done
	LEVEL=2
	STEPS=(make:old=000000@6f "${many[@]}" udp:old make:last=000000@62 udp:last dgram)
	relays "${back[@]}" "dgram 000000@62"
	[ "$(field dropped)" = 1 ] || fail "$LINE"
}

# disorders: datagrams that are late or missing are taken, at both levels; a duplicate is not.
disorders() {
	for LEVEL in 1 2; do
		STEPS=(make:a=000000@61 make:b=000000@62 make:c=000000@63 make:d=000000@64 udp:b dgram
			udp:d dgram udp:a dgram udp:d udp:c dgram)
		relays "dgram 000000@62" "dgram 000000@64" "dgram 000000@61" "dgram 000000@63"
		[ "$(field dropped) $(field datagrams_up)" = "1 4" ] || fail "$LINE"
	done
}

@test "R1961-5.12: datagrams that are missing or out of order do not matter" {
	WITH=("$WITHOUT_ORDER")
	disorders
}

@test "R1961-5.12: nor do they where the client asked for order to be watched" {
	disorders
}

@test "R1961-5.11 R1928-F.2: fragments within the seal become one datagram" {
	WITH=("$WITHOUT_ORDER")
	for LEVEL in 1 2; do
		STEPS=(make:a=000001@6162 make:b=000082@6364 udp:a udp:b dgram)
		relays "dgram 000000@61626364"
	done
}
