#!/usr/bin/env bats
# socks5 serve: what is said of users and of rules about them.

load ../lib/helper
load ../lib/serve

umask 077 # for users files
HASH='$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/'

# warns TEXT ARGUMENT...: a server that starts says TEXT.
warns() {
	local text=$1
	shift
	start_server "$@"
	grep -qF -e "$text" "$SERVER_LOG" || fail "$*: $(cat "$SERVER_LOG")"
	stop_server
}

# silent TEXT ARGUMENT...: it does not.
silent() {
	local text=$1
	shift
	start_server "$@"
	! grep -F -e "$text" "$SERVER_LOG" || fail "$*"
	stop_server
}

@test "a rule whose user= nobody has: told at the start" {
	warns 'rule 1 (user=bob to=any) can match nobody' -u joe:x --allow 'user=bob to=any'
	warns 'rule 2 (user=bob) can match nobody' --deny to=private --deny user=bob
	warns 'rule 1 (user=joe) can match nobody' --auth none -u joe:x --allow user=joe
	silent 'can match nobody' -u joe:x --allow user=bob,joe --deny to=private
}

@test "SEC-11 a users file that others may read is refused" {
	local users=$BATS_TEST_TMPDIR/users mode
	echo "joe:$HASH" >"$users"
	for mode in 644 640 604; do
		chmod $mode "$users"
		run timeout 10 "$SOCKS5" serve --users "$users" 127.0.0.1:0
		[ "$status" = 2 ] || fail "$mode: $status: $output"
		[ "$output" = "socks5 serve: option --users: $users: others may read it; chmod 600 it" ]
	done
	chmod 600 "$users"
	silent "others may read" --users "$users"
	silent "others may read" --users <(cat "$users")
}

@test "an empty password: told at the start" {
	warns "user joe has an empty password" -u joe:
	silent "empty password" -u joe:x
}

@test "a name twice in a users file: it and its first line are named" {
	local users=$BATS_TEST_TMPDIR/users
	printf '%s\n' "" "joe:$HASH" "ann:$HASH" "joe:$HASH" >"$users"
	run timeout 10 "$SOCKS5" serve --users "$users" 127.0.0.1:0
	[ "$status" = 2 ] || fail "$status: $output"
	[[ $output == *"--users: $users: line 4: joe: this name is there already, in line 2" ]] ||
		fail "$output"
}
