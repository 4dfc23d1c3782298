#!/usr/bin/env bats
# Help, version, and what is said of a line that is wrong.

load ../lib/helper

bats_require_minimum_version 1.5.0

setup() {
	COMMANDS=$("$SOCKS5" list commands | cut -f 1)
	[ -n "$COMMANDS" ]
}

# widest: of the lines on stdin, in columns.
widest() {
	awk 'length > max { max = length } END { print max + 0 }'
}

# on_terminal COLUMNS COMMAND: what it writes on a terminal so wide.
on_terminal() {
	need script
	COLUMNS=$1 script -qec "stty cols $1; $2" /dev/null </dev/null | tr -d '\r'
}

# wrong TEXT WORDS...: status 2, nothing on stdout, the text on stderr in one line.
wrong() {
	local text=$1
	shift
	run --separate-stderr "$SOCKS5" "$@"
	[ "$status" = 2 ] || fail "status $status for $*"
	[ -z "$output" ] || fail "stdout for $*: $output"
	# shellcheck disable=SC2154 # bats sets stderr
	[ "$stderr" = "$text" ] || fail "stderr for $*: $stderr"
}

@test "there are the commands that this version has" {
	[ "$(echo $COMMANDS)" = "serve connect bind udp probe decode speed passwd shell list help version" ]
}

@test "help for every command, by every way to ask, on stdout, within 80 columns" {
	local command way
	for command in $COMMANDS; do
		"$SOCKS5" help "$command" >"$BATS_TEST_TMPDIR/help"
		[ "$(head -n 1 "$BATS_TEST_TMPDIR/help" | cut -d ' ' -f 1-3)" = "usage: socks5 $command" ]
		[ "$(widest <"$BATS_TEST_TMPDIR/help")" -le 80 ] || fail "$command: too wide"
		! grep -n ' $' "$BATS_TEST_TMPDIR/help" || fail "$command: blanks at a line's end"
		for way in --help -help -h; do
			run --separate-stderr "$SOCKS5" "$command" "$way"
			[ "$status" = 0 ]
			[ -z "$stderr" ]
			[ "$output" = "$(cat "$BATS_TEST_TMPDIR/help")" ] || fail "$command $way differs"
		done
	done
}

@test "help shows every option with its letter and its value" {
	local command name letter arg
	for command in $COMMANDS; do
		"$SOCKS5" help "$command" >"$BATS_TEST_TMPDIR/help"
		while IFS='|' read -r name letter arg; do
			grep -qE -- "^  (${letter:-  }[, ]) $name${arg:+ }" "$BATS_TEST_TMPDIR/help" ||
				fail "$command: $name ($letter) is not there"
			grep -qF -- "$name${arg:+ $arg}" "$BATS_TEST_TMPDIR/help" ||
				fail "$command: $name has no $arg"
		done < <("$SOCKS5" list options "$command" | cut -f 1-3 | tr '\t' '|')
	done
}

@test "the overview names every command, in all its forms" {
	local command way
	"$SOCKS5" help >"$BATS_TEST_TMPDIR/help"
	[ "$(widest <"$BATS_TEST_TMPDIR/help")" -le 80 ]
	for command in $COMMANDS; do
		grep -qE "^  $command +[a-z]" "$BATS_TEST_TMPDIR/help" || fail "no $command"
	done
	for way in --help -help -h; do
		"$SOCKS5" $way | diff "$BATS_TEST_TMPDIR/help" -
	done
	"$SOCKS5" | diff "$BATS_TEST_TMPDIR/help" -
}

@test "help for several commands at once" {
	"$SOCKS5" help passwd version | grep -q '^usage: socks5 version'
	wrong "socks5: unknown command sevre; did you mean serve? (socks5 help lists all)" help sevre
}

@test "what is advanced stands after what is not, under the same headings" {
	local command
	for command in $COMMANDS; do
		"$SOCKS5" help "$command" | grep -E '^[A-Z][^.]*:$|^  (-., |    )--' >"$BATS_TEST_TMPDIR/help"
		# Once the first advanced heading is there, all are; each has options; --help is before them.
		awk -v command="$command" '
			/^Examples:/ { exit }
			/, advanced:$/ { advanced = 1 }
			/^[A-Z]/ && advanced && !/, advanced:$/ { print command ": " $0; bad = 1 }
			/^[A-Z]/ && heading { print command ": empty: " last; bad = 1 }
			{ heading = /^[A-Z]/; last = $0 }
			/--help/ && advanced { print command ": --help is advanced"; bad = 1 }
			END { exit bad }' "$BATS_TEST_TMPDIR/help"
	done
	[ "$("$SOCKS5" help connect | grep -c ', advanced:$')" = 4 ]
	"$SOCKS5" help connect | sed -n '/^Proxy:/,/^$/p' | grep -q -- '--auth'
	"$SOCKS5" help connect | sed -n '/^Proxy, advanced:/,/^$/p' | grep -q -- '--gssapi-nec'
}

