# shellcheck shell=bash disable=SC2034,SC2154 # the tests use what is set here, and bats sets status
# What the tests of `socks5 connect` share. Loaded after helper.

# Replies over IPv4, without their port: success and refusal.
OK4=050000017f000001 REFUSED4=0505000100000000
# What a fake proxy does until it has a request, without authentication and with it.
HELD=(hello send:0500 request) NAMED=(hello send:0502 auth send:0100 request)

connect() {
	timeout 20 "$SOCKS5" connect "$@"
}

# says STATUS TEXT OPTION...: connect must end with that status, and TEXT (a pattern) must be all
# it says on stderr, without its beginning.
says() {
	local want=$1 text=$2 said
	shift 2
	run connect "$@" </dev/null
	[ "$status" = "$want" ] || fail "status $status, not $want: $output"
	said=${output#socks5 connect: }
	# shellcheck disable=SC2053 # a pattern is meant
	[[ $output == "socks5 connect: "* && $said == $text ]] || fail "said: $output"
}

# lied_to STATUS TEXT STEP...: what comes of a fake proxy that does these steps. The words of the
# array WITH go to connect.
lied_to() {
	local want=$1 text=$2
	shift 2
	start_fake "$@"
	says "$want" "proxy $FAKE: $text" "${WITH[@]}" -w 5 -x "$FAKE" 127.0.0.1:9
}

# got TEXT: a line of what the fake proxy got.
got() {
	wait_until 5 has_line "^$1$" "$FAKE_OUT" || fail "it got: $(cat "$FAKE_OUT")"
}

# got_only LINES: that is all of it, the connection's end included.
got_only() {
	local all
	wait_until 5 has_line '^\(eof\|reset\)$' "$FAKE_OUT" || true
	all=$(tail -n +2 "$FAKE_OUT" | grep -v '^got $' | tr '\n' ' ')
	[ "${all% }" = "$1" ] || fail "it got: $all"
}

# hex_of_file FILE
hex_of_file() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

random_file() {
	head -c "$2" /dev/urandom >"$BATS_TEST_TMPDIR/$1"
}

sum_of() {
	sha256sum "$@" | cut -d' ' -f1
}

ms_now() {
	echo $(($(date +%s%N) / 1000000))
}

# took LOW HIGH: milliseconds since $BEGAN.
took() {
	local ms=$(($(ms_now) - BEGAN))
	[ "$ms" -ge "$1" ] || fail "it took only $ms ms"
	[ "$ms" -le "$2" ] || fail "it took $ms ms"
}
