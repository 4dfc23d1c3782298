#!/usr/bin/env bats
# socks5 probe --conformance: our own server passes, and what came of the cases is told in every form.
# check: waits

bats_require_minimum_version 1.5.0
load ../lib/helper
load ../lib/serve

cases() {
	"$SOCKS5" probe --list "$@"
}

# conforms STATUS OPTION...: of $PROXY. Sets output and stderr.
conforms() {
	local want=$1
	shift
	run --separate-stderr "$SOCKS5" probe --conformance "$@"
	[ "$status" = "$want" ] || fail "status $status: $output $stderr"
}

@test "our own server passes every case, without users and with them" {
	start_server
	conforms 0 --strict "$PROXY"
	[[ ${lines[-1]} == "$PROXY: "*" passed, 0 failed (0 of them MUST), "* ]] || fail "$output"
	stop_server
	start_server -u us:pw --auth none,userpass
	conforms 0 --strict "us:pw@$PROXY"
	[[ ${lines[-1]} == *" passed, 0 failed (0 of them MUST), 1"??" skipped" ]] || fail "${lines[-1]}"
	! grep '^skip' <<<"$output" | grep -v 'not without method gssapi' || fail "$output"
	stop_server
}

@test "there are cases enough, and --only picks some" {
	[ "$(cases | wc -l)" -ge 120 ]
	[ "$(cases | grep -c MUST)" -ge 60 ]
	[ "$(cases --only rfc1929 | wc -l)" = "$(cases | grep -c '^rfc1929/')" ]
	[ "$(cases --only rfc1928/3/1,rfc1961/3 | awk '{print $1}' | sort -u | wc -l)" = \
		$((1 + $(cases | grep -c '^rfc1961/3/'))) ]
	start_server
	conforms 0 --only rfc1928/3/1 "$PROXY"
	[ "${lines[1]}" = "pass  rfc1928/3/1     MUST    a method list that it takes" ] || fail "$output"
	[ "${#lines[@]}" = 3 ] || fail "$output"
	conforms 0 -v --only rfc1928/3/1 "$PROXY"
	[ "${lines[2]}" = "        sent:   050100" ] && [ "${lines[4]}" = "        got:    0500" ] || fail "$output"
	diff <("$SOCKS5" probe --list --json | jq -r '[.id, .level, .title] | @tsv' | tr '\t' '|') \
		<(cases | sed -E 's/^(\S+) +(\S+) +/\1|\2|/')
}

@test "a case that fails shows what was sent, what came, what was wanted and why" {
	start_fake recv:5 send:0500 close next recv:3 send:0500 close next recv:3 send:05ff close next \
		recv:3 send:05ff close next recv:3 send:05ff close next recv:3 send:0500 close next recv:3 \
		send:0501 close next recv:3 send:0501 close
	conforms 1 --only rfc1928/3/1 -w 500ms "$FAKE"
	[[ $output == *"fail  rfc1928/3/1     MUST    a method list that it takes"* ]] || fail "$output"
	[[ $output == *"        sent:   050100"* && $output == *"        got:    05"* &&
		$output == *"        then:   the connection was closed"* &&
		$output == *"        wanted: silence"* && $output == *"        RFC 1928 3: "* ]] || fail "$output"
	[[ ${lines[-1]} == "$FAKE: 0 passed, 1 failed (1 of them MUST), 0 skipped" ]] || fail "$output"
}

# fails_all: a proxy that lets in, and answers every request with success and nothing more.
fails_all() {
	local i steps=()
	for i in hello hello; do
		steps+=("$i" send:0500 close next)
	done
	for i in {1..3}; do
		steps+=(hello send:05ff close next)
	done
	start_fake "${steps[@]}" hello send:0500 request send:05000001000000000000 stall
}

@test "a case that fails is told in words, up to the 80th column" {
	fails_all
	conforms 1 --only rfc1928/4/1,rfc1928/5/19,rfc1928/6/11,rfc1928/3/5,rfc1928/6/2 -w 200ms "$FAKE"
	[[ $output == *"                request: 01 connect, 127.0.0.1:1"$'\n'* &&
		$output == *"                reply: 00 succeeded, bound 0.0.0.0:0"$'\n'* &&
		$output == *"        wanted: a reply with 05 connection refused"$'\n'* &&
		$output == *"                method choice: 00 none; the method chosen was not offered"$'\n'* &&
		$output == *"                65,536 octets in all"$'\n'* ]] || fail "$output"
	[ "$(wc -L <<<"$output")" -le 80 ] || fail "$(awk 'length > 80' <<<"$output")"
}

