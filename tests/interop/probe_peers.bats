#!/usr/bin/env bats
# socks5 probe against the servers of others: what it finds is what octets sent by hand confirm
# (tests/golden/conformance has the cases that each fails).
# check: waits

bats_require_minimum_version 1.5.0
load ../lib/helper
load ../lib/connect
load ../lib/serve
load ../lib/sshd

# fails NAME PROXY: the cases that fail are those of the list, and no others.
fails() {
	local try
	# What is sent octet by octet may arrive together on a machine that is busy.
	for try in 1 2 3; do
		run "$SOCKS5" probe --conformance --format json "$2"
		! diff <(jq -r 'select(.verdict == "fail") | .case' <<<"$output") \
			"$REPO/tests/golden/conformance/$1.txt" || return 0
	done
	fail "$1"
}

# finds NAME ANSWER: in the table of facts that `facts` read.
facts() {
	FACTS=$("$SOCKS5" probe "$1") || fail "$FACTS"
}

finds() {
	grep -qE "^  $1 +$2" <<<"$FACTS" || fail "no '$1 $2' in: $FACTS"
}

start_microsocks() {
	local port
	need microsocks
	port=$(free_port)
	spawn microsocks -i 127.0.0.1 -p "$port"
	wait_for_port 127.0.0.1 "$port"
	PROXY=127.0.0.1:$port
}

start_ssh() {
	local port
	start_sshd
	port=$(free_port)
	spawn "${SSH[@]}" -N -D "127.0.0.1:$port" 127.0.0.1
	wait_for_port 127.0.0.1 "$port"
	PROXY=127.0.0.1:$port
}

@test "microsocks takes a segment for a message, ends both ways at once, and has no BIND" {
	start_microsocks
	facts "$PROXY"
	finds 'takes split messages' 'no \(it answers ff'
	finds 'takes early data' no
	finds 'passes half-close on' 'no \(the connection was closed\)'
	finds 'bind' 'no \(reply 07, command not supported\)'
	finds 'udp ipv4' 'no \(reply 07, command not supported\)'
	finds 'bound address is true' 'no \(0.0.0.0:0\)'
	finds 'connects to itself by loopback' yes
	finds 'says that a net is unreachable' yes
	answers '05000503000100000000*' $HELLO recv:2 05010001e00000010050
	answers '050005070001000000000000*' $HELLO recv:2 "$(request 017f000001 80 02)"
	fails microsocks "$PROXY"
}

@test "danted closes where a reply is wanted, and has BIND and UDP" {
	start_danted
	facts "$PROXY"
	finds 'takes split messages' yes
	finds 'passes half-close on' yes
	finds 'bind' yes
	finds 'udp ipv4' yes
	finds 'udp ipv4, 8 KiB' yes
	finds 'puts fragments together' 'no \(nothing came in time\)'
	finds 'refuses an unknown command' 'no \(the connection was closed\)'
	finds 'bound address is true' yes
	answers '0500 EOF' $HELLO recv:2 05090001000000000050
	fails danted "$PROXY"
}

@test "ssh -D closes in the place of every failure" {
	start_ssh
	facts "$PROXY"
	finds 'connect ipv4' yes
	finds 'passes half-close on' yes
	finds 'says that a connection is refused' 'no \(the connection was closed\)'
	finds 'bind' 'no \(the connection was closed\)'
	finds 'bound address is true' 'no \(0.0.0.0:0\)'
	answers '0500 EOF' $HELLO recv:2 "$(request $IP4 1)"
	fails ssh "$PROXY"
}
