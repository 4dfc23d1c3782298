#!/usr/bin/env bats
# socks5 serve and RFC 1961, with a client of another make: gssclient.py says what the steps are.
#
# What cannot be shown here: a server that ends a context after 16 rounds (R1961-3.14), as no token
# of Kerberos or SPNEGO makes it go on for so long: a useless one is the last. A context that has
# expired (5.15): MIT's krb5 does not look at the time after its beginning. A token above 65535
# octets (3.12): no ticket here grows so large. That a buffer is not unwrapped twice (5.14).

load ../lib/helper
load ../lib/serve
load ../lib/realm
load ../lib/gss_serve

# the context

@test "R1961-3.7 4.2 5.1 5.2: a context, a level, a request and octets both ways" {
	local level
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server --log -
	for level in 1 2; do
		STEPS=(hello context "level:$level" "${OPEN[@]}" say:6869 get:2 eof end)
		sees "level $level" "$REPLY" "got 6869" EOF
		log_has $level
		[ "$(field user) $(field method) $(field reply) $(field up) $(field down) $(field end)" = \
			"alice@SOCKS.TEST gssapi 00 2 2 closed" ] || fail "$LINE"
	done
}

@test "R1961-3.7: a context that is complete without a token of ours: 01 01 00 00" {
	start_gss_server
	WITH=(--flags="replay,sequence,integrity,confidentiality")
	STEPS=(hello init:a put:a take level:2)
	sees 01010000 "level 2"
}

@test "R1961-3.7: two rounds: SPNEGO answers an empty token with what it knows, once" {
	start_gss_server
	WITH=(--mech spnego)
	STEPS=(hello clear:01010000 take context level:2)
	sees "0101????6???06062b0601050502*" "level 2"
	STEPS=(hello clear:01010000 take clear:01010000 end)
	sees "0101????6???06062b0601050502*" "01ff EOF"
}

@test "R1961-3.17: SPNEGO's tokens are taken too" {
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server --log -
	WITH=(--mech spnego)
	STEPS=(hello context level:2 "${OPEN[@]}" say:6869 get:2 eof end)
	sees "level 2" "$REPLY" "got 6869" EOF
	log_has 1
	[ "$(field user)" = alice@SOCKS.TEST ] || fail "$LINE"
}

@test "R1961-3.1: a header apart from its token, and every octet by itself" {
	local how
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server
	for how in split apart; do
		STEPS=("$how" hello context level:2 "${OPEN[@]}" say:6869 get:2 eof end)
		sees "level 2" "$REPLY" "got 6869" EOF
	done
}

@test "R1961-3.9 3.14: one useless token is enough, the longest too: 01 ff" {
	start_gss_server --log -
	COUNT=0
	refused clear:0101000100
	ended "security context: *"
	refused clear:01010008+6006060400000000
	ended "security context: *"
	refused clear:0101ffff+60*65535
	ended "security context: *"
	refused init:a flip:a put:a
	ended "security context: *"
}

@test "R1961-3.9: a token that has been used before: 01 ff, and nothing of the library's answer" {
	start_gss_server --log -
	COUNT=0
	STEPS=(hello init:a put:a finish again hello put:a end)
	sees "01ff EOF"
	log_has 2
	grep -q 'end="security context: .*replay' "$SERVER_OUT" || fail "$(cat "$SERVER_OUT")"
}

@test "R1961-3.9: a ticket for a service that is not in the keytab, or with other keys: 01 ff" {
	start_gss_server --log - --gssapi-service socks
	COUNT=0
	refused init:a put:a
	ended "security context: *"
	WITH=(--service socks@localhost)
	grants 2=2
	stop_server
	KEYTAB=$REALM_DIR/other.keytab start_gss_server --log -
	COUNT=0
	refused init:a put:a
	ended "security context: *"
}

@test "R1961-3.13: another version: 01 ff" {
	start_gss_server --log -
	COUNT=0
	refused init:a edit:a=0,05 put:a
	ended "security token: *"
	refused init:a edit:a=0,00 put:a
	ended "security token: *"
	refused clear:"$(request "$IP4" 9)"
	ended "security token: *"
	refused context sign:a=02 edit:a=0,05 edit:a=1,02 put:a
	ended "protection level: *"
}

@test "R1961-3.13: a type that is not known or does not belong there: 01 ff" {
	local type
	start_gss_server --log -
	COUNT=0
	for type in 00 02 03 04 ff; do
		refused init:a edit:a=1,$type put:a
		ended "security token: *"
	done
	for type in 00 01 03 04 ff; do
		refused context sign:a=02 edit:a=1,$type put:a
		ended "protection level: *"
	done
}

