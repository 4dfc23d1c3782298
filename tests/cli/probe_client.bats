#!/usr/bin/env bats
# socks5 probe --client: clients that are careful pass, and what a client does wrong fails the cases that are
# about it, and no others.
# check: waits

bats_require_minimum_version 1.5.0
load ../lib/helper

# tries STATUS WHAT OPTION...: the fake client of lib/fakeclient.py with these words. FAILED are the ids of
# what fails, PASSED of what passes, SKIPPED of what is skipped.
tries() {
	local want=$1 client=$2
	shift 2
	run --separate-stderr "$SOCKS5" probe --client --format json "$@" \
		--exec "$PYTHON $LIB/fakeclient.py $client {proxy} {target} {case}"
	[ "$status" = "$want" ] || fail "status $status: $output $stderr"
	FAILED=$(jq -r 'select(.verdict == "fail") | .case' <<<"$output")
	PASSED=$(jq -r 'select(.verdict == "pass") | .case' <<<"$output")
	SKIPPED=$(jq -r 'select(.verdict == "skip") | .case' <<<"$output")
}

# fail_exactly ID...
fail_exactly() {
	diff <(printf '%s\n' "$@") - <<<"$FAILED" || fail "it fails other cases: $FAILED"
}

cases() {
	"$SOCKS5" probe --client --list "$@"
}

# All those of a section but those in which the client has to wait for long.
SECTION3=$(printf 'rfc1928/3/c%s,' {1..4} {6..21} 24 25)
SECTION6=$(printf 'rfc1928/6/c%s,' {1..20} {22..46})
LOGIN=$(printf 'rfc1929/2/c%s,' {1..3} {5..11})

# split_contrary CLIENT ONLY: a client that is careful passes. Then it is wrong in every other case of these, and then in the rest. That must be what
# fails; but not where nothing is wrong (all others would be left out), nor where either end is right.
split_contrary() {
	local half ids
	tries 0 "$1" --only "$2" --strict
	ids=$(grep -v -x -e rfc1928/3/c2 -e rfc1928/6/c49 -e rfc1928/7/c1 -e rfc1928/4/c2 -e rfc1928/6/c35 \
		-e rfc1929/2/c9 <<<"$PASSED")
	for half in 0 1; do
		# shellcheck disable=SC2046 # words
		set -- "$1" "$2" $(awk "NR % 2 == $half" <<<"$ids")
		tries 1 "$1 --contrary $(tr ' ' , <<<"${*:3}")" --only "$2"
		fail_exactly "${@:3}"
	done
}

@test "a client that is careful passes, and each case can fail, and it alone: CONNECT" {
	split_contrary '' rfc1928,rfc1929
	[ "$(wc -l <<<"$PASSED")" -ge 40 ]
}

@test "a client that is careful passes, and each case can fail, and it alone: BIND, UDP ASSOCIATE, GSSAPI" {
	split_contrary '--command bind' "$(printf 'rfc1928/6/c%s,' {49..56})"
	split_contrary '--command udp' rfc1928/7
	split_contrary '--methods 0001' rfc1961
}

@test "what clients do wrong: messages by segments, replies of ten octets, early data, no patience" {
	tries 1 '--bug segment' --only "$SECTION3$SECTION6$LOGIN"
	fail_exactly rfc1928/3/c3 rfc1928/3/c4 rfc1928/6/c17 rfc1928/6/c18 rfc1928/6/c23 rfc1928/6/c25 \
		rfc1929/2/c2 rfc1929/2/c3
	tries 1 '--bug ten' --only "$SECTION3$SECTION6$LOGIN"
	fail_exactly rfc1928/6/c2{2,3,4,5,6,7,8} rfc1928/6/c30 rfc1928/6/c32 rfc1928/6/c33 rfc1928/6/c39 \
		rfc1928/6/c40 rfc1928/6/c41
	tries 1 '--bug early' --only "$SECTION6"
	fail_exactly rfc1928/6/c31 rfc1928/6/c32 rfc1928/6/c33
	tries 0 '--bug hasty' --only "$(printf 'rfc1928/3/c%s,' {2..5}),rfc1928/6/c21,rfc1929"
	fail_exactly rfc1928/3/c5 rfc1928/6/c21 rfc1929/2/c4
	tries 1 '--bug hasty' --strict --only rfc1928/3/c5
	tries 1 '--bug repeats' --only "$SECTION3"
	fail_exactly rfc1928/3/c25
}

