#!/usr/bin/env bats
# socks5 probe --conformance: our own server passes, and what came of the cases is told in every form.

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
	[[ ${lines[2]} == "        sent: 050100" && ${lines[3]} == "        got: 0500" ]] || fail "$output"
}

@test "a case that fails shows what was sent, what came, what was wanted and why" {
	start_fake recv:5 send:0500 close next recv:3 send:0500 close next recv:3 send:05ff close next \
		recv:3 send:05ff close next recv:3 send:05ff close next recv:3 send:0500 close next recv:3 \
		send:0501 close next recv:3 send:0501 close
	conforms 1 --only rfc1928/3/1 -w 500ms "$FAKE"
	[[ $output == *"fail  rfc1928/3/1     MUST    a method list that it takes"* ]] || fail "$output"
	[[ $output == *"        sent: 050100"* && $output == *"        got: 05"* &&
		$output == *"        then: the connection was closed"* &&
		$output == *"        wanted: <silence"* && $output == *"        RFC 1928 3: "* ]] || fail "$output"
	[[ ${lines[-1]} == "$FAKE: 0 passed, 1 failed (1 of them MUST), 0 skipped" ]] || fail "$output"
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
	conforms 0 --format json "$PROXY"
	[ "$(wc -l <<<"$output")" = "$(cases | wc -l)" ]
	[ "$(jq -r .verdict <<<"$output" | sort -u | tr '\n' ' ')" = "pass skip " ]
	jq -se 'map(select(.case == "rfc1928/3/1" and .section == "RFC 1928 3" and .level == "MUST")) |
		length == 1' <<<"$output" >/dev/null
}

@test "--format tap: a consumer of TAP takes it" {
	need perl
	start_server
	conforms 0 --format tap "$PROXY"
	run perl -MTAP::Parser -e '
		my $p = TAP::Parser->new({ tap => do { local $/; <STDIN> } });
		$p->run;
		print join " ", $p->tests_run, $p->has_problems ? "bad" : "good", $p->failed + 0;
	' <<<"$output"
	[ "$output" = "$(cases | wc -l) good 0" ] || fail "$output"
}

@test "--format junit: it keeps to the schema" {
	need xmllint
	start_server
	conforms 0 --format junit "$PROXY"
	echo "$output" >"$BATS_TEST_TMPDIR/report.xml"
	xmllint --noout --schema "$LIB/junit.xsd" "$BATS_TEST_TMPDIR/report.xml"
	[ "$(xmllint --xpath 'count(//testcase)' "$BATS_TEST_TMPDIR/report.xml")" = "$(cases | wc -l)" ]
	start_fake echo
	conforms 1 --format junit --only rfc1929,rfc1928/3/1 -w 200ms "$FAKE"
}

@test "credentials are not shown, and a case that there is not is no success" {
	start_server -u us:sesame
	conforms 0 -v --only rfc1929/2/1,rfc1928/4/1 "us:sesame@$PROXY"
	[[ $output == *"sent: (credentials)"* && $output != *736573616d65* ]] || fail "$output"
	run -2 "$SOCKS5" probe --conformance --only nosuch "$PROXY"
}

@test "what is not for cases is misuse" {
	run -2 "$SOCKS5" probe --format tap 127.0.0.1
	[[ $output == *"tap and junit are for --conformance"* ]] || fail "$output"
}
