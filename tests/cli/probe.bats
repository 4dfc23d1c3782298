#!/usr/bin/env bats
# socks5 probe: what it finds out of proxies, good and bad ones.

bats_require_minimum_version 1.5.0
load ../lib/helper
load ../lib/serve

# probe STATUS OPTION...: sets output and stderr.
probe() {
	local want=$1
	shift
	run --separate-stderr "$SOCKS5" probe "$@"
	[ "$status" = "$want" ] || fail "status $status: $output $stderr"
}

# says NAME ANSWER: the table has this row.
says() {
	grep -qE "^  $1 +$2" <<<"$output" || fail "no '$1 $2' in: $output"
}

@test "our own server has all of it, and each row says so" {
	start_server
	probe 0 "$PROXY"
	[[ ${lines[0]} == "$PROXY: SOCKS5, open to anyone" ]] || fail "$output"
	local name
	for name in 'method none' 'refuses an unknown method' 'connect ipv4' 'connect ipv6' 'connect name' \
		'connect ipv4 as name' 'takes early data' 'passes half-close on' 'takes split messages' \
		'says that a connection is refused' 'says that a name does not exist' \
		'refuses an unknown command' 'refuses an unknown address type' 'bind' 'udp ipv4' 'udp ipv6' \
		'udp name' 'udp ipv4, 8 KiB' 'puts fragments together' 'bound address is true'; do
		says "$name" yes
	done
	says 'method userpass' 'no \(it answers ff, no acceptable method\)'
	says 'takes the credentials' 'unknown \(not without: method userpass\)'
	! grep -q '^  gssapi' <<<"$output" || fail "$output"
	says 'connects to itself by loopback' 'no \(reply 02, not allowed by ruleset\)'
	says 'time to the first octet' '[0-9.]+ ms'
	[ -z "$stderr" ] || fail "$stderr"
	[ "$(wc -L <<<"$output")" -le 80 ] || fail "$(awk 'length > 80' <<<"$output")"
}

@test "credentials: right, wrong, none" {
	start_server -u us:pw
	probe 0 "us:pw@$PROXY"
	[[ ${lines[0]} == "$PROXY: SOCKS5, with credentials" ]] || fail "$output"
	says 'takes the credentials' yes
	says 'refuses wrong credentials' yes
	says 'method none' no
	says 'udp name' yes
	says 'time to the status' '[0-9.]+ ms'
	[[ $output$stderr != *pw* ]] || fail "$output"
	probe 0 --quick -u us --password pass:pw "$PROXY"
	probe 3 "us:xx@$PROXY"
	[[ ${lines[0]} == "$PROXY: SOCKS5, it wants other credentials" ]] || fail "$output"
	says 'takes the credentials' no
	says 'connect ipv4' 'unknown \(not without: lets us in\)'
	probe 3 "$PROXY"
	says 'takes the credentials' 'unknown \(no credentials are given\)'
}

@test "what is no SOCKS5 is told by what it answers" {
	start_fake recv:5 send:485454502f312e3020343030 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: HTTP, no SOCKS" ] || fail "$output"
	start_fake recv:5 send:15030100020228 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: TLS, no SOCKS" ] || fail "$output"
	start_fake recv:5 send:005b000000000000 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: SOCKS4 alone" ] || fail "$output"
	start_fake recv:5 send:7777 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: no SOCKS" ] || fail "$output"
	start_fake recv:5 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: it accepts and closes" ] || fail "$output"
	start_fake recv:5 stall
	probe 1 -w 300ms "$FAKE"
	[ "${lines[0]}" = "$FAKE: it accepts and says nothing" ] || fail "$output"
	start_fake recv:5 send:05ff close
	probe 3 "$FAKE"
	[ "${lines[0]}" = "$FAKE: SOCKS5, with no method that we have" ] || fail "$output"
}

@test "what is not there: refused, unknown names, a socket that is none" {
	probe 1 127.0.0.1:1
	[ "$output" = "127.0.0.1:1: not reachable"$'\n'"  Connection refused" ] || fail "$output"
	probe 1 "unix:$BATS_TEST_TMPDIR/none"
	[ "${lines[1]}" = "  No such file or directory" ] || fail "$output"
	probe 1 no.such.name.invalid
	[[ $output == "no.such.name.invalid:1080: "* ]] || fail "$output"
}

@test "a proxy on a Unix socket, and by IPv6" {
	start_server "unix:$BATS_TEST_TMPDIR/socket"
	probe 0 "unix:$BATS_TEST_TMPDIR/socket"
	says 'udp ipv4' '.*'
	says 'connect ipv6' yes
	stop_server
	start_server '[::1]:0'
	probe 0 "$PROXY"
	says 'connect ipv4' yes
	says 'bound address is true' yes
}