@test "what clients do wrong: codes that they do not look at" {
	tries 1 '--bug blind' --only "$SECTION3$SECTION6,rfc1928/4"
	fail_exactly rfc1928/3/c1 rfc1928/4/c1 rfc1928/6/c{1,2,3,4,5,6,7,8,9,10,11,12,13,14,16}
	tries 1 '--bug forward' --only "$SECTION6"
	fail_exactly rfc1928/6/c{1,2,3,4,5,6,7,8,9,10,11,12,13,14,16,22,23,24,25,26,27,28,30,32,33,36,37,39,40,41,42}
	tries 1 '--bug status' --only "$LOGIN"
	fail_exactly rfc1929/2/c5 rfc1929/2/c6 rfc1929/2/c7 rfc1929/2/c8
	tries 1 '--bug unoffered' --only "$SECTION3"
	fail_exactly rfc1928/3/c10 rfc1928/3/c11
	tries 1 '--bug unoffered --methods 02' --only "$SECTION3"
	fail_exactly rfc1928/3/c7 rfc1928/3/c10 rfc1928/3/c11
	tries 1 '--bug zeros --command udp' --only rfc1928/7
	fail_exactly rfc1928/7/c2
	tries 1 '--bug trusting --command udp' --only rfc1928/7
	fail_exactly rfc1928/7/c{4,5,6,7,8,9}
}

@test "what clients do wrong: after a failure, past the proxy, with the wrong status, or never" {
	tries 1 '--bug talks' --only rfc1928/6/c5,rfc1928/3/c6
	fail_exactly rfc1928/3/c6 rfc1928/6/c5
	tries 1 '--bug bypass' --only rfc1928/6/c5
	[[ $output == *"it went past the proxy, straight to the target"* ]] || fail "$output"
	tries 1 '--bug success' --only rfc1928/6/c5
	[[ $output == *"it ended with status 0, as if all had gone well: fakeclient: reply 5"* ]] || fail "$output"
	tries 1 '--bug failure' --only rfc1928/3/c2,rfc1928/6/c17
	fail_exactly rfc1928/3/c2
	[[ $SKIPPED == rfc1928/6/c17 && $output == *"not even where nothing was wrong"* ]] || fail "$output"
	run "$SOCKS5" probe --client --format json --only rfc1928/6/c5 --exec \
		"$PYTHON $LIB/fakeclient.py {proxy} {target} {case} || kill -SEGV \$\$"
	[[ $output == *'"why":"it crashed: signal 11'* ]] || fail "$output"
	tries 1 '--bug lingers' -w 300ms --only rfc1928/6/c5,rfc1928/4/c3
	fail_exactly rfc1928/4/c3 rfc1928/6/c5
	[[ $output == *"it did not end"* ]] || fail "$output"
}

# comes_not COMMAND PATTERN: that is no client, which is told in a line.
comes_not() {
	run --separate-stderr -2 "$SOCKS5" probe --client --exec "$1"
	[ -z "$output" ] && [[ $stderr == "socks5 probe: option --exec: "$2 ]] || fail "$output $stderr"
}

@test "a command that is no client, or does something else, is told as such, and nothing is tried" {
	comes_not 'echo no such thing >&2; exit 7' \
		'no client came: it did not connect to the proxy, and ended with status 7: no such thing'
	comes_not "bash -c 'exec 3<>/dev/tcp/{host}/{port}'" \
		'no client came: it went past the proxy, straight to the target; perhaps no_proxy is set*'
	comes_not 'curl -x socks5h://{PROXY} x' '{PROXY} stands for nothing; did you mean {proxy}?'
	comes_not 'nc -x {proxy-host} ${x}' '{proxy-host} stands for nothing; did you mean {proxyhost}?'
	run --separate-stderr -2 "$SOCKS5" probe --client --format json --exec false
	[ "$output" = '{"proxy":"client","error":"the client did not connect to the proxy"}' ] || fail "$output"
	tries 1 '--bug eager'
	fail_exactly rfc1928/3/c1
	[[ $output == *'"why":"what the client does is not known"'* ]] || fail "$output"
}

