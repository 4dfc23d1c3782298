#!/usr/bin/env bats
# The examples of the man pages do what the pages say: each is run as it stands there.
# check: waits

load ../lib/helper

examples() {
	"$PYTHON" "$LIB/man_examples.py" "$1" "$SOCKS5" "${@:2}"
}

# runs PAGE: in a network of its own, with names of its own.
runs() {
	"${OWN[@]}" "$PYTHON" "$LIB/man_examples.py" run "$SOCKS5" "$1"
}

need_own() {
	need unshare ip curl dig jq tcpdump xmllint kinit krb5kdc
	OWN=(unshare -n -m)
	"${OWN[@]}" true 2>/dev/null || OWN=(unshare -c --keep-caps -n -m)
	"${OWN[@]}" true 2>/dev/null || skip "no network namespace is to be had"
}

# page LINE...: with these examples, in the file $PAGE.
page() {
	PAGE=$BATS_TEST_TMPDIR/socks5-x.1
	printf '%s\n' '.Sh EXAMPLES' "$@" '.Sh SEE ALSO' >"$PAGE"
}

@test "each command line of an example is one that the program takes" {
	run examples parse "$REPO"/man/*.[1-9]
	[ "$status" = 0 ] || fail "$output"
	[ "${output% command lines*}" -gt 20 ] || fail "$output"
}

@test "parse: an unknown option is found, wherever it stands, and a command that is none" {
	page '.Dl $ socks5 connect -z --nosuch host.example 22'
	run examples parse "$PAGE"
	[ "$status" = 1 ]
	[[ $output == *"unknown option --nosuch"* ]] || fail "$output"
	page '.Bd -literal' '$ cat letter |' '    socks5 udp --lines --direct-ly host.example 7' '.Ed'
	run examples parse "$PAGE"
	[[ $output == *"unknown option --direct-ly"* ]] || fail "$output"
	page '.Bd -literal' '$ (umask 077; socks5 paswd joe)' '.Ed'
	run examples parse "$PAGE"
	[[ $output == *"unknown command paswd"* ]] || fail "$output"
}

@test "each example runs, and says what its page shows" {
	need_own
	local page pids=() names=() i status=0
	for page in "$REPO"/man/*.[1-9]; do
		runs "$page" >"$BATS_TEST_TMPDIR/${page##*/}" 2>&1 3>&- &
		pids+=($!) names+=("${page##*/}")
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" || status=1
		cat "$BATS_TEST_TMPDIR/${names[i]}"
	done
	[ "$status" = 0 ]
}

@test "run: other words than the page shows, and another status, are found" {
	need_own
	page '.Bd -literal' '$ socks5 version | head -n 1' 'socks5 0.0' '.Ed'
	run runs "$PAGE"
	[ "$status" = 1 ]
	[[ $output == *"the page shows something else"*"0 run, 1 failed"* ]] || fail "$output"
	page '.Dl $ socks5 connect host.example 23'
	run runs "$PAGE"
	[ "$status" = 1 ]
	[[ $output == *"status 15"*"connection refused (REP 05)"* ]] || fail "$output"
	page '.Dl $ socks5 connect host.example 22'
	run runs "$PAGE"
	[ "$status" = 0 ] || fail "$output"
	[ "$output" = "socks5-x.1: 1 run, 0 failed, 0 parsed only" ]
}