@test "R1961-3.13: what is wrong is wrong before the rest has come" {
	start_gss_server
	refused clear:05
	refused clear:0102
	refused context clear:0103
}

@test "R1961-3.14: what does not go on ends in the handshake's time" {
	start_gss_server --log - --handshake-timeout 400ms
	COUNT=0
	STEPS=(hello clear:010101 end)
	sees EOF
	ended "security token: client did not go on in time in the middle of it"
	STEPS=(hello context end)
	sees EOF
	ended "protection level: client did not go on in time"
	STEPS=(hello context level:2 make:a=05 cut:a=1 put:a end)
	sees "level 2" EOF
	ended "request: client did not go on in time*"
}

@test "R1961-3.14: messages with nothing in them do not hold the handshake's time up" {
	start_gss_server --log - --handshake-timeout 400ms --workers 1
	COUNT=0
	WITH=(--flags="mutual,integrity,confidentiality")
	STEPS=(hello context level:1 hollow:8000)
	sees "level 1" "cut off"
	ended "request: client did not go on in time"
}

@test "R1961-3.14: an end in place of a token" {
	start_gss_server --log -
	COUNT=0
	STEPS=(hello eof end)
	sees EOF
	ended "security token: client closed the connection"
	STEPS=(hello init:a cut:a=9 put:a eof end)
	sees EOF
	ended "security token: client closed the connection in the middle of it"
	STEPS=(hello context eof end)
	sees EOF
	ended "protection level: client closed the connection"
}

@test "R1961-3.15: without a key to take tickets with it does not start" {
	local options
	for options in "--keytab $BATS_TEST_TMPDIR/none" "--keytab /dev/null" \
		"--keytab $KEYTAB --gssapi-service nobody"; do
		# shellcheck disable=SC2086 # words
		run timeout 10 "$SOCKS5" serve $options 127.0.0.1:0
		[ "$status" = 2 ] || fail "status $status: $output"
		[[ $output == "socks5 serve: option --"*": "* ]] || fail "$output"
	done
	KRB5_KTNAME=FILE:$BATS_TEST_TMPDIR/none run timeout 10 "$SOCKS5" serve --auth gssapi 127.0.0.1:0
	[ "$status" = 2 ] || fail "status $status: $output"
}

# who may come

@test "R1961-3.16: with --users only its principals come: others get 01 ff" {
	(umask 077 && echo alice@SOCKS.TEST:gssapi >"$BATS_TEST_TMPDIR/users")
	start_gss_server --log - --users "$BATS_TEST_TMPDIR/users"
	grants 2=2
	ticket bob
	COUNT=1
	refused context
	ended "principal refused: it is not among those that are listed"
	[ "$(field user)" = bob@SOCKS.TEST ] || fail "$LINE"
}

@test "R1961-3.16: whom no rule allows anything gets 01 ff" {
	start_gss_server --log - --allow user=bob@SOCKS.TEST
	COUNT=0
	refused context
	ended "principal refused: the rules allow it nothing"
	[ "$(field user) $(field method)" = "alice@SOCKS.TEST gssapi" ] || fail "$LINE"
	ticket bob
	grants 2=2
}

@test "R1961-3.16: where it depends on the request: REP 02, sealed" {
	local level
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server --log - --deny "user=alice@SOCKS.TEST to=127.0.0.1:$TARGET_PORT" --allow to=any
	for level in 1 2; do
		STEPS=(hello context "level:$level" "${OPEN[@]}" end)
		sees "level $level" "reply 0502000100000000" EOF
	done
	log_has 2
	[ "$(field reply) $(field user)" = "02 alice@SOCKS.TEST" ] || fail "$LINE"
	came 0
	ticket bob
	STEPS=(hello context level:2 "${OPEN[@]}")
	sees "level 2" "$REPLY"
}

# the level

@test "R1961-4.2 4.3 4.4 4.10: what is granted by default; 0 and what is not a level get 01 ff" {
	start_gss_server --log -
	grants 1=1 2=2 3=3
	COUNT=3
	refused context level:0
	ended "protection level 00 refused"
	refused context level:4
	ended "protection level 04 refused"
	refused context level:9
	ended "protection level 09 refused"
	refused context level:255
	ended "protection level ff refused"
}

