#!/usr/bin/env bats
# socks5 serve and RFC 1961 behind the level: what is sealed, and what is no good. As
# gssapi_server.bats.

load ../lib/helper
load ../lib/serve
load ../lib/realm
load ../lib/gss_serve

@test "R1961-5.1: a request in clear is not answered, neither in clear nor otherwise" {
	closes "request: what came is no sealed message" clear:@
}

@test "R1961-5.1: octets in clear after the reply" {
	spoils "what came is no sealed message" clear:6869
}

@test "R1961-3.13: another type in place of the request, and after it" {
	local type
	for type in 00 01 02 04 ff; do
		LEVELS=2 closes "request: *" make:a=@ edit:a=1,$type put:a
	done
	spoils "*" make:a=6a6b edit:a=1,01 put:a
}

@test "R1961-3.13: another version in place of the request, and after it" {
	closes "request: *" make:a=@ edit:a=0,05 put:a
	spoils "*" make:a=6a6b edit:a=0,00 put:a
}

@test "R1961-5.3: a message that is only signed, at level 2" {
	LEVELS=2
	closes "request: a message came signed, but not encrypted" sign:a=@ put:a
	spoils "a message came signed, but not encrypted" sign:a=6a6b put:a
}

@test "R1961-5.3: an encrypted one at level 1 is taken" {
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server
	STEPS=(hello context level:1 "crypt:r=$REQUEST" put:r reply crypt:a=6869 put:a get:2 eof end)
	sees "level 1" "$REPLY" "got 6869" EOF
}

@test "R1961-5.4: a message again, whatever the flags" {
	spoils "a sealed message came twice" put:good
	WITH=("$WITHOUT_ORDER")
	spoils "a sealed message came twice" put:good
}

@test "R1961-5.4: the request again" {
	start_target chatty
	open_to "$TARGET_PORT"
	start_gss_server --log -
	STEPS=(hello context level:2 "make:r=$REQUEST" put:r reply get:18 put:r end)
	sees "level 2" "$REPLY" "$GREETING" RST
	log_has 1
	wait_until 5 has_line "^0 octets, RST" "$TARGET_OUT" || fail "$(cat "$TARGET_OUT")"
}

@test "R1961-5.4: messages out of order, and one that is missing" {
	spoils "a sealed message is missing" make:a=6a make:b=6b put:b
	spoils "a sealed message is missing" make:a=6a make:b=6b hold put:b put:a flush
}

@test "R1961-5.5: the longest token, and a mebibyte both ways, unharmed" {
	local level
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server
	for level in 1:65507 2:65475; do
		STEPS=(hello context "level:${level%:*}" "${OPEN[@]}" full eof end)
		sees "level ${level%:*}" "$REPLY" "LEN ffff with ${level#*:} octets" \
			"as many came back" EOF
		STEPS=(hello context "level:${level%:*}" "${OPEN[@]}" flow:1048576)
		sees "level ${level%:*}" "$REPLY" "1048576 octets came back" EOF
	done
}

@test "R1961-5.7: the request in several tokens, with octets behind it, several in one segment" {
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server
	STEPS=(hello context level:2 say:0501 "say:${REQUEST:4:10}" "say:${REQUEST:14}6869" reply get:2
		eof end)
	sees "level 2" "$REPLY" "got 6869" EOF
	STEPS=(hello context level:1 "say:${REQUEST}6869" reply get:2 eof end)
	sees "level 1" "$REPLY" "got 6869" EOF
	STEPS=(hello context level:2 hold "say:$REQUEST" say:61 say:62 say:63 flush reply get:3 eof end)
	sees "level 2" "$REPLY" "got 616263" EOF
}

@test "R1961-5.8: an empty message is none" {
	local level
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server
	for level in 1 2; do
		STEPS=(hello context "level:$level" say: "${OPEN[@]}" say: say:6869 say: get:2 say:
			eof end)
		sees "level $level" "$REPLY" "got 6869" EOF
	done
}

@test "R1961-5.8: a message without a token" {
	closes "request: a sealed message without a token" clear:01030000
	spoils "a sealed message without a token" clear:01030000
}

@test "R1961-5.9: a message that was tampered with" {
	closes "request: a sealed message was tampered with" make:a=@ flip:a put:a
	spoils "a sealed message was tampered with" make:a=6a6b flip:a put:a
}

@test "R1961-5.9: one of the server's own" {
	spoils "a sealed message *" echoed:a put:a
}

@test "R1961-5.9: octets that are no token" {
	closes "request: a sealed message holds no token" clear:01030004+00*4
	spoils "a sealed message holds no token" clear:01030004+00*4
}

@test "R1961-5.9: an end within a message" {
	closes "request: it ended in the middle of a sealed message" make:a=@ cut:a=1 put:a eof
	spoils "it ended in the middle of a sealed message" make:a=6a6b cut:a=1 put:a eof
	spoils "it ended in the middle of a sealed message" make:a=6a6b clear:01 eof
}

@test "R1961-5.10: an end between messages ends one direction; no token ends the other" {
	local level
	start_target count
	open_to "$TARGET_PORT"
	start_gss_server --log -
	COUNT=0
	for level in 1 2; do
		STEPS=(hello context "level:$level" "${OPEN[@]}" say:6869 say:6a eof get:9 end)
		sees "level $level" "$REPLY" "got 33206f63746574730a" EOF
		ended closed
	done
}

@test "R1961-5.10: the target ends first, and is told more" {
	local level
	start_target greet
	open_to "$TARGET_PORT"
	start_gss_server --log -
	COUNT=0
	for level in 1 2; do
		STEPS=(hello context "level:$level" "${OPEN[@]}" get:18 end)
		sees "level $level" "$REPLY" "$GREETING" EOF
		ended closed
	done
}
