#!/usr/bin/env bats
# The man pages: well-formed, and each held against the option table of its command.

load ../lib/helper

MAN=$REPO/man

setup() {
	COMMANDS=$("$SOCKS5" list commands | cut -f 1)
	[ -n "$COMMANDS" ]
}

# options_of PAGE: "-l, --long ARG" of each option, as the page shows it.
options_of() {
	need mandoc
	mandoc -T ascii -O width=200 "$1" | sed 's/.\x08//g' | sed -nE 's/^     (-[^ ].*)/\1/p' |
		sed 's/  .*//' | sort
}

# options_in COMMAND: the same from the table.
options_in() {
	"$SOCKS5" list options "$1" | cut -f 1-3 | tr '\t' '|' | while IFS='|' read -r name letter arg; do
		echo "${letter:+$letter, }$name${arg:+ $arg}"
	done | sort
}

@test "every command has its page, and every page its command" {
	diff <(for command in $COMMANDS; do echo "socks5-$command.1"; done | sort) \
		<(cd "$MAN" && ls socks5-*.1)
}

@test "every option with its letter and value stands in the page, and no other" {
	local command
	for command in $COMMANDS; do
		diff <(options_in "$command") <(options_of "$MAN/socks5-$command.1") ||
			fail "socks5-$command.1 and the table differ (< table, > page)"
	done
}

@test "mandoc finds nothing to complain about" {
	need mandoc
	local found
	# Pages of others need not be installed here; ours are checked below. Without a name for the
	# system the pages would say BSD.
	found=$(cd "$MAN" && mandoc -T lint -- *.[1-9] 2>/dev/null |
		grep -v -e 'referenced manual not found' \
			-e 'operating system explicitly specified: Os socks5 ' || true)
	[ -z "$found" ] || fail "$found"
}

@test "the page of probe lists every case" {
	"$LIB/man_cases.py" "$SOCKS5" "$MAN/socks5-probe.1"
}

@test "every page has the sections that a reader looks for" {
	local page section
	for page in "$MAN"/*.1; do
		for section in NAME SYNOPSIS DESCRIPTION ENVIRONMENT FILES "EXIT STATUS" EXAMPLES \
			"SEE ALSO"; do
			grep -qx ".Sh $section" "$page" || fail "${page##*/} has no $section"
		done
	done
}

@test "pages of ours that are referred to are there" {
	local page
	for page in $(sed -nE 's/^\.(It )?Xr (socks5[a-z.-]*) ([0-9]).*/\2.\3/p' "$MAN"/*.[1-9] | sort -u); do
		[ -f "$MAN/$page" ] || fail "$page is referred to and not there"
	done
}

@test "socks5(1) names every command" {
	local command
	for command in $COMMANDS; do
		grep -qx ".It Cm $command" "$MAN/socks5.1" || fail "no $command"
	done
}

@test "the name in each page is the command's" {
	local command
	for command in $COMMANDS; do
		grep -qx ".Nm socks5-$command" "$MAN/socks5-$command.1"
		grep -qx ".Nm socks5 $command" "$MAN/socks5-$command.1"
	done
}

@test "every page is of this version" {
	local page version
	version=$(sed -n 's/^VERSION = //p' "$REPO/Makefile")
	[ -n "$version" ]
	for page in "$MAN"/*.[1-9]; do
		[ "$(sed -n 's/^\.Os//p' "$page")" = " socks5 $version" ] || fail "${page##*/}"
	done
}

@test "no page is wider than a terminal, examples included" {
	need mandoc
	local page wide
	for page in "$MAN"/*.[1-9]; do
		wide=$(mandoc -T ascii "$page" | sed 's/.\x08//g' | awk 'length > 80')
		[ -z "$wide" ] || fail "${page##*/}: $wide"
	done
}

@test "socks5-serve(1) tells every field of a line of the log, in its order" {
	load ../lib/serve
	start_server --log -
	answers "0500$OK4 EOF" $HELLO 05030001000000000000 eof # udp has them all
	log_has 1
	diff <(grep -oE '(^| )[a-z_]+=' <<<"$LINE" | tr -d ' ') \
		<(sed -n '/^\.Sh LOG/,/^\.Sh/s/^\.It Li \([a-z_]*=\)$/\1/p' "$MAN/socks5-serve.1")
}

@test "no blank is lost: socks5-serve(1) on an empty password" {
	need mandoc
	mandoc -T ascii "$MAN/socks5-serve.1" | sed 's/.\x08//g' | tr -s ' \n' '  ' |
		grep -qF 'An empty password (NAME:) is accepted here'
}

# example PAGE: its first worked example.
example() {
	sed -n '/^\.Sh EXAMPLES/,$p' "$1" | sed -n '/^\.Bd/,/^\.Ed/{/^\./!p}' | sed '/^\$/,$d'
}

@test "the example in socks5.conf(5) is one, and says what the page says it does" {
	umask 077
	cd "$BATS_TEST_TMPDIR"
	for name in joe ann; do
		"$SOCKS5" passwd --cost 1 --password pass:x "$name" >>users
	done
	example "$MAN/socks5.conf.5" >page
	[ "$(grep -c /etc/socks5/users page)" = 1 ]
	sed "s|/etc/socks5/users|users|; s|/var/log/socks5/|./|" page >conf
	run eval 'timeout 10 "$SOCKS5" serve --check -c conf 2>said'
	[ "$status:$output" = "0:rule 1: deny to=.intern.example.org
rule 2: allow user=joe,ann to=db.example.org:5432
rule 3: deny to=loopback to=private to=link-local to=metadata
rule 4: allow from=192.0.2.0/24 to=any:80,443
otherwise: deny" ] || fail "$status: $output"
	! grep opens said || fail "$(cat said)"
	run timeout 10 "$SOCKS5" serve --check -c conf \
		--explain 'from=192.0.2.7 user=joe to=db.example.org:5432'
	[[ "$status:${lines[-1]}" = "0:allowed: rule 2, "* ]] || fail "$output"
}