@test "R1961-4.5: what is granted where only one is allowed" {
	start_gss_server --gssapi-protect integrity
	grants 1=1 2=1 0=no 9=no
	stop_server
	start_gss_server --gssapi-protect confidentiality
	grants 1=2 2=2 0=no 9=no
}

@test "R1961-4.3 4.7: --gssapi-protect none answers 0 to 0, 1 and 2, and then all is in clear" {
	local level
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server --log - --gssapi-protect none
	for level in 0 1 2; do
		STEPS=(hello context "level:$level" "${OPEN[@]}" say:6869 get:2 eof end)
		sees "level 0" "$REPLY" "got 6869" EOF
	done
	grants 4=no 255=no
	log_has 5
	stop_server
	start_gss_server --gssapi-protect none,integrity,confidentiality
	grants 0=0 1=1 2=2 3=3
}

@test "R1961-4.2: a level of no octet or of two, and one that was tampered with: 01 ff" {
	start_gss_server
	refused context sign:a=0202 edit:a=1,02 put:a
	refused context sign:a= edit:a=1,02 put:a
	refused context sign:a=02 edit:a=1,02 flip:a put:a
	refused context sign:a=02 edit:a=1,02 edit:a=20,01 put:a
	refused context clear:01020000
	refused context clear:01020002+0202
	refused context clear:0102ffff+02*65535
}

@test "R1961-4.8: a bare level with --gssapi-nec is answered bare, without it gets 01 ff" {
	local level
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server --gssapi-nec
	for level in 1 2; do
		STEPS=(hello context "bare:$level" "${OPEN[@]}" say:6869 get:2 eof end)
		sees "bare $level" "$REPLY" "got 6869" EOF
	done
	STEPS=(hello context clear:0102000102 take)
	sees 0102000102
	refused context clear:0102000100
	refused context clear:0102000109
	grants 1=1 2=2
	stop_server
	start_gss_server
	refused context clear:0102000101
	refused context clear:0102000102
	stop_server
	start_gss_server --gssapi-nec --gssapi-protect none
	STEPS=(hello context bare:0 "${OPEN[@]}" say:6869 get:2 eof end)
	sees "bare 0" "$REPLY" "got 6869" EOF
}

@test "R1961-4.10: level 3: either kind of message is taken, at any time" {
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server
	STEPS=(hello context level:3 "sign:r=$REQUEST" put:r reply crypt:a=61 put:a get:1 sign:b=62
		put:b get:1 eof end)
	sees "level 3" "$REPLY" "got 61" "got 62" EOF
	STEPS=(hello context level:3 "crypt:r=$REQUEST" put:r reply sign:a=61 put:a get:1 eof end)
	sees "level 3" "$REPLY" "got 61" EOF
}

@test "R1961-4.11: where the context cannot encrypt: integrity if that will do, else 01 ff" {
	start_gss_server
	WITH=(--flags="mutual,replay,sequence,integrity")
	grants 2=1 1=1 3=1
	stop_server
	start_gss_server --gssapi-protect confidentiality
	grants 2=no 1=no
}

@test "R1961-4.11: where the context cannot even sign: nothing but level 0" {
	start_gss_server
	WITH=(--flags="mutual,replay,sequence")
	grants 2=no 1=no 3=no
	stop_server
	start_gss_server --gssapi-protect none
	grants 2=0 0=0
}

# the sandbox

# Names that are no file once brought the folder that it was started in within reach.
@test "SEC-11 tickets are taken inside, and a name that is no file opens nothing" {
	local name
	cd "$BATS_TEST_TMPDIR" || return
	start_target echo
	open_to "$TARGET_PORT"
	for name in none: dfl: "file2:$BATS_TEST_TMPDIR/seen/cache"; do
		mkdir -p etc seen
		printf 'keytab %s\nlog etc/log\n' "$KEYTAB" >etc/conf
		export KRB5RCACHENAME=$name
		start_server -c etc/conf
		STEPS=(hello context level:2 "${OPEN[@]}" say:6869 get:2 eof end)
		sees "level 2" "$REPLY" "got 6869" EOF
		printf 'keytab %s\nlog made\n' "$KEYTAB" >etc/conf
		kill -HUP "$SERVER_PID"
		has_line 'files and system calls' "$SERVER_LOG" || skip "this kernel has no Landlock"
		wait_until 5 has_line 'all is as it was before' "$SERVER_LOG" || fail "$name: $(cat "$SERVER_LOG")"
		[ ! -e made ] || fail "$name"
		stop_server
	done
}
