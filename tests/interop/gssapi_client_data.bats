#!/usr/bin/env bats
# socks5 connect, bind and udp, and RFC 1961 behind the level: what is sealed, and what is no good. As
# gssapi_client.bats.

load ../lib/helper
load ../lib/connect
load ../lib/realm
load ../lib/gss_proxy

# the reply

@test "R1961-5.1 3.13: a reply that is no sealed message: status 4" {
	local step
	for step in clear:$REPLY clear:05 clear:0502000100000000 clear:0101000100 clear:0102000100 \
		clear:0104 clear:01ff; do
		meets 4 "proxy localhost:*: reply: *" "${ASKED[@]}" "$step" end
		told "$HELLO" "$(context sequence)" "level 2" "request *" EOF
	done
}

@test "R1961-5.3 5.4 5.8 5.9: a reply that is not sealed as it should be: status 4" {
	local steps
	for steps in "sign:r=$REPLY put:r" "make:r=$REPLY flip:r put:r" "make:r=$REPLY grow:r=00 \
		edit:r=3,47 put:r" clear:01030000 clear:01030004+00*4 "make:l= make:r=$REPLY put:r" \
		"echoed:r put:r" "make:l= put:l put:l" "make:r=$REPLY cut:r=1 put:r eof"; do
		# shellcheck disable=SC2086 # words
		meets 4 "proxy localhost:*: reply: *" "${ASKED[@]}" $steps end
		told "$HELLO" "$(context sequence)" "level 2" "request *" EOF
	done
}

@test "R1961-5.3: an encrypted reply and encrypted octets at level 1 are taken" {
	trusts integrity "${ASKED[@]}" "crypt:r=$REPLY" put:r get:6 crypt:a=6869 put:a eof end
}

@test "R1961-5.7 5.8: a reply in several tokens, with octets behind it, and empty messages" {
	local level
	for level in integrity confidentiality; do
		trusts $level "${ASKED[@]}" "say:${REPLY::6}" say: "say:${REPLY:6}" get:6 say: \
			say:6869 say: eof end
		trusts $level "${ASKED[@]}" "say:${REPLY}68" get:6 say:69 eof end
		trusts $level "${ASKED[@]}" hold "say:$REPLY" say:68 say:69 flush get:6 eof end
	done
}

@test "R1961-5.1: a refusal is sealed too, and has its own status" {
	meets 15 "proxy localhost:*: request refused: * (REP 05) *" "${ASKED[@]}" \
		say:05050001000000000000 end
	told "$HELLO" "$(context sequence)" "level 2" "request *" EOF
	meets 12 "proxy localhost:*: request refused: * (REP 02) *the ticket was accepted" \
		"${ASKED[@]}" say:05020001000000000000 end
}

# octets

@test "R1961-5.5 R1928-R.1: a mebibyte both ways, unharmed" {
	local level
	random_file up 1048576
	for level in integrity confidentiality; do
		start_proxy "${OPEN[@]}" echo end
		connect -N -x "$LOCAL" --auth gssapi --gssapi-protect "$level" 127.0.0.1:9 \
			<"$BATS_TEST_TMPDIR/up" >"$BATS_TEST_TMPDIR/down"
		cmp "$BATS_TEST_TMPDIR/up" "$BATS_TEST_TMPDIR/down"
		told "$HELLO" "$(context sequence)" "level ?" "request *" echoed EOF
	done
}

@test "R1961-5.5: the longest token is taken" {
	local pair
	for pair in integrity:65507 confidentiality:65475; do
		start_proxy "${ASKED[@]}" "say:$REPLY" "make:a=61*${pair#*:}" put:a eof end
		connect -N -x "$LOCAL" --auth gssapi --gssapi-protect "${pair%:*}" 127.0.0.1:9 \
			</dev/null >"$BATS_TEST_TMPDIR/down"
		[ "$(tr -d a <"$BATS_TEST_TMPDIR/down" | wc -c)" = 0 ]
		[ "$(wc -c <"$BATS_TEST_TMPDIR/down")" = "${pair#*:}" ]
	done
}

@test "R1961-5.10: half-close: an end of ours is one of our direction; no token follows" {
	local level
	for level in integrity confidentiality; do
		trusts $level "${OPEN[@]}" stream say:6869 eof end
		told "$HELLO" "$(context sequence)" "level ?" "request *" "stream 68656c6c6f0a" EOF
	done
}

