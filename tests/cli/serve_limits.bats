#!/usr/bin/env bats
# socks5 serve: how fast, and how many: --rate, --rate-user, and limits of single users.

load ../lib/helper
load ../lib/serve

umask 077 # for users files

# takes_at_least MS ARGUMENT...: so long, whatever the machine does besides. A bucket holds a
# quarter of a second, so that much passes at once.
takes_at_least() {
	local least=$1 ms
	shift
	ms=$("$PYTHON" "$LIB/pace.py" "$@") || fail "pace.py $*"
	[ "$ms" -ge "$least" ] || fail "pace.py $*: $ms ms, not $least"
}

# users LINE...: the users file, each with the password pw.
users() {
	local line
	for line in "$@"; do
		"$SOCKS5" passwd --cost 1 --password pass:pw "${line%%:*}" | tr -d '\n'
		[[ $line != *:* ]] || printf ':%s' "${line#*:}"
		echo
	done >users
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

@test "--rate holds each session to it, each way" {
	start_server --rate 1M
	takes_at_least 480 "$PROXY" down $((3 << 18))
	takes_at_least 480 "$PROXY" up $((3 << 18))
	takes_at_least 480 --streams 2 "$PROXY" down $((6 << 18))
}

@test "--rate-user holds all sessions of a user together to it, over all workers" {
	users joe ann
	start_server --users users --rate-user 1M --workers 2
	takes_at_least 980 --user joe:pw --streams 5 "$PROXY" down $((5 << 18))
	takes_at_least 980 --user joe:pw --streams 5 "$PROXY" up $((5 << 18))
	takes_at_least 480 --user ann:pw --streams 1 "$PROXY" up $((3 << 18))
}

@test "--rate-user without names: the sessions of an address come to it" {
	start_server --rate-user 1M
	takes_at_least 980 --streams 3 "$PROXY" down $((15 << 17))
}

@test "--rate and --rate-user: whichever is less" {
	start_server --rate 1M --rate-user 100M
	takes_at_least 480 "$PROXY" down $((3 << 18))
	stop_server
	start_server --rate 100M --rate-user 1M
	takes_at_least 480 "$PROXY" down $((3 << 18))
}

@test "users: rate= is a user's own, in the place of --rate-user" {
	users joe:rate=1M ann
	start_server --users users
	takes_at_least 480 --user joe:pw "$PROXY" down $((3 << 18))
	stop_server
	users joe:rate=1M ann
	start_server --users users --rate-user 64k
	takes_at_least 480 --user joe:pw "$PROXY" up $((3 << 18))
}

@test "users: sessions= is as many as one has at once; others have theirs" {
	start_target echo
	users joe:sessions=2 ann
	start_server --users users --log - --workers 1
	local tunnel=("$LIB/rawclient.py" --timeout 20 "$PROXY" 050102)
	local request
	request=$(request $IP4 "$TARGET_PORT")
	spawn "$PYTHON" "${tunnel[@]}" "$(login joe pw)" "$request" recv:14
	local first=$PID
	spawn "$PYTHON" "${tunnel[@]}" "$(login joe pw)" "$request" recv:14
	wait_until 5 has_lines 3 "$TARGET_OUT"
	answers "05020100$(error 02) EOF" 050102 "$(login joe pw)" "$request" eof
	log_has 1
	[ "$(field reply) $(field user)" = "02 joe" ] || fail "$LINE"
	[[ $LINE == *"as many sessions as one may"* ]] || fail "$LINE"
	answers "05020100$OK4 EOF" 050102 "$(login ann pw)" "$request" eof
	log_has 2
	kill "$first"
	log_has 3
	answers "05020100$OK4 EOF" 050102 "$(login joe pw)" "$request" eof
}

@test "SIGHUP brings other limits: live sessions keep what they have" {
	start_target echo
	users joe
	start_server --users users
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" 050102 "$(login joe pw)" \
		"$(request $IP4 "$TARGET_PORT")" recv:14
	wait_until 5 has_lines 2 "$TARGET_OUT"
	users joe:sessions=1
	kill -HUP "$SERVER_PID"
	wait_until 5 has_line "SIGHUP: read again" "$SERVER_LOG"
	answers "05020100$OK4 EOF" 050102 "$(login joe pw)" "$(request $IP4 "$TARGET_PORT")" eof
	! is_gone "$PID" || fail "the session ended"
}

@test "SIGHUP brings other timeouts" {
	start_target echo
	echo 'handshake-timeout 1h' >conf
	chmod 600 conf
	start_server -c conf --log -
	printf 'handshake-timeout 100ms\nidle-timeout 200ms\n' >conf
	kill -HUP "$SERVER_PID"
	wait_until 5 has_line "SIGHUP: read again" "$SERVER_LOG"
	answers " EOF" wait:0
	log_has 1
	[ "$(field end)" = "method list: client did not go on in time" ] || fail "$LINE"
	answers "0500$OK4 *" $HELLO "$(request $IP4 "$TARGET_PORT")"
	log_has 2
	[ "$(field end)" = idle ] || fail "$LINE"
}

@test "SEC-9 datagrams beyond the rate are dropped, and counted" {
	local dropped
	start_server --rate 400 --log -
	run "$PYTHON" "$LIB/associate.py" "$PROXY" sock:e=127.0.0.1 \
		'send:000000+{e}+61*500' get@e wait:50 'send:000000+{e}+62*500' get@e \
		'send:000000+{e}+63*2000' get@e 'send:000000+{e}+64*500' 'send:000000+{e}+64*500' \
		wait:50 fin
	log_has 1
	dropped=$(field dropped)
	[ "$dropped" = 2 ] || fail "$output: $LINE"
}

@test "limits that are none are told" {
	printf 'joe:%s:rate=fast\n' "$("$SOCKS5" passwd --cost 1 --password pass:pw joe | cut -d: -f2)" >users
	run timeout 10 "$SOCKS5" serve --users users 127.0.0.1:0
	[ "$status" = 2 ]
	[ "$output" = "socks5 serve: option --users: users: line 1: joe: limits are rate=OCTETS and sessions=N, as in name:hash:rate=10M,sessions=20" ] || fail "$output"
	run timeout 10 "$SOCKS5" serve --rate fast 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"--rate: 'fast' is not a size"* ]] || fail "$output"
}
