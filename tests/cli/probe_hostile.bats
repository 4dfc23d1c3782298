#!/usr/bin/env bats
# socks5 probe and proxies that do what they can to keep it: each ends in time, with the right status.
# check: waits

bats_require_minimum_version 1.5.0
load ../lib/helper

HELLO=recv:3

# ends STATUS SECONDS OPTION...: of $FAKE, within so many seconds (generous ones: it must not hang). Sets output.
ends() {
	local want=$1 most=$2 before=$SECONDS
	shift 2
	run --separate-stderr timeout 100 "$SOCKS5" probe -w "${WAIT:-2s}" "$@" "$FAKE"
	[ "$status" = "$want" ] || fail "status $status: $output $stderr"
	[ $((SECONDS - before)) -le "$most" ] || fail "$((SECONDS - before)) seconds"
}

@test "endless data in the place of a choice, of a reply, and behind one" {
	start_fake recv:5 flood
	ends 1 20
	[ "${lines[0]}" = "$FAKE: no SOCKS" ] || fail "$output"
	start_fake recv:5 send:0500 close next $HELLO send:0500 flood
	ends 1 60
	[ "${lines[0]}" = "$FAKE: SOCKS5, but what it replies is no reply" ] || fail "$output"
	start_fake recv:5 send:0500 close next $HELLO send:0500 request send:05000001000000000000 flood
	ends 1 60
	[ "${lines[0]}" = "$FAKE: SOCKS5, but it connects to something else than the target" ] || fail "$output"
}

@test "octets that drip: what comes in time counts, what does not is no answer" {
	local WAIT=700ms
	start_fake split:50 recv:5 send:0500 close next split:50 $HELLO send:0500 request \
		send:05010001000000000000 close
	ends 0 60 --quick
	[[ $output == *"connect ipv4 "*" no (reply 01, general failure)"* ]] || fail "$output"
	start_fake split:400 recv:5 send:05 wait:800 send:00 close
	ends 1 20 --quick
	[ "${lines[0]}" = "$FAKE: no SOCKS" ] || fail "$output"
	start_fake recv:5 send:0500 close next split:300 $HELLO send:0500 request \
		send:0500000100000000000000000000000000000000000000 stall
	ends 1 60 --quick
	[ "${lines[0]}" = "$FAKE: SOCKS5, but it answers no request" ] || fail "$output"
}

@test "a proxy that is silent wherever it may be" {
	local WAIT=500ms
	start_fake stall
	ends 1 20
	start_fake recv:5 send:0500 close next stall
	ends 1 60
	[ "${lines[0]}" = "$FAKE: SOCKS5 at first, but not again" ] || fail "$output"
	start_fake recv:5 send:0500 close next $HELLO send:0500 stall
	ends 1 60
	[ "${lines[0]}" = "$FAKE: SOCKS5, but it answers no request" ] || fail "$output"
}

@test "a proxy that resets wherever it may" {
	start_fake recv:5 rst
	ends 1 20
	start_fake recv:5 send:0500 close next $HELLO rst
	ends 1 60
	start_fake recv:5 send:0500 close next $HELLO send:0500 request rst
	ends 1 60
	[ "${lines[0]}" = "$FAKE: SOCKS5, but it answers no request" ] || fail "$output"
}

@test "a relay and a bound address that lead nowhere, or to the prober itself" {
	local WAIT=500ms
	start_fake recv:5 send:0500 close next $HELLO send:0500 request send:05000001c00002010009 stall
	ends 0 60
	[[ $output == *"  bind "*" no ("* && $output == *"  udp ipv4 "*" no (nothing came in time)"* ]] ||
		fail "$output"
	start_fake recv:5 send:0500 close next $HELLO send:0500 request send:0500000300ffff stall
	ends 0 60
}

@test "all cases against endless data, against silence and against resets" {
	local manner WAIT=500ms
	for manner in flood stall rst; do
		start_fake recv:5 send:0500 close next $HELLO send:0500 next $HELLO send:0500 next \
			$HELLO send:0500 $manner
		ends 1 95 --conformance --only rfc1928/5,rfc1928/6/1,rfc1928/6/11,rfc1928/6/25,rfc1928/7
		[[ ${lines[-1]} == *" failed ("* ]] || fail "$output"
	done
}

@test "a mirror is no proxy, and a long farewell is an end" {
	start_fake recv:5 send:0500 close next $HELLO send:0500 request send:05000001000000000000 echo
	ends 1 60
	[ "${lines[0]}" = "$FAKE: no proxy: it gives back what it hears" ] || fail "$output"
	# 1 MB behind the reply, all at once, and the end
	start_fake recv:5 send:0500 close next $HELLO send:0500 request \
		"send:05010001000000000000$(printf '61%.0s' {1..60000})" \
		"send:$(printf '61%.0s' {1..60000})" "send:$(printf '61%.0s' {1..60000})" \
		"send:$(printf '61%.0s' {1..60000})" "send:$(printf '61%.0s' {1..60000})" close
	ends 0 60
	[[ $output == *"says that a name does not exist "*" yes"* ]] || fail "$output"
}
