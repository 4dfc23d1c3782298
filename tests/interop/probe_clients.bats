#!/usr/bin/env bats
# socks5 probe --client against the clients of others, and our own: what each fails is in
# tests/golden/conformance/clients, and what is strange of it a server that says it by hand confirms.
# check: waits

bats_require_minimum_version 1.5.0
load ../lib/helper
load ../lib/connect

# The cases in which they wait, three seconds or for ever, take long: not here.
LONG='rfc1928/3/c5 rfc1928/3/c22 rfc1928/3/c23 rfc1928/6/c21 rfc1928/6/c47 rfc1928/6/c48 rfc1929/2/c4 rfc1929/2/c12'

# fails NAME COMMAND: the cases that it fails are those of the list, with no others; at least 60 it passes.
fails() {
	local only
	only=$("$SOCKS5" probe --client --list | awk -v not="$LONG" '!index(not " ", $1 " ") {print $1}' |
		tr '\n' ,)
	run "$SOCKS5" probe --client --format json --only "$only" --exec "$2"
	diff "$REPO/tests/golden/conformance/clients/$1.txt" \
		<(jq -r 'select(.verdict == "fail") | .case + " " + .title' <<<"$output") || fail "$output"
	[ "$(grep -c '"verdict":"pass"' <<<"$output")" -ge "${3:-60}" ] || fail "$output"
}

PYTHON_CLIENT="$PYTHON $LIB/anyclient.py"

@test "our own clients fail nothing: connect, bind, udp" {
	run "$SOCKS5" probe --client --strict --exec "$SOCKS5 connect -w 5 -x us:pw@{proxy} {target}"
	[ "$status" = 0 ] || fail "$output"
	[[ $output == *" passed, 0 failed (0 of them MUST), "* ]] || fail "$output"
	run "$SOCKS5" probe --client --strict --only rfc1928 --exec "$SOCKS5 bind -w 5 -x {proxy}"
	[ "$status" = 0 ] || fail "$output"
	[[ $output == *"pass  rfc1928/6/c56 "* ]] || fail "$output"
	run "$SOCKS5" probe --client --strict --only rfc1928 \
		--exec "echo hi | $SOCKS5 udp -w 5 -W 1 -x {proxy} {target}"
	[ "$status" = 0 ] || fail "$output"
	[[ $output == *"pass  rfc1928/7/c9 "* ]] || fail "$output"
}

@test "curl takes method 02 that it did not offer, and wants a reply of ten octets at least" {
	need curl
	fails curl 'curl -sS -m 3 -x socks5h://{proxy} http://{target}/'
	fails curl-login 'curl -sS -m 3 -x socks5h://us:pw@{proxy} http://{target}/'
}

@test "ncat" {
	need ncat
	fails ncat 'echo hi | ncat --proxy {proxy} --proxy-type socks5 {host} {port}'
	fails ncat-login 'echo hi | ncat --proxy {proxy} --proxy-type socks5 --proxy-auth us:pw {host} {port}'
}

@test "nc looks neither at versions nor at the method that is chosen, and knows no names in replies" {
	need nc.openbsd
	fails nc 'echo hi | nc.openbsd -X 5 -x {proxy} {host} {port}' 40
}

@test "python3-socks" {
	need_module socks
	fails pysocks "$PYTHON_CLIENT python3-socks {proxyhost} {proxyport} {host} {port}"
	fails pysocks "$PYTHON_CLIENT python3-socks {proxyhost} {proxyport} {host} {port} us" 70
}

@test "proxychains4 sends credentials that it does not have" {
	need proxychains4 ncat
	fails proxychains4 "$PYTHON_CLIENT proxychains4 {proxyhost} {proxyport} {host} {port}"
}

@test "by hand: curl and nc with a server that chooses 02 of its own accord" {
	need curl nc.openbsd
	start_fake hello send:0502 recv:3 close
	run curl -sS -m 3 -x "socks5h://$FAKE" http://127.0.0.1:9/
	[ "$(grep '^got' "$OUT" | tail -n 1)" = "got 010000" ] || fail "$(cat "$OUT")"
	start_fake hello send:0502 recv:10 close
	run nc.openbsd -X 5 -x "$FAKE" 127.0.0.1 9 </dev/null
	[ "$(grep '^got' "$OUT" | tail -n 1)" = "got 050100017f0000010009" ] || fail "$(cat "$OUT")"
}