@test "without --exec, whoever comes first and is no client of SOCKS5 ends nothing" {
	spawn "$SOCKS5" probe --client 127.0.0.1:0 --only rfc1928/3/c6
	wait_until 10 has_line 'listening on' "$ERR"
	PROXY=$(grep -o '127.0.0.1:[0-9]*' "$ERR")
	exec 7<>"/dev/tcp/${PROXY/://}"
	printf 'GET / HTTP/1.1\r\n\r\n' >&7
	exec 7>&-
	wait_until 10 has_line 'that was no request by SOCKS5; waiting for the next' "$ERR"
	for _ in 1 2 3; do
		"$PYTHON" "$LIB/fakeclient.py" "$PROXY" 127.0.0.1:9 - >/dev/null 2>&1 || true
	done
	wait "$PID"
	grep -q '^client: 1 passed, 0 failed' "$OUT" || fail "$(cat "$OUT" "$ERR")"
}

@test "without --exec each connection gets the next case" {
	local id client
	spawn "$SOCKS5" probe --client 127.0.0.1:0 --only rfc1928/3/c3,rfc1928/6/c5,rfc1928/6/c31 --format json
	wait_until 10 has_line 'listening on' "$ERR"
	PROXY=$(grep -o '127.0.0.1:[0-9]*' "$ERR")
	for client in 1 2 3 4 5; do
		"$PYTHON" "$LIB/fakeclient.py" "$PROXY" 127.0.0.1:9 - >/dev/null 2>&1 || true
	done
	wait "$PID"
	[ "$(jq -r '.verdict + .case' "$OUT" | tr '\n' ' ')" = \
		"passrfc1928/3/c3 passrfc1928/6/c5 passrfc1928/6/c31 " ] || fail "$(cat "$OUT" "$ERR")"
}

@test "Ctrl-C: what is known is shown, and no client is left behind" {
	spawn "$SOCKS5" probe --client --exec 'case {case} in *c1) ;; *) exec sleep 97;; esac;
		'"$PYTHON $LIB/fakeclient.py"' {proxy} {target} {case}'
	wait_until 10 pgrep -x -f 'sleep 97'
	kill -INT "$PID"
	wait "$PID" || true
	grep -q '^pass  rfc1928/3/c1 ' "$OUT" || fail "$(cat "$OUT")"
	grep -q '^socks5 probe: stopped: 1 done of [0-9]*$' "$ERR" || fail "$(cat "$ERR")"
	wait_until 5 bash -c '! pgrep -x -f "sleep 97"'
}

@test "credentials of a client are not shown, in their turn or not" {
	run "$SOCKS5" probe --client --only rfc1928/3/c1 \
		--exec "$PYTHON $LIB/fakeclient.py --bug eager {proxy} {target} {case}"
	[[ $output == *"(credentials)"* && $output != *7573027077* && $output != *027077* ]] || fail "$output"
	run "$SOCKS5" probe --client -v --only rfc1929/2/c1 \
		--exec "$PYTHON $LIB/fakeclient.py {proxy} {target} {case}"
	[[ $output == *"got:    (credentials)"* && $output != *7573027077* ]] || fail "$output"
}

@test "there are cases enough; --list, TAP and JUnit have them; what does not go together is said" {
	need jq xmllint perl
	[ "$(cases | wc -l)" -ge 100 ]
	[ "$(cases --only rfc1929 | wc -l)" -gt 9 ]
	local client="$PYTHON $LIB/fakeclient.py {proxy} {target} {case}"
	run "$SOCKS5" probe --client --format junit --only rfc1928/4,rfc1929/2/c5 --exec "$client"
	xmllint --noout --schema "$LIB/junit.xsd" - <<<"$output"
	run "$SOCKS5" probe --client --format tap --only rfc1928/4,rfc1929/2/c5 --exec "$client"
	perl -MTAP::Parser -e 'my $p = TAP::Parser->new({ tap => do { local $/; <STDIN> } }); $p->run;
		exit !($p->tests_run == 4 && !$p->parse_errors)' <<<"$output"
	run -2 "$SOCKS5" probe --exec true 127.0.0.1
	[[ $output == *"--exec is for --client"* ]] || fail "$output"
	run -2 "$SOCKS5" probe --client --conformance
	run -2 "$SOCKS5" probe --client --only rfc1928/3/1
	[[ $output == *"'rfc1928/3/1' is no case of --client, but of --conformance"* ]] || fail "$output"
	run -2 "$SOCKS5" probe --client 127.0.0.1:1 127.0.0.1:2
	run -2 "$SOCKS5" probe --client nowhere:x
}