@test "--format json: a case that fails has what was sent, got and wanted" {
	need jq
	fails_all
	conforms 1 --only rfc1928/6/2,rfc1928/6/11 -w 200ms --format json "$FAKE"
	jq -se '.[0] | .sent[1].from == "client" and .sent[1].hex == "050100017f0000010001" and
		.sent[1].decoded == ["request: 01 connect, 127.0.0.1:1"] and .got[0].from == "proxy" and
		.got[1].decoded == ["reply: 00 succeeded, bound 0.0.0.0:0"] and
		.wanted == "a reply with 05 connection refused"' <<<"$output" >/dev/null || fail "$output"
	jq -se '.[1].sent[2] | .octets == 65536 and (.hex | length) < 8192' <<<"$output" >/dev/null || fail "$output"
}

@test "a SHOULD counts with --strict" {
	local should
	should=$(cases --only rfc1928/6 | awk '$2 == "SHOULD" {print $1; exit}')
	start_fake echo
	conforms 1 "$FAKE"
	start_server
	conforms 0 --only "$should" --strict "$PROXY"
}

@test "--format json: an object a case" {
	need jq
	start_server
	conforms 0 --format json --only rfc1928/3,rfc1929 "$PROXY"
	[ "$(wc -l <<<"$output")" = "$(cases --only rfc1928/3,rfc1929 | wc -l)" ]
	[ "$(jq -r .verdict <<<"$output" | sort -u | tr '\n' ' ')" = "pass skip " ]
	jq -se 'map(select(.case == "rfc1928/3/1" and .section == "RFC 1928 3" and .level == "MUST")) |
		length == 1' <<<"$output" >/dev/null
}

# tap_of TEXT: what a parser of TAP makes of it: how many tests, whether all is well, those that
# failed, errors of form.
tap_of() {
	perl -MTAP::Parser -e '
		my $p = TAP::Parser->new({ tap => do { local $/; <STDIN> } });
		$p->run;
		print join " ", $p->tests_run, $p->has_problems ? "bad" : "good", $p->failed + 0, $p->parse_errors;
	' <<<"$1"
}

@test "--format tap: a consumer of TAP takes it" {
	need perl
	start_server
	conforms 0 --format tap --only rfc1928/3,rfc1929 "$PROXY"
	run tap_of "$output"
	[ "$output" = "$(cases --only rfc1928/3,rfc1929 | wc -l) good 0" ] || fail "$output"
}

@test "--format tap: several proxies are one document, also those that are not there" {
	need perl
	local odd="unix:$BATS_TEST_TMPDIR/a #SKIP"
	start_server
	printf '%s\n%s\n' "$PROXY" "$odd" >"$BATS_TEST_TMPDIR/list"
	conforms 1 --format tap --only rfc1928/3/1,rfc1928/3/2 -f "$BATS_TEST_TMPDIR/list" "$PROXY" 127.0.0.1:1
	[ "$(tap_of "$output")" = '6 bad 2' ] || fail "$(tap_of "$output"): $output"
	[[ $output == *"- 127.0.0.1:1 not reachable: Connection refused"* &&
		$output == *" - $PROXY rfc1928/3/1 MUST: "* && ${lines[-1]} == 1..6 ]] || fail "$output"
	[ "$(grep -c 'TAP version' <<<"$output")" = 1 ]
	conforms 1 --format tap -f /dev/null
	[ "$output" = $'TAP version 13\n1..0' ] || fail "$output"
}

@test "--format junit: several proxies are one document, also those that are not there" {
	need xmllint
	local report=$BATS_TEST_TMPDIR/report.xml
	start_server
	conforms 1 --format junit --only rfc1928/3/1,rfc1928/3/2 "$PROXY" 127.0.0.1:1 "$PROXY"
	echo "$output" >"$report"
	xmllint --noout --schema "$LIB/junit.xsd" "$report"
	[ "$(xmllint --xpath 'count(//testsuite)' "$report")" = 3 ]
	[ "$(xmllint --xpath 'string(//testsuite[@errors=1]/testcase/error/@message)' "$report")" = \
		'not reachable: Connection refused' ] || fail "$output"
	conforms 1 --format junit -f /dev/null
	echo "$output" >"$report"
	xmllint --noout --schema "$LIB/junit.xsd" "$report"
}

@test "--format json: a proxy that is not there is an object with the error" {
	need jq
	conforms 1 --format json 127.0.0.1:1
	[ "$output" = '{"proxy":"127.0.0.1:1","error":"not reachable: Connection refused"}' ] || fail "$output"
	conforms 1 127.0.0.1:1
	[ "$output" = '127.0.0.1:1: not reachable: Connection refused' ] || fail "$output"
}

# interrupted FORMAT: Ctrl-C while the second of two cases takes its four seconds; sets output.
interrupted() {
	local status=0
	spawn env --default-signal=INT "$SOCKS5" probe --conformance --only rfc1928/3/1,rfc1928/7/39 --format "$1" "$PROXY"
	sleep 2.5
	kill -INT "$PID"
	wait "$PID" || status=$?
	[ "$status" = 130 ] || fail "status $status"
	output=$(cat "$OUT")
}

