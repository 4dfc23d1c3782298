#!/usr/bin/env bats
# socks5 passwd, and passwords on command lines.

load ../lib/helper

setup() {
	TTY=$LIB/terminal.py
	SEEN=$BATS_TEST_TMPDIR/terminal
}

# matches PASSWORD HASH: by perl's crypt.
matches() {
	need perl
	perl -e 'exit(crypt($ARGV[0], $ARGV[1]) ne $ARGV[1])' -- "$1" "$2"
}

# made PASSWORD NAME LINE: the line is NAME:HASH and the hash is the password's.
made() {
	[ "${3%%:*}" = "$2" ] || fail "not $2's: $3"
	matches "$1" "${3#*:}" || fail "the hash is not that of '$1': $3"
}

# refused WORDS... -- TEXT: nothing on stdout, the text on stderr, status 2.
refused() {
	local -a words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	run --separate-stderr "$SOCKS5" passwd "${words[@]}"
	[ "$status" = 2 ] || fail "status $status for ${words[*]}"
	[ -z "$output" ] || fail "stdout: $output"
	# shellcheck disable=SC2154 # bats sets stderr
	[ "$stderr" = "socks5 passwd: $2" ] || fail "stderr: $stderr"
}

bats_require_minimum_version 1.5.0

@test "each method makes a hash that crypt(3) takes" {
	local method prefix line
	while read -r method prefix; do
		line=$("$SOCKS5" passwd joe --password "pass:open sesame" --method "$method")
		[[ ${line#*:} == "$prefix"* ]] || fail "$method: $line"
		made "open sesame" joe "$line"
		! matches "open sesam" "${line#*:}" || fail "$method takes any password"
	done <<-'END'
		yescrypt $y$
		scrypt $7$
		bcrypt $2b$
		sha512 $6$
		sha256 $5$
	END
}

@test "without --method it is yescrypt, and no two hashes are the same" {
	local one two
	one=$("$SOCKS5" passwd --password pass:x joe)
	two=$("$SOCKS5" passwd --password pass:x joe)
	[[ $one == 'joe:$y$'* ]]
	[ "$one" != "$two" ]
}

@test "sha512 is what openssl makes of the same salt" {
	need openssl
	local line hash salt
	line=$("$SOCKS5" passwd joe --password pass:secret --method sha512)
	hash=${line#*:}
	salt=${hash#*6*\$}
	salt=${salt%%\$*}
	[ "$(openssl passwd -6 -salt "$salt" secret)" = "$hash" ]
}

@test "the cost is taken, and one that the method does not know is refused" {
	[[ $("$SOCKS5" passwd joe --password pass:x --method sha256 --cost 1234) == *'rounds=1234$'* ]]
	[[ $("$SOCKS5" passwd joe --password pass:x --method bcrypt --cost 4) == *'$2b$04$'* ]]
	refused joe --password pass:x --cost 12 -- "option --cost: yescrypt takes 1 to 11"
	refused joe --password pass:x --method sha512 --cost 999 \
		-- "option --cost: sha512 takes 1000 to 999999999"
}

@test "every source gives the password" {
	local line
	printf 'first line\nsecond\n' >"$BATS_TEST_TMPDIR/secret"
	line=$(HERS="of the house" "$SOCKS5" passwd --password env:HERS joe)
	made "of the house" joe "$line"
	line=$("$SOCKS5" passwd --password "file:$BATS_TEST_TMPDIR/secret" joe)
	made "first line" joe "$line"
	line=$("$SOCKS5" passwd --password fd:5 joe 5<"$BATS_TEST_TMPDIR/secret")
	made "first line" joe "$line"
	line=$("$SOCKS5" passwd --password fd:0 joe <<<"a b	c:d")
	made "a b	c:d" joe "$line"
}

@test "a source that gives nothing is named with its cause" {
	refused joe --password env:NOBODY_HAS_SET_THIS \
		-- "password from env:NOBODY_HAS_SET_THIS: not set"
	refused joe --password file:/nowhere -- "password from file:/nowhere: No such file or directory"
	refused joe --password fd:77 -- "password from fd:77: Bad file descriptor"
	refused joe --password hunter2 -- "option --password: it must be pass:TEXT, env:VAR, \
file:PATH, fd:N or prompt; TEXT is the password itself"
}

@test "passwords that a server could not check are refused" {
	local long
	printf -v long '%0256d' 0
	refused joe --password pass: -- "the password is empty"
	refused joe --password "pass:$long" -- "password from pass:: longer than 255 octets"
	refused joe --password "pass:${long:0:73}" --method bcrypt \
		-- "the password has more than the 72 octets that bcrypt takes"
	made "${long:0:72}" joe "$("$SOCKS5" passwd joe --password "pass:${long:0:72}" --method bcrypt)"
	made "${long:0:255}" joe "$("$SOCKS5" passwd joe --password "pass:${long:0:255}")"
	printf 'a\0b\n' >"$BATS_TEST_TMPDIR/secret"
	refused joe --password "file:$BATS_TEST_TMPDIR/secret" -- "the password has an octet 00"
}

@test "names that the file could not hold are refused" {
	local long
	printf -v long '%0256d' 0
	refused joe:x --password pass:x -- "the name has a colon, which ends a name"
	refused "" --password pass:x -- "the name is empty"
	refused $'j\noe' --password pass:x -- "the name has a control character"
	refused '#joe' --password pass:x -- "the name begins with '#', as a comment does"
	refused "$long" --password pass:x -- "the name is longer than 255 octets"
	made x "${long:0:255}" "$("$SOCKS5" passwd "${long:0:255}" --password pass:x)"
	made x "jörg b" "$("$SOCKS5" passwd "jörg b" --password pass:x)"
	refused joe jim --password pass:x \
		-- "more than one NAME; the password is asked for, or comes from --password; usage: socks5 passwd [OPTION]... [NAME]"
}

@test "on a terminal name and password are asked, the password twice and without echo" {
	local line
	line=$("$PYTHON" "$TTY" "$SEEN" "user name: " joe "password for joe: " "top secret" \
		"again: " "top secret" -- "$SOCKS5" passwd)
	made "top secret" joe "$line"
	grep -q 'user name: joe' "$SEEN"
	! grep -q secret "$SEEN" || fail "the terminal showed it: $(cat "$SEEN")"
	grep -qx 'echo on' "$SEEN"
}

@test "prompt asks twice as well, and two that differ make no line" {
	export NO_COLOR=1
	run "$PYTHON" "$TTY" "$SEEN" "joe: " one "again: " two -- "$SOCKS5" passwd joe --password prompt
	[ "$status" = 2 ]
	[ -z "$output" ]
	grep -q '^socks5 passwd: the two passwords differ' "$SEEN"
}

@test "the longest password can be typed, a longer one is refused" {
	local long
	printf -v long '%0255d' 0
	made "$long" joe "$("$PYTHON" "$TTY" "$SEEN" "joe: " "$long" "again: " "$long" \
		-- "$SOCKS5" passwd joe)"
	run "$PYTHON" "$TTY" "$SEEN" "joe: " "${long}0" -- "$SOCKS5" passwd joe
	[ "$status" = 2 ]
	grep -q 'asking on the terminal: longer than 255 octets' "$SEEN"
}

@test "an interrupt at the prompt ends it by that signal, with the echo back" {
	run "$PYTHON" "$TTY" "$SEEN" "joe: " "^C" -- "$SOCKS5" passwd joe
	[ "$status" = 130 ]
	[ -z "$output" ]
	grep -qx 'echo on' "$SEEN"
}

@test "the end of input at the prompt is no answer" {
	export NO_COLOR=1
	run "$PYTHON" "$TTY" "$SEEN" "user name: " "^D" -- "$SOCKS5" passwd
	[ "$status" = 2 ]
	grep -q '^socks5 passwd: NAME is missing: asking on the terminal: no answer' "$SEEN"
}

@test "without a terminal there is nobody to ask" {
	run --separate-stderr setsid -w "$SOCKS5" passwd joe
	[ "$status" = 2 ]
	[ "$stderr" = "socks5 passwd: no password: no terminal to ask on (/dev/tty: No such device or address); \
--password gives one" ]
}

@test "a line that could not be written is no success" {
	run --separate-stderr sh -c '"$SOCKS5" passwd joe --password pass:x >/dev/full'
	[ "$status" = 1 ]
	[ "$stderr" = "socks5 passwd: standard output: No space left on device" ]
}

@test "R1929-11: a password given on the command line is not in the process's title" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	spawn sh -c 'exec "$SOCKS5" passwd joe --password pass:hunter2 --password=fd:0 <"$1"' sh \
		"$BATS_TEST_TMPDIR/fifo"
	exec 7>"$BATS_TEST_TMPDIR/fifo"
	wait_until 5 masked "$PID" || fail "$(tr '\0' ' ' <"/proc/$PID/cmdline")"
	echo secret >&7
	exec 7>&-
	wait "$PID"
	made secret joe "$(cat "$OUT")"
}

masked() {
	[[ $(tr '\0' ' ' <"/proc/$1/cmdline") == *"passwd joe --password pass:xxxxxxx --password=fd:0 " ]]
}
