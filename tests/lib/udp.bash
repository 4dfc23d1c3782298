# shellcheck shell=bash disable=SC2034,SC2154 # the tests use what is set here, and bats sets status
# What the tests of `socks5 udp` share. Loaded after helper.

# What a fake proxy does until it has a request.
HELD=(hello send:0500 request)
# The header of a datagram to or from 127.0.0.1:9.
HEADER=000000017f0000010009

udp() {
	timeout 20 "$SOCKS5" udp "$@"
}

# start_relay STEP...: a fake proxy that agrees to be asked, and goes on like that.
start_relay() {
	start_fake "${HELD[@]}" "$@"
}

# sends INPUT OPTION...: with these octets as standard input, through the fake proxy to 127.0.0.1:9.
# It must end with status 0; output is what it wrote to both.
sends() {
	local input=$1
	shift
	run udp -x "$FAKE" "$@" 127.0.0.1 9 < <(printf "$input")
	[ "$status" = 0 ] || fail "status $status: $output"
}

# says STATUS TEXT OPTION...: it must end with that status, and TEXT (a pattern) must be all it says,
# without its beginning.
says() {
	local want=$1 text=$2 said
	shift 2
	run udp "$@" </dev/null
	[ "$status" = "$want" ] || fail "status $status, not $want: $output"
	said=${output#socks5 udp: }
	# shellcheck disable=SC2053 # a pattern is meant
	[[ $output == "socks5 udp: "* && $said == $text ]] || fail "said: $output"
}

# relay_got HEX...: just these datagrams reached the relay, in this order.
relay_got() {
	local all want
	want=$(printf 'dgram %s\n' "$@")
	wait_until 5 got_dgrams "$#" || true
	all=$(grep '^dgram ' "$FAKE_OUT" || true)
	[ "$all" = "$want" ] || fail "the relay got: $all"
}

got_dgrams() {
	[ "$(grep -c '^dgram ' "$FAKE_OUT")" -ge "$1" ]
}

# start_datagrams [ADDRESS]: gives back each datagram. TARGET is ADDRESS:PORT, TARGET_OUT tells who
# sent.
start_datagrams() {
	spawn_saying "$PYTHON" "$LIB/target.py" datagrams "${1:-127.0.0.1}"
	TARGET=$SAID TARGET_PORT=${SAID##*:} TARGET_OUT=$OUT
}

# start_forward OPTION...: socks5 udp -L. LOCAL is ADDRESS:PORT, FORWARD_ERR the file of what it says.
start_forward() {
	spawn "$SOCKS5" udp -L "${LOCAL_AT:-0}" "$@"
	FORWARD_ERR=$ERR FORWARD_PID=$PID
	wait_until 10 has_line 'listening on .' "$ERR" || fail "it does not listen: $(cat "$ERR")"
	LOCAL=$(sed -n 's/^socks5 udp: listening on //p' "$ERR")
}

# ask TEXT [WAIT]: one datagram to $LOCAL from a port of its own; prints the answer.
ask() {
	"$PYTHON" "$LIB/datagram.py" "$LOCAL" "$@"
}

hex_of_file() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}
