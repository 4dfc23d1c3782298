#!/usr/bin/env bats
# socks5 speed with a Kerberos ticket: each measure through sealed streams and sealed datagrams.

load ../lib/helper
load ../lib/realm

bats_require_minimum_version 1.5.0

setup() {
	need jq
	in_realm
}

# measures JQ [OPTION]...: the run is good, and what it says in JSON fits the filter.
measures() {
	local filter=$1
	shift
	run --separate-stderr timeout 60 "$SOCKS5" speed -x "$LOCAL" --auth gssapi --seconds 0.2 --json "$@"
	# shellcheck disable=SC2154 # bats sets stderr
	[ "$status" = 0 ] || fail "status $status: $stderr"
	jq -e -s "$filter" <<<"$output" >"$BATS_TEST_TMPDIR/jq" || fail "$filter does not fit: $output"
}

@test "each measure, encrypted" {
	start_gss_server --gssapi-protect confidentiality
	measures '[.[] | .measure] == ["bulk", "bulk", "conn", "rr", "udp", "idle"] and
		all(.[]; .failed == 0 and (.done > 0 or .measure == "idle"))' --streams 2
	measures 'all(.[]; .done > 0 and .failed == 0)' --streams 2 --bytes 200k rr conn
}

@test "signed only" {
	start_gss_server --gssapi-protect integrity
	measures 'all(.[]; .done > 0 and .failed == 0)' --gssapi-protect integrity --streams 2 \
		bulk rr udp
}

@test "one datagram in the seal has its limit" {
	start_gss_server --gssapi-protect confidentiality
	measures '.[0].done > 0' --bytes 1400 --window 4 udp
	run timeout 60 "$SOCKS5" speed -x "$LOCAL" --auth gssapi --seconds 0.2 --bytes 65497 udp
	[ "$status" = 2 ]
	[[ $output == *": a datagram takes at most "*" octets there (--bytes)" ]] || fail "$output"
}

@test "no ticket: status 3" {
	start_gss_server
	kdestroy
	run timeout 60 "$SOCKS5" speed -x "$LOCAL" --auth gssapi --seconds 0.2 rr
	[ "$status" = 3 ] || fail "$status: $output"
}
