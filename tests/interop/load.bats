#!/usr/bin/env bats
# Much at once: data that must arrive unharmed, noise that must do no harm.
# check: alone

load ../lib/helper

BUILD=${BUILD:-$REPO/build}

# A variant under a sanitizer; one that was found stops the server, which stop_server notices.
use_variant() {
	SOCKS5=$BUILD/$1/socks5
	[ -x "$SOCKS5" ] || fail "$SOCKS5 is not built"
	export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
	export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
	export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}
}

load_with() {
	"$PYTHON" "$LIB/load.py" "$@"
}

no_findings() {
	stop_server
	! grep -E 'Sanitizer|runtime error' "$SERVER_LOG" || fail "a sanitizer found something"
}

both_ways() {
	load_with both "$PROXY" 200 $((64 << 20))
	load_with both "$PROXY" 4 $((64 << 20))
}

@test "64 MiB both ways at once over 200 tunnels, then over 4" {
	start_server --workers 2
	both_ways
	stop_server
}

@test "64 MiB both ways at once over 200 tunnels, then over 4: address, undefined" {
	use_variant address-undefined
	start_server --workers 2
	both_ways
	no_findings
}

@test "64 MiB both ways at once over 200 tunnels, then over 4: threads" {
	use_variant thread
	start_server --workers 2
	both_ways
	no_findings
}

@test "2,000 sessions side by side under two workers: threads" {
	use_variant thread
	start_echo
	start_server --workers 2 --log -
	load_with sessions "$PROXY" "$ECHO" 2000 100
	no_findings
}

# Rates that are shared by all workers, and read again while they are in use.
rates_and_reload() {
	local conf=$BATS_TEST_TMPDIR/conf n=0 load
	start_echo
	echo 'rate-user 100M' >"$conf"
	start_server --workers 2 -c "$conf" --log -
	spawn "$PYTHON" "$LIB/load.py" steady "$PROXY" "$ECHO" 30 60 3
	load=$PID said=$OUT
	while ! is_gone "$load"; do
		n=$((n + 1))
		printf 'rate-user %dM\nrate 20M\ndeny to=10.%d.0.0/16\n' $((n % 50)) $((n % 256)) >"$conf"
		kill -HUP "$SERVER_PID"
		sleep 0.05
	done
	wait "$load" || fail "$(cat "$said")"
	no_findings
}

@test "rates, and SIGHUP all the time: threads" {
	use_variant thread
	rates_and_reload
}

@test "rates, and SIGHUP all the time: address, undefined" {
	use_variant address-undefined
	rates_and_reload
}

# The hosts file, the name server's answers and its refusals: nothing of any may be left behind.
@test "names of every kind, time and again: address, undefined" {
	local name i
	use_variant address-undefined
	start_web
	start_dns "a.test=A:127.0.0.1" "b.test=SERVFAIL" "c.test=NODATA" "d.test=A:127.0.0.1,AAAA:::1"
	start_server --resolver "$DNS"
	for name in localhost a.test b.test c.test d.test e.test; do
		for i in 1 2 3 4 5; do
			curl -s -o /dev/null -x "socks5h://$PROXY" "http://$name:$WEB_PORT/" || true
		done
	done
	[ "$(grep -c "^127" "$WEB_OUT")" -ge 16 ] || fail "the target was not reached: $(cat "$WEB_OUT")"
	no_findings
}

@test "10,000 random byte strings: address, undefined" {
	use_variant address-undefined
	start_echo
	start_server --auth userpass,none -u a:b --handshake-timeout 1 --log -
	load_with noise "$PROXY" 10000
	load_with sessions "$PROXY" "$ECHO" 10
	no_findings
}
