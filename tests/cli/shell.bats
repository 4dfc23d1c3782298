#!/usr/bin/env bats
# `socks5 shell`: command lines from standard input.

load ../lib/helper

bats_require_minimum_version 1.5.0

# shell TEXT [OPTION]...: runs the lines of a text (printf's escapes).
shell() {
	local text=$1
	shift
	# shellcheck disable=SC2059 # a format is meant
	run --separate-stderr timeout 20 "$SOCKS5" shell "$@" < <(printf "$text")
}

# says STATUS STDOUT STDERR
says() {
	# shellcheck disable=SC2154 # bats sets stderr
	[ "$status:$output:$stderr" = "$1:$2:$3" ] || fail "$status: $output: $stderr"
}

VERSION="socks5 0.1.0"

# spawn_shell: in the background, which gets as its lines what is written to descriptor 8.
spawn_shell() {
	mkfifo "$BATS_TEST_TMPDIR/lines"
	exec 8<>"$BATS_TEST_TMPDIR/lines"
	STDIN=$BATS_TEST_TMPDIR/lines spawn "$SOCKS5" shell
}

@test "a command a line; comments, empty lines and a leading socks5 are fine" {
	shell '# first\n\n  \t\nversion\r\n  socks5 version\nsocks5 connect --version'
	[ "$status:$stderr" = 0: ]
	[ "$(grep -cx "$VERSION" <<<"$output")" = 3 ] || fail "$output"
	shell 'socks5\n'
	[ "$output" = "$("$SOCKS5" help)" ]
	shell ''
	says 0 '' ''
}

@test "the status is the last command's" {
	shell 'nothing\nversion\n'
	[ "$status" = 0 ]
	shell 'version\nconnect\n'
	[ "$status" = 2 ]
	shell 'connect --direct 127.0.0.1:1'
	[ "$status" = 1 ]
}

@test "exit ends it, with that status" {
	shell 'exit\nversion\n'
	says 0 '' ''
	shell 'nothing\nquit\nversion\n'
	[ "$status:$output" = 2: ] || fail "$output"
	shell 'exit now\n'
	says 2 '' 'socks5 shell: line 1: exit takes one number from 0 to 255, or nothing'
}

@test "-e ends with the first command that fails" {
	shell '\nconnect --direct 127.0.0.1:1\nversion\n' -e
	says 1 '' "socks5 connect: 127.0.0.1:1: connect: Connection refused; nobody listens there
socks5 shell: line 2 failed, and is the last (-e)"
	shell 'connect --direct -q0 --quiet 127.0.0.1:1\nversion\n' --errexit -q
	[ "$status:$output" = 1: ]
	[[ $stderr != *shell* ]] || fail "$stderr"
}