@test "each command shows an example" {
	local command
	for command in $COMMANDS; do
		"$SOCKS5" help "$command" | sed -n "/^Examples:/,\$p" | grep -qE '^  .*socks5' ||
			fail "$command"
	done
}

@test "defaults and ranges are shown" {
	"$SOCKS5" help serve | tr -s ' \n' ' ' >"$BATS_TEST_TMPDIR/help"
	grep -qF '(1 to 256; default: one for each processor)' "$BATS_TEST_TMPDIR/help"
	grep -qF '(default: 10s)' "$BATS_TEST_TMPDIR/help"
	grep -qF '(none, userpass, gssapi; default: ' "$BATS_TEST_TMPDIR/help"
}

@test "on a terminal help takes its width, within reason" {
	local asked got
	# Command lines in examples are never broken.
	while read -r asked got; do
		on_terminal "$asked" '"$SOCKS5" help serve' | sed '/^Examples:/,$d' >"$BATS_TEST_TMPDIR/help"
		[ "$(widest <"$BATS_TEST_TMPDIR/help")" -le "$got" ] || fail "$asked: too wide"
		[ "$(widest <"$BATS_TEST_TMPDIR/help")" -gt $((got - 8)) ] || fail "$asked: too narrow"
	done <<-'END'
		20 60
		60 60
		70 70
		100 100
		200 100
	END
}

@test "the version, by every way to ask" {
	local way
	for way in version --version -version; do
		[ "$("$SOCKS5" $way | head -n 1)" = "socks5 0.1.0" ]
	done
	"$SOCKS5" connect --version | diff <("$SOCKS5" version) -
	"$SOCKS5" --version -v | grep -qE '^c-ares: +[0-9]'
	# How it was built, and every library that it is linked with; all values in one column.
	for way in compiler options hardening c-ares jansson libcrypt libmicrohttpd libpcap libseccomp gssapi; do
		"$SOCKS5" version -v | grep -qE "^$way: +[^ ]" || fail "$way"
	done
	[ "$("$SOCKS5" version -v | tail -n +2 | grep -oE '^[^ ]+ +' | awk '{ print length }' | sort -u | wc -l)" = 1 ]
	wrong "socks5 version: no argument is expected; usage: socks5 version [-v]" version 2
}

@test "R1928-3.11: the version says whether GSSAPI is built in" {
	"$SOCKS5" -version | grep -qx 'gssapi: libgssapi_krb5, MIT Kerberos'
	SOCKS5=${BUILD:-$REPO/build}/bare/socks5
	[ -x "$SOCKS5" ] || fail "$SOCKS5 is not built"
	"$SOCKS5" -version | grep -qx 'gssapi: not built in'
	wrong "socks5 connect: option --auth: gssapi: this build has no GSSAPI" \
		connect --auth gssapi host 80
	wrong "socks5 serve: option --auth: gssapi: no credentials to accept tickets with: this build has no GSSAPI" \
		serve --auth gssapi 127.0.0.1:0
}

@test "an unknown command names the nearest" {
	wrong "socks5: unknown command conect; did you mean connect? (socks5 help lists all)" conect
	wrong "socks5: unknown command frobnicate (socks5 help lists all)" frobnicate
	wrong "socks5: unknown option --hlep; did you mean --help? (socks5 help lists all)" --hlep
	wrong "socks5: unknown option -v; did you mean version -v? (socks5 help lists all)" -v
	wrong "socks5: unknown option -V; did you mean --version? (socks5 help lists all)" -V
	wrong "socks5: unknown option -x; a command comes first (socks5 help lists all)" -x proxy connect h 1
	wrong 'socks5: unknown command \x1b[2J\x0a (socks5 help lists all)' $'\e[2J\n'
	wrong "socks5: unknown command  (socks5 help lists all)" ""
}

@test "an unknown option names the nearest" {
	wrong "socks5 connect: unknown option --timout; did you mean --timeout? \
(socks5 connect --help lists all)" connect --timout 3 host 80
	wrong "socks5 serve: unknown option -Z (socks5 serve --help lists all)" serve -vZ
	wrong "socks5 serve: unknown option -p; the port is an argument: socks5 serve 1080" \
		serve -p 1081
	wrong "socks5 serve: unknown option --port; the port is an argument: socks5 serve 1080" \
		serve --port=1081
	wrong "socks5 serve: unknown option --listen; where to listen is an argument: socks5 serve \
127.0.0.1:1080" serve --listen 1081
}

