# shellcheck shell=bash disable=SC2034,SC2154 # the tests use what is set here, and bats sets status
# What the tests of `socks5 bind` share. Loaded after helper.

# What a fake proxy does until it has a request; the first reply, which names port 4000, and the
# second, in which 127.0.0.1:9 came.
HELD=(hello send:0500 request) FIRST=050000017f0000010fa0 SECOND=050000017f0000010009

bind() {
	timeout 20 "$SOCKS5" bind "$@"
}

# says STATUS TEXT OPTION...: it must end with that status, and TEXT (a pattern) must be all it says
# from the failure on, without its beginning.
says() {
	local want=$1 text=$2
	shift 2
	run bind "$@" </dev/null
	[ "$status" = "$want" ] || fail "status $status, not $want: $output"
	# shellcheck disable=SC2053 # a pattern is meant
	[[ ${output##*socks5 bind: } == $text ]] || fail "said: $output"
}

# start_bind OPTION...: socks5 bind, with the file STDIN as its input. BOUND is where the proxy
# listens, BIND_PID, BIND_OUT and BIND_ERR are its pid and what it writes.
start_bind() {
	spawn "$SOCKS5" bind "$@"
	BIND_PID=$PID BIND_OUT=$OUT BIND_ERR=$ERR
	bound 1
}

# bound N: it listens for the Nth time; BOUND is where.
bound() {
	wait_until 10 has_bound "$1" || fail "it does not listen: $(cat "$BIND_ERR")"
	BOUND=$(sed -n 's/^socks5 bind: listening on //p' "$BIND_ERR" | sed -n "$1p")
}

has_bound() {
	[ "$(grep -c 'listening on ' "$BIND_ERR")" -ge "$1" ] || is_gone "$BIND_PID"
}

# bind_ends STATUS
bind_ends() {
	local got=0
	wait_until 10 is_gone "$BIND_PID" || fail "it goes on: $(cat "$BIND_ERR")"
	wait "$BIND_PID" || got=$?
	[ "$got" = "$1" ] || fail "status $got, not $1: $(cat "$BIND_ERR")"
}

# meet [OPTION]...: a peer comes to $BOUND, sends its input and an end, prints what comes.
meet() {
	need nc
	local host=${BOUND%:*}
	host=${host#\[}
	timeout 20 nc -N "$@" "${host%\]}" "${BOUND##*:}"
}

random_file() {
	head -c "$2" /dev/urandom >"$BATS_TEST_TMPDIR/$1"
}