@test "-v tells the status of each line" {
	shell 'list commands\ndecode --x\nexit' -v
	[ "$stderr" = "socks5 shell: line 1: status 0
socks5 decode: unknown option --x (socks5 decode --help lists all)
socks5 shell: line 2: decode ended with status 2" ] || fail "$stderr"
}

@test "what fails is told with its line, unless -q" {
	shell '\nlist nothing\nversion\n'
	[[ $stderr == "socks5 list: "*$'\nsocks5 shell: line 2: list ended with status 2' ]] || fail "$stderr"
	shell 'list nothing\n' -q
	[[ $stderr == "socks5 list: "* && $stderr != *shell* ]] || fail "$stderr"
}

@test "errors name the line and what is to be done" {
	shell '\nconect\n'
	says 2 '' 'socks5 shell: line 2: unknown command conect; did you mean connect? (socks5 help lists all)'
	shell "version 'a\n"
	says 2 '' "socks5 shell: line 1: the quote ' is not closed"
	shell 'version "a\n'
	says 2 '' 'socks5 shell: line 1: the quote " is not closed'
	shell 'version | cat\n'
	says 2 '' "socks5 shell: line 1: there are no pipes and redirections here; '|' in quotes is that character"
	shell 'serve &\n'
	says 2 '' "socks5 shell: line 1: one command runs at a time here, nothing in the background; '&' in quotes is \
that character"
	shell 'version $S5_NO_SUCH\n'
	says 2 '' "socks5 shell: line 1: variable S5_NO_SUCH is not set; '\$' in single quotes is that character"
	shell 'version $(id)\n'
	says 2 '' "socks5 shell: line 1: no command is put in place of \$(...) here; '\$' in single quotes is that character"
	shell 'version ${S5\n'
	[[ $status:$stderr == "2:socks5 shell: line 1: \${ is followed by "* ]] || fail "$stderr"
	shell 'ver\0sion\n'
	says 2 '' 'socks5 shell: line 1: there is a NUL in it'
	shell 'shell\nshell -e\n'
	says 2 '' $'socks5 shell: line 1: this is the shell already\nsocks5 shell: line 2: this is the shell already'
	run --separate-stderr "$SOCKS5" shell file </dev/null
	says 2 '' 'socks5 shell: command lines come from standard input: socks5 shell <FILE; usage: socks5 shell [OPTION]...'
}

@test "a comment, a status for the end, and the program's name before a command" {
	shell '# all\nlist methods # --nonsense\n' -q
	[ "$status:$stderr" = 0: ]
	[ "$output" = "$("$SOCKS5" list methods)" ] || fail "$output"
	shell 'list nothing\nexit 0\nversion' -q
	[ "$status:$output" = 0: ] || fail "$status: $output"
	shell 'exit 7\n' -e
	says 7 '' ''
	for line in 'exit 256' 'exit x' 'quit 1 2'; do
		shell "$line"
		says 2 '' "socks5 shell: line 1: ${line%% *} takes one number from 0 to 255, or nothing"
	done
	shell './socks5 list methods\n/usr/bin/socks5 list methods' -q
	[ "$output" = "$("$SOCKS5" list methods; "$SOCKS5" list methods)" ] || fail "$output"
}

@test "its help is to be had in it" {
	shell 'shell --help\nhelp shell\n'
	[ "$status:$stderr" = 0: ]
	[ "$output" = "$("$SOCKS5" help shell; "$SOCKS5" help shell)" ]
	shell 'help exit\n'
	says 0 'exit, quit, or the end of the input (Ctrl-D), ends the shell; exit N with that status' ''
}

@test "words are a shell's: quotes, variables, homes" {
	local want
	export S5_A='b c' HOME=$BATS_TEST_TMPDIR
	# The word comes back in what is said of it.
	for want in "'x y'=x y" '"x $S5_A"=x b c' '$S5_A=b c' '${S5_A}d=b cd' 'x\\ y=x y' "'\$S5_A'=\$S5_A" \
		'"\\$S5_A"=$S5_A' "a'b'\"c\"d=abcd" "~/x=$HOME/x" 'x~=x~' '[::1]=[::1]' '{a}=(a)' '$=$' \
		'*=*' "''=" "'#'=#" 'x#=x#'; do
		want=${want//(a)/{a\}}
		printf 'help %b\n' "${want%%=*}" >"$BATS_TEST_TMPDIR/line"
		run --separate-stderr "$SOCKS5" shell -q <"$BATS_TEST_TMPDIR/line"
		[ "$stderr" = "socks5: unknown command ${want#*=} (socks5 help lists all)" ] ||
			fail "$want: $stderr"
	done
}

@test "a command has the rest of the input, and may leave some of it" {
	shell 'decode --format line\n05 01 00\n'
	[ "$status" = 0 ]
	[[ $output == "client method-list "* ]] || fail "$output"
	start_echo
	shell "connect --direct -N $ECHO\nversion\n"
	says 0 version ''
	exec 9< <(echo 'passwd --password fd:0 joe'; echo secret; echo version)
	run --separate-stderr timeout 20 "$SOCKS5" shell <&9
	[[ $status:$output == 0:joe:*"$VERSION"* ]] || fail "$output: $stderr"
}

@test "a line may be long, but not without end" {
	"$PYTHON" -c 'print("# " + "x" * 65534); print("# " + "x" * 65535); print("version")' \
		>"$BATS_TEST_TMPDIR/lines"
	run --separate-stderr "$SOCKS5" shell <"$BATS_TEST_TMPDIR/lines"
	[[ $status:$output == "0:$VERSION"* ]] || fail "$output"
	[ "$stderr" = "socks5 shell: line 2: 65537 octets are too many, 65536 are a line at most" ] ||
		fail "$stderr"
}

@test "a command that dies is told, and is not the shell's end" {
	spawn_shell
	local shell=$PID child
	echo 'serve 127.0.0.1:0' >&8
	wait_until 10 has_line 'listening on' "$ERR" || fail "$(cat "$ERR")"
	child=$(pgrep -P "$shell")
	kill -KILL "$child"
	echo version >&8
	echo exit >&8
	wait_until 10 is_gone "$shell"
	grep -qx "$VERSION" "$OUT"
	grep -q '^socks5 shell: serve was ended by a signal: Killed' "$ERR" || fail "$(cat "$ERR")"
}

@test "what a server does to its process does not stick to the shell" {
	spawn_shell
	local shell=$PID
	echo 'serve 127.0.0.1:0' >&8
	wait_until 10 has_line 'sandbox' "$ERR" || fail "$(cat "$ERR")"
	kill -TERM "$(pgrep -P "$shell")"
	echo 'passwd --cost 1 --password file:/dev/null joe' >&8
	wait_until 10 has_line 'passwd' "$ERR"
	grep -q 'the password is empty' "$ERR" || fail "$(cat "$ERR")"
	[ "$(grep -w Seccomp: "/proc/$shell/status" | tr -dc 0-9)" = "$(grep -w Seccomp: /proc/self/status | tr -dc 0-9)" ]
	echo exit >&8
	wait_until 10 is_gone "$shell"
}

@test "when the shell is ended, so is its command" {
	spawn_shell
	echo 'serve 127.0.0.1:0' >&8
	wait_until 10 has_line 'listening on' "$ERR" || fail "$(cat "$ERR")"
	local child
	child=$(pgrep -P "$PID")
	kill -TERM "$PID"
	wait_until 10 is_gone "$PID"
	wait_until 10 is_gone "$child"
}

@test "a password is in no process's title" {
	spawn_shell
	echo 'serve -u joe:verysecret 127.0.0.1:0' >&8
	wait_until 10 has_line 'listening on' "$ERR" || fail "$(cat "$ERR")"
	tr '\0' ' ' <"/proc/$(pgrep -P "$PID")/cmdline" >"$BATS_TEST_TMPDIR/title"
	grep -q socks5 "$BATS_TEST_TMPDIR/title" || fail "no title"
	! grep -q verysecret "$BATS_TEST_TMPDIR/title" || fail "$(cat "$BATS_TEST_TMPDIR/title")"
	echo exit >&8
}

@test "without a terminal socks5 alone is help, and the shell has no prompt and no history" {
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	run --separate-stderr "$SOCKS5" </dev/null
	[ "$output" = "$("$SOCKS5" help)" ]
	shell 'version\n'
	[[ $output != *'socks5>'* ]]
	[ ! -e "$XDG_STATE_HOME" ]
}