@test "R1961-5.9: a message that was tampered with" {
	breaks "a sealed message was tampered with" make:a=6a6b flip:a put:a
}

@test "R1961-5.4: a message again" {
	breaks "a sealed message came twice" put:good
}

@test "R1961-5.4: messages out of order, and one that is missing" {
	breaks "a sealed message is missing" make:a=6a make:b=6b put:b
	breaks "a sealed message is missing" make:a=6a make:b=6b hold put:b put:a flush
}

@test "R1961-5.9: one of the client's own, and octets that are no token" {
	breaks "a sealed message *" echoed:a put:a
	breaks "a sealed message holds no token" clear:01030004+00*4
}

@test "R1961-5.8: a message without a token" {
	breaks "a sealed message without a token" clear:01030000
}

@test "R1961-5.9: an end within a message" {
	breaks "it ended in the middle of a sealed message" make:a=6a6b cut:a=1 put:a eof
	breaks "it ended in the middle of a sealed message" clear:0103 eof
}

@test "R1961-5.1 3.13: octets in clear, another type, another version" {
	breaks "what came is no sealed message" clear:6a6b
	breaks "*" make:a=6a6b edit:a=1,01 put:a
	breaks "*" make:a=6a6b edit:a=0,05 put:a
	breaks "*" clear:01ff
}

@test "R1961-5.3: a message that is only signed, at level 2" {
	LEVELS=confidentiality breaks "a message came signed, but not encrypted" sign:a=6a6b put:a
}

@test "a chain: what is sealed for the second proxy is sealed again for the first" {
	start_gss_server
	FIRST=$LOCAL
	start_proxy "${OPEN[@]}" echo end
	run connect -N -x "$FIRST" -x "$LOCAL" --auth gssapi 127.0.0.1:9 <<<hello
	[ "$status:$output" = 0:hello ] || fail "status $status: $output"
	told "$HELLO" "$(context sequence)" "level 2" "request *" echoed EOF
}

# bind

@test "R1961-5.1: bind: both replies are sealed, and what follows" {
	local level
	for level in integrity confidentiality; do
		start_proxy "${ASKED[@]}" say:050000017f0000010fa0 "say:$REPLY" echo end
		run timeout 10 "$SOCKS5" bind -N -x "$LOCAL" --auth gssapi --gssapi-protect "$level" \
			127.0.0.1 <<<hello
		[ "$status" = 0 ] || fail "status $status: $output"
		[[ $output == *"listening on 127.0.0.1:4000"*"accepted 127.0.0.1:9"*hello ]] ||
			fail "status $status: $output"
		told "$HELLO" "$(context sequence)" "level ?" "request 050200017f0000010000 in 1 tokens" \
			echoed EOF
	done
}

@test "R1961-5.1 5.9: bind: a second reply in clear, and one that was tampered with: status 4" {
	local steps
	for steps in clear:$REPLY "make:r=$REPLY flip:r put:r"; do
		# shellcheck disable=SC2086 # words
		start_proxy "${ASKED[@]}" say:050000017f0000010fa0 $steps end
		run timeout 10 "$SOCKS5" bind -x "$LOCAL" --auth gssapi 127.0.0.1 </dev/null
		[ "$status" = 4 ] || fail "status $status: $output"
		told "$HELLO" "$(context sequence)" "level 2" "request *" EOF
	done
}

@test "R1928-B.12: bind: a refusal in the second reply" {
	start_proxy "${ASKED[@]}" say:050000017f0000010fa0 say:05020001000000000000 end
	run timeout 10 "$SOCKS5" bind -x "$LOCAL" --auth gssapi 127.0.0.1 </dev/null
	[ "$status" = 12 ] || fail "status $status: $output"
}

# udp

