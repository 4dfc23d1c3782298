# shellcheck shell=bash disable=SC2034,SC2154 # the tests use what is set here, and bats sets status
# What the tests of our clients with gssproxy.py share; that says what the steps are. Loaded after
# helper, connect and realm.

HELLO="hello 050101"
SERVICE=rcmd/localhost
REPLY=050000017f0000010009
# What a proxy does up to the level, to the request, to the reply.
AGREED=(hello context asked) ASKED=(hello context level request) OPEN=("${ASKED[@]}" "say:$REPLY")
HEADER=000000017f0000010009

setup() {
	need_module gssapi
	in_realm
}

# start_proxy STEP...: FAKE_OUT is the file of what it tells, LOCAL its address by the name that its
# tickets are for.
start_proxy() {
	spawn_saying "$PYTHON" "$LIB/gssproxy.py" "$@"
	FAKE=$SAID FAKE_OUT=$OUT FAKE_PORT=${SAID##*:} LOCAL=localhost:${SAID##*:}
}

# told PATTERN...: just these lines, in this order.
told() {
	local all
	wait_until 5 has_told $# || true
	all=$(tail -n +2 "$FAKE_OUT")
	fits "$all" "$@" || fail "it told:
$all
-- not
$(printf '%s\n' "$@")"
}

has_told() {
	[ "$(wc -l <"$FAKE_OUT")" -gt "$1" ]
}

# context [WORD]...: the line that tells of a context with these flags beside those of any.
context() {
	local flags="mutual replay"
	[ "$1" != sequence ] || { flags+=" sequence" && shift; }
	flags+=" integrity confidentiality${1:+ $1}"
	echo "alice@SOCKS.TEST for $SERVICE@SOCKS.TEST: $flags"
}

# meets STATUS TEXT STEP...: connect, which reads no input, ends so with a proxy that does this. The
# words of the array WITH are options.
meets() {
	start_proxy "${@:3}"
	says "$1" "$2" "${WITH[@]}" -d -w 5 -x "$LOCAL" --auth gssapi 127.0.0.1:9
}

# shows FLAG OPTION...: connect asks for a context of $SERVICE with SEQUENCE, and with FLAG if that
# is not empty.
shows() {
	WITH=("${@:2}")
	meets 3 "*" "${AGREED[@]}" clear:01ff end
	told "$HELLO" "$(context sequence "$1")" "level 2" EOF
}

# trusts LEVEL STEP...: connect says hello and an end, and gets "hi" back by these steps.
trusts() {
	start_proxy "${@:2}"
	run connect "${WITH[@]}" -N -w 5 -x "$LOCAL" --auth gssapi --gssapi-protect "$1" 127.0.0.1:9 \
		<<<hello
	[ "$status:$output" = 0:hi ] || fail "status $status: $output; it told: $(cat "$FAKE_OUT")"
}

# breaks TEXT STEP...: behind a good message these end connect with status 4 and that text and the
# connection with a reset, at both levels. What was good is written, and no more.
breaks() {
	local level said=$1 status=0
	shift
	for level in ${LEVELS:-integrity confidentiality}; do
		start_proxy "${OPEN[@]}" make:good=6869 put:good "$@" end
		connect -d -w 5 -x "$LOCAL" --auth gssapi --gssapi-protect "$level" 127.0.0.1:9 \
			>"$BATS_TEST_TMPDIR/said" 2>"$BATS_TEST_TMPDIR/failed" || status=$?
		[ "$status" = 4 ] || fail "status $status: $(cat "$BATS_TEST_TMPDIR/failed")"
		[ "$(cat "$BATS_TEST_TMPDIR/said")" = hi ] || fail "$(cat "$BATS_TEST_TMPDIR/said")"
		# shellcheck disable=SC2053 # a pattern is meant
		[[ $(cat "$BATS_TEST_TMPDIR/failed") == "socks5 connect: 127.0.0.1:9: "$said ]] ||
			fail "$(cat "$BATS_TEST_TMPDIR/failed")"
		told "$HELLO" "$(context sequence)" "level ?" "request *" RST
	done
}