@test "Ctrl-C: the cases that are known are shown, in every format" {
	need perl xmllint jq
	start_server
	interrupted text
	[[ $output == *"pass  rfc1928/3/1 "*"1 passed, 0 failed (0 of them MUST), 0 skipped, 1 not tried" ]] ||
		fail "$output"
	interrupted json
	[ "$(jq -r .verdict <<<"$output")" = pass ] || fail "$output"
	interrupted tap
	[[ $output == *"ok 1 - rfc1928/3/1 MUST: "*$'\nBail out! '* && $output != *1..* ]] || fail "$output"
	interrupted junit
	echo "$output" >"$BATS_TEST_TMPDIR/report.xml"
	xmllint --noout --schema "$LIB/junit.xsd" "$BATS_TEST_TMPDIR/report.xml"
	[ "$(xmllint --xpath 'count(//testcase)' "$BATS_TEST_TMPDIR/report.xml")" = 1 ]
}

@test "--format junit: it keeps to the schema" {
	need xmllint
	start_server
	conforms 0 --format junit --only rfc1928/3,rfc1929 "$PROXY"
	echo "$output" >"$BATS_TEST_TMPDIR/report.xml"
	xmllint --noout --schema "$LIB/junit.xsd" "$BATS_TEST_TMPDIR/report.xml"
	[ "$(xmllint --xpath 'count(//testcase)' "$BATS_TEST_TMPDIR/report.xml")" = "$(cases --only rfc1928/3,rfc1929 | wc -l)" ]
	start_fake echo
	conforms 1 --format junit --only rfc1929,rfc1928/3/1 -w 200ms "$FAKE"
}

@test "credentials are not shown, and a case that there is not is no success" {
	start_server -u us:sesame
	conforms 0 -v --only rfc1929/2/1,rfc1928/4/1 "us:sesame@$PROXY"
	[[ $output == *"sent:   (credentials)"* && $output != *736573616d65* ]] || fail "$output"
	run -2 "$SOCKS5" probe --conformance --only nosuch "$PROXY"
}

@test "what is not for cases is misuse" {
	run -2 "$SOCKS5" probe --only rfc1928/3/1 127.0.0.1
	[[ $output == *"--only and --strict are for --conformance and --client"* ]] || fail "$output"
	run -2 "$SOCKS5" probe --conformance --only rfc1928/3,rfc1928/9 127.0.0.1
	[[ $output == *"'rfc1928/9' is no case; --list lists them"* ]] || fail "$output"
	run -2 "$SOCKS5" probe --conformance --quick 127.0.0.1
	run -2 "$SOCKS5" probe --format tap 127.0.0.1
	[[ $output == *"tap and junit are for --conformance"* ]] || fail "$output"
}

@test "a server that hears who guesses no more does not fail for that: again and again" {
	local i
	start_server -u us:pw
	for i in 1 2 3 4; do
		run "$SOCKS5" probe --conformance --only rfc1929,rfc1928/4/7 "us:pw@$PROXY"
		[[ ${lines[-1]} == *" passed, 0 failed ("* ]] || fail "$output"
		[[ $i != 1 || $output != *"credentials no more"* ]] || fail "$output"
	done
	[[ $output == *"(it takes the credentials no more: too many were wrong, it seems)"* ||
		$output == *"(not without credentials)"* ]] || fail "$output"
}

@test "lies about who connected, a second peer, datagrams of another address: the case fails, and it alone" {
	local these='--conformance --strict -w 400ms --only rfc1928/6/28,rfc1928/6/29,rfc1928/6/17'
	start_fake recv:5 send:0500 close next recv:3 send:0500 request bind
	# shellcheck disable=SC2086 # words
	conforms 0 $these "$FAKE"
	[[ ${lines[-1]} == *": 3 passed, 0 failed"* ]] || fail "$output"
	start_fake recv:5 send:0500 close next recv:3 send:0500 request bind:other
	# shellcheck disable=SC2086 # words
	conforms 1 $these "$FAKE"
	[[ $output == *"fail  rfc1928/6/28 "*"the reply names another than who connected"*": 2 passed, 1 failed"* ]] ||
		fail "$output"
	start_fake recv:5 send:0500 close next recv:3 send:0500 request bind:both
	# shellcheck disable=SC2086 # words
	conforms 1 $these "$FAKE"
	[[ $output == *"fail  rfc1928/6/29 "*"another was let in, too"*": 2 passed, 1 failed"* ]] || fail "$output"
	start_fake recv:5 send:0500 close next recv:3 send:0500 request udp back
	conforms 1 --strict -w 400ms --only rfc1928/7/40,rfc1928/7/2 "$FAKE"
	[[ $output == *"fail  rfc1928/7/40 "*": 1 passed, 1 failed"* ]] || fail "$output"
}
