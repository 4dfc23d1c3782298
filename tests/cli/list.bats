#!/usr/bin/env bats
# socks5 list: what there is, for scripts and on a terminal.

load ../lib/helper

bats_require_minimum_version 1.5.0

# wrong TEXT WORDS...: status 2, nothing on stdout, the text on stderr in one line.
wrong() {
	local text=$1
	shift
	run --separate-stderr "$SOCKS5" list "$@"
	[ "$status:$output" = 2: ] || fail "$status: $output"
	# shellcheck disable=SC2154 # bats sets stderr
	[ "$stderr" = "socks5 list: $text; usage: socks5 list commands|options COMMAND|methods|replies|notes|cases" ] ||
		fail "$stderr"
}

@test "commands are those of the overview, with the same words" {
	diff <("$SOCKS5" list commands | tr '\t' ' ') \
		<("$SOCKS5" help | sed -n '/^Commands:/,/^$/p' | grep '^  ' | tr -s ' ' | cut -c 2-)
}

@test "options have name, letter, value and meaning; the names are those of the help" {
	local command
	for command in $("$SOCKS5" list commands | cut -f 1); do
		diff <("$SOCKS5" list options "$command" | cut -f 1 | sort) \
			<("$SOCKS5" help "$command" | grep -oE '^  (-., |    )--[a-z0-9-]+' | grep -oE -- '--.*' | sort)
		[ "$("$SOCKS5" list options "$command" | awk -F '\t' 'NF != 4 || !$4' | wc -l)" = 0 ]
	done
	[ "$("$SOCKS5" list options connect | grep -P '^--source-port\t')" = \
		$'--source-port\t-p\tPORT\treach the proxy from this local port (1 to 65535; default: any)' ]
}

@test "methods and replies have their codes, replies the status that a command ends with" {
	"$SOCKS5" list methods | grep -qxP '02\tuserpass\tuser name and password, RFC 1929'
	"$SOCKS5" list methods | grep -qxP '03\tchap\t'
	"$SOCKS5" list methods | grep -qxP 'ff\tno acceptable method\t'
	"$SOCKS5" list replies | grep -qxP '00\tsucceeded\texit status 0'
	"$SOCKS5" list replies | grep -qxP '05\tconnection refused\texit status 15'
	"$SOCKS5" list replies | grep -qxP 'f7\t.*\texit status 255'
	[ "$("$SOCKS5" list replies | wc -l)" = 17 ]
	load ../lib/serve
	start_server
	run "$SOCKS5" connect -x "$PROXY" 127.0.0.1:1
	"$SOCKS5" list replies | grep -qxP "05\t.*\texit status $status"
}

@test "notes have their section and are those that decode marks" {
	local text
	[ "$("$SOCKS5" list notes | grep -cvP '^(RFC [0-9]{4} [0-9.]+|SOCKS4|PROXY protocol 2)\t[^\t]+$')" = 0 ]
	text=$("$SOCKS5" list notes | grep -P '^RFC 1928 4\treserved octet' | cut -f 2)
	[ -n "$text" ]
	echo '05 05 01 01 00 00 00 00 00 00' | "$SOCKS5" decode | grep -qF "! $text (RFC 1928 4)"
}

@test "cases are those that probe lists" {
	local side
	for side in --conformance --client; do
		"$SOCKS5" probe "$side" --list | tr -s ' ' | cut -d ' ' -f 1,2
	done | diff - <("$SOCKS5" list cases | cut -f 1,2 | tr '\t' ' ')
	[ "$("$SOCKS5" list cases | cut -f 3 | sort -u | paste -sd ' ')" = "client server" ]
}

@test "on a terminal the fields are aligned, within its width" {
	need script
	local list
	for list in commands "options serve" methods replies notes cases; do
		script -qec "stty cols 80; \"\$SOCKS5\" list $list" /dev/null </dev/null | tr -d '\r' >"$BATS_TEST_TMPDIR/shown"
		! grep -P '\t' "$BATS_TEST_TMPDIR/shown" || fail "$list: a tab"
		[ "$(awk 'length > 80' "$BATS_TEST_TMPDIR/shown")" = "" ] || fail "$list: $(cat "$BATS_TEST_TMPDIR/shown")"
		# Nothing is lost on the way.
		diff <("$SOCKS5" list $list | tr -s '\t\n ' '\n' | sort) \
			<(tr -s '\n ' '\n' <"$BATS_TEST_TMPDIR/shown" | sort)
	done
	[ "$(script -qec '"$SOCKS5" list replies' /dev/null </dev/null | awk '{ print index($0, "exit status") }' |
		sort -u | wc -l)" = 1 ]
}

@test "slips" {
	wrong "say what to list"
	run -2 "$SOCKS5" list replys
	[ "$output" = "socks5 list: list 'replys' is unknown (did you mean replies?), it must be commands, options, \
methods, replies, notes or cases" ] || fail "$output"
	wrong "COMMAND is missing" options
	wrong "one argument too many" methods all
	run "$SOCKS5" list options sevre
	[ "$status:$output" = "2:socks5: unknown command sevre; did you mean serve? (socks5 help lists all)" ]
}