# exchanges OUTPUT STEP...: udp sends "a" and writes that, by these steps of a proxy behind the
# request. The words of the array WITH are options, LEVELS what is asked for.
exchanges() {
	local want=$1 level
	shift
	for level in ${LEVELS:-integrity confidentiality}; do
		start_proxy "${ASKED[@]}" relay dgram "$@" end
		run timeout 10 "$SOCKS5" udp --lines -w 5 -x "$LOCAL" --auth gssapi \
			--gssapi-protect "$level" "${WITH[@]}" 127.0.0.1 9 <<<a
		[ "$status:$output" = "0:$want" ] || fail "status $status: $output"
		told "$HELLO" "$(context)" "level ?" "request * in ? tokens" "dgram ${HEADER}61" EOF
	done
}

@test "R1961-5.11: udp: each datagram is a message, there and back; at level 0 it is plain" {
	LEVELS="none integrity confidentiality" WITH=(-W 3)
	exchanges $'b\n\nc' make:a=${HEADER}62 udp:a make:b=$HEADER udp:b make:c=${HEADER}63 udp:c
}

@test "R1961-5.11: udp: a LEN that is not what the datagram has is dropped" {
	WITH=(-W 1)
	exchanges z make:a=${HEADER}62 cut:a=1 udp:a make:b=${HEADER}63 grow:b=00 udp:b \
		make:c=${HEADER}64 edit:c=1,01 udp:c make:d=${HEADER}65 edit:d=0,00 udp:d raw:e=0103 udp:e \
		raw:f=01030000 udp:f raw:g= udp:g make:z=${HEADER}7a udp:z
}

@test "R1961-5.13: udp: a datagram in clear is dropped" {
	WITH=(-W 1)
	exchanges z raw:a=${HEADER}62 udp:a make:z=${HEADER}7a udp:z
}

@test "R1961-5.12: udp: one that was tampered with, garbage, one's own, one twice are dropped" {
	WITH=(-W 2)
	exchanges $'b\nz' make:a=${HEADER}62 udp:a udp:a flip:a udp:a raw:g=01030004+00*4 udp:g \
		echoed:r udp:r make:z=${HEADER}7a udp:z
}

@test "R1961-5.3: udp: one that is only signed, at level 2, is dropped" {
	LEVELS=confidentiality WITH=(-W 1)
	exchanges z sign:a=${HEADER}62 udp:a make:z=${HEADER}7a udp:z
}

@test "R1961-5.12: udp: those that are missing or out of order do not matter" {
	WITH=(-W 3)
	exchanges $'c\ne\nb' make:b=${HEADER}62 make:c=${HEADER}63 make:d=${HEADER}64 \
		make:e=${HEADER}65 udp:c udp:e udp:b
}

@test "R1961-5.12: udp: one that is far too late is dropped" {
	local many=()
	for _ in {1..70}; do
		many+=("make:m=${HEADER}62" udp:m)
	done
	WITH=(-W 71)
	exchanges "$(printf 'b\n%.0s' {1..70})"$'\nz' make:old=${HEADER}6f "${many[@]}" udp:old \
		make:z=${HEADER}7a udp:z
}

@test "R1961-5.11 R1928-F.2: udp: fragments are within the seal, both ways" {
	start_proxy "${ASKED[@]}" relay dgram dgram "make:a=000001${HEADER:6}62" \
		"make:b=000082${HEADER:6}63" udp:a udp:b end
	run timeout 10 "$SOCKS5" udp --lines -w 5 -W 1 -x "$LOCAL" --auth gssapi --fragment 1 \
		127.0.0.1 9 <<<xy
	[ "$status:$output" = 0:bc ] || fail "status $status: $output"
	told "$HELLO" "$(context)" "level 2" "request *" "dgram 000001${HEADER:6}78" \
		"dgram 000082${HEADER:6}79" EOF
}

@test "R1928-U.21 R1961-5.11: udp: a datagram takes what there is room for in the seal" {
	local pair
	head -c 65500 /dev/zero >"$BATS_TEST_TMPDIR/zeros"
	for pair in integrity:65465 confidentiality:65433; do
		start_proxy "${ASKED[@]}" relay dgram dgram end
		timeout 10 "$SOCKS5" udp -q 0.2 -x "$LOCAL" --auth gssapi --gssapi-protect "${pair%:*}" \
			127.0.0.1 9 <"$BATS_TEST_TMPDIR/zeros"
		told "$HELLO" "$(context)" "level ?" "request *" "dgram $HEADER+00\\*${pair#*:}" \
			"dgram $HEADER*" EOF
	done
}