@test "an option of a neighbour is answered with what to do instead" {
	wrong "socks5 bind: unknown option --direct; a BIND is a proxy's: where there is none, nc -l listens here" \
		bind --direct
	wrong "socks5 bind: unknown option -l; the proxy listens, where it likes: PEER is who may come" bind -l 80
	wrong "socks5 connect: unknown option -l; -L listens here and forwards through the proxy" connect -l 80
	wrong "socks5 connect: unknown option -X; it speaks SOCKS5 to every proxy: -x says which" connect -X 5 h 80
	wrong "socks5 connect: unknown option -P; -u says who we are to the proxy" connect -P joe h 80
	wrong "socks5 connect: unknown option -U; a Unix socket is a proxy's: -x unix:PATH" connect -U /s
}

@test "typical slips are answered with what is allowed" {
	wrong "socks5 connect: option --timeout: 'soon' is not a duration: write seconds (5, 1.5) or \
a unit (500ms, 30s, 2m, 1h, 1d)" connect -w soon host 80
	wrong "socks5 connect: option -w needs a value: -w DURATION" connect host 80 -w
	wrong "socks5 connect: option --direct takes no value, but has 'yes'" connect --direct=yes h 1
	wrong "socks5 connect: option -z takes no value, but has '1'" connect -z=1 h 1
	wrong "socks5 connect: option --source-port: '70000' is not a whole number from 1 to 65535" \
		connect -p 70000 host 80
	wrong "socks5 serve: option --auth: 'userpas' is unknown (did you mean userpass?), it must be \
none, userpass or gssapi" serve --auth none,userpas
	wrong "socks5 serve: option --prefer: '5' is unknown, it must be 4, 6 or auto" serve --prefer 5
	wrong "socks5 serve: option --workers: '0' is not a whole number from 1 to 256" \
		serve --workers=0
}

@test "a long option with one dash is no cluster of letters" {
	local name
	# As letters this would be -v -e rbose: a command for the shell.
	for name in verbose exec user dns scan; do
		wrong "socks5 connect: unknown option -$name; did you mean --$name? \
(socks5 connect --help lists all)" connect "-$name" host 80
	done
	wrong "socks5 connect: unknown option -timeout; did you mean --timeout? \
(socks5 connect --help lists all)" connect -timeout=3 host 80
	wrong "socks5 serve: unknown option -users; did you mean --users? \
(socks5 serve --help lists all)" serve -users file
}

@test "help asked for wins over what comes after it" {
	run --separate-stderr "$SOCKS5" connect -v --help --no-such-option
	[ "$status" = 0 ]
	[ -z "$stderr" ]
}

@test "output that can't be written is a failure" {
	run --separate-stderr sh -c '"$SOCKS5" help >/dev/full'
	[ "$status" = 1 ]
	[ "$stderr" = "socks5 help: standard output: No space left on device" ]
}

@test "what is said is broken between words on a terminal, and is one line elsewhere" {
	local said=$BATS_TEST_TMPDIR/said columns
	wrong "socks5 connect: option --timeout: 'soon' is not a duration: write seconds (5, 1.5) or \
a unit (500ms, 30s, 2m, 1h, 1d)" connect -w soon host 80
	export TERM=xterm NO_COLOR=1
	on_terminal 80 '"$SOCKS5" connect -w soon host 80' | diff - <(
		echo "socks5 connect: option --timeout: 'soon' is not a duration: write seconds (5,"
		echo "  1.5) or a unit (500ms, 30s, 2m, 1h, 1d)"
	)
	for columns in 40 79 80 112 113 200; do
		on_terminal $columns '"$SOCKS5" connect -w soon host 80' >"$said"
		[ "$(widest <"$said")" -le $columns ] || fail "$columns: $(cat "$said")"
		[ "$(tr -s '\n ' ' ' <"$said")" = "$stderr " ] || fail "$columns: $(cat "$said")"
	done
	# Colour takes no columns.
	unset NO_COLOR
	on_terminal 80 '"$SOCKS5" connect -w soon host 80' | sed 's/\x1b\[[0-9]*m//g' >"$said"
	[ "$(head -n 1 "$said" | widest)" = 77 ] || fail "$(cat "$said")"
	[ "$(wc -l <"$said")" = 2 ]
}

@test "colour on a terminal only, and never with NO_COLOR" {
	local red=$'\e[31m'
	export TERM=xterm
	unset NO_COLOR
	[[ $(on_terminal 80 '"$SOCKS5" nothing') == "${red}socks5:"* ]]
	[[ $(NO_COLOR=1 on_terminal 80 '"$SOCKS5" nothing') == "socks5:"* ]]
	[[ $(TERM=dumb on_terminal 80 '"$SOCKS5" nothing') == "socks5:"* ]]
	[[ $("$SOCKS5" nothing 2>&1) == "socks5:"* ]]
}