@test "--json is an object a proxy" {
	start_server
	probe 0 --json "$PROXY" 127.0.0.1:1
	[ "${#lines[@]}" = 2 ] || fail "$output"
	[ "$(jq -r 'select(.usable) | .facts["udp name"].is, .facts["method userpass"].is, .facts["takes the credentials"].is' \
		<<<"$output" | tr '\n' ' ')" = "true false null " ] || fail "$output"
	[ "$(jq -r 'select(.usable | not) | .is, .error' <<<"$output" | tr '\n' ',')" = \
		"not reachable,Connection refused," ] || fail "$output"
	jq -e 'select(.usable) | .ms | .connect >= 0 and .first_octet > 0' <<<"$output" || fail "$output"
	jq -e 'select(.usable) | .facts["bound address is true"] | .is and (.why | startswith("127.0.0.1:"))' \
		<<<"$output" || fail "$output"
}

@test "a list: comments, standard input, --alive, wrong lines" {
	start_server
	printf '# ours\n%s\n\n  127.0.0.1:1 # dead\n' "$PROXY" >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick --json -f "$BATS_TEST_TMPDIR/list"
	[ "${#lines[@]}" = 2 ] || fail "$output"
	run --separate-stderr "$SOCKS5" probe --quick --alive -f - <"$BATS_TEST_TMPDIR/list"
	[[ $output == "$PROXY: SOCKS5, open to anyone"* && $output != *127.0.0.1:1:* ]] || fail "$output"
	echo 'http://x' >>"$BATS_TEST_TMPDIR/list"
	probe 0 --quick -f "$BATS_TEST_TMPDIR/list"
	[[ $stderr == "socks5 probe: $BATS_TEST_TMPDIR/list: line 5: "* ]] || fail "$stderr"
	probe 1 -f "$BATS_TEST_TMPDIR/none"
	[[ $stderr == "socks5 probe: $BATS_TEST_TMPDIR/none: No such file or directory" ]] || fail "$stderr"
}

@test "thousands: the dead and the living are told apart, whoever ends first" {
	local i
	start_server
	for i in {1..1000}; do
		echo "$PROXY"
		echo 127.0.0.1:1
	done >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick --json -j 200 -f "$BATS_TEST_TMPDIR/list"
	[ "$(jq -r .usable <<<"$output" | sort | uniq -c | tr -s ' \n' ' ')" = " 1000 false 1000 true " ] ||
		fail "$(jq -r .usable <<<"$output" | sort | uniq -c)"
}

@test "--sort latency: once all are done, those that are usable first" {
	start_server
	printf '127.0.0.1:1\n%s\n127.0.0.1:2\n%s\n' "$PROXY" "$PROXY" >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick --json --sort latency -f "$BATS_TEST_TMPDIR/list"
	[ "$(jq -r .usable <<<"$output" | tr '\n' ' ')" = "true true false false " ] || fail "$output"
	jq -se '.[0].ms.connect <= .[1].ms.connect' <<<"$output" >/dev/null
}

@test "Ctrl-C: what is known is shown, and it ends as such" {
	start_server
	start_fake recv:5 stall
	spawn "$SOCKS5" probe --quick --json -w 20 "$PROXY" "$FAKE"
	wait_until 10 has_line '"usable":true' "$OUT"
	kill -INT "$PID"
	wait "$PID" || true
	[ "$(wc -l <"$OUT")" = 1 ]
	grep -q "^socks5 probe: stopped: 1 done, 1 were not$" "$ERR" || fail "$(cat "$ERR")"
}

@test "--target: whether it connects there, too" {
	start_server
	start_target hold
	probe 0 --target "$TARGET" "$PROXY"
	says 'connect to the target' yes
	probe 0 --target 127.0.0.1:1 "$PROXY"
	says 'connect to the target' 'no \(reply 05, connection refused\)'
}

@test "misuse is said" {
	run -2 "$SOCKS5" probe
	[[ $output == *"no PROXY is given"* ]] || fail "$output"
	run -2 "$SOCKS5" probe --password pass:x 127.0.0.1
	[[ $output == *"--password: it is for a user; add -u NAME"* ]] || fail "$output"
	run -2 "$SOCKS5" probe -u a:b --password pass:x 127.0.0.1
	run -2 "$SOCKS5" probe --target nowhere 127.0.0.1
	probe 2 http://127.0.0.1:1
	[[ -z $output && $stderr == "socks5 probe: "*http* ]] || fail "$output $stderr"
	probe 2 127.0.0.1:99999
	[ "$stderr" = "socks5 probe: port '99999' is neither a number from 1 to 65535 nor a service" ] ||
		fail "$stderr"
}
