# shellcheck shell=bash disable=SC2034,SC2154 # the tests use what is set here
# What the tests of `socks5 serve` with gssclient.py share; that says what the steps are. Loaded after
# helper, serve and realm.

REPLY="reply 050000017f000001"
GREETING="got 68656c6c6f2066726f6d207461726765740a" # what the target called chatty says
ASSOCIATE=05030001000000000000
WITHOUT_ORDER=--flags=mutual,replay,integrity,confidentiality

setup() {
	need_module gssapi
	in_realm
}

# sees PATTERN...: what a client tells that goes through STEPS, line by line. The words of the array
# WITH are its options.
sees() {
	local got
	got=$(timeout 60 "$PYTHON" "$LIB/gssclient.py" "${WITH[@]}" "$PROXY" "${STEPS[@]}" 2>&1) ||
		true
	fits "$got" "$@" || fail "sent ${WITH[*]} ${STEPS[*]}: got
$got
-- not
$(printf '%s\n' "$@")"
}

# refused STEP...: behind the hello these bring the abort, two octets and no more, and the end.
refused() {
	STEPS=(hello "$@" end)
	sees "01ff EOF"
}

# ended PATTERN: the last line of the log ends so; COUNT is how many there must be.
ended() {
	COUNT=$((COUNT + 1))
	log_has $COUNT
	# shellcheck disable=SC2053 # a pattern is meant
	[[ $(field end) == $1 ]] || fail "$LINE"
}

# open_to PORT: the steps up to the reply; REQUEST asks for that port.
open_to() {
	REQUEST=$(request "$IP4" "$1")
	OPEN=("say:$REQUEST" reply)
}

# grants ASKED=GRANTED...: levels; "no" is the abort.
grants() {
	local pair
	for pair; do
		STEPS=(hello context "level:${pair%=*}")
		[ "${pair#*=}" != no ] || STEPS+=(end)
		case ${pair#*=} in
		no) sees "01ff EOF" ;;
		*) sees "level ${pair#*=}" ;;
		esac
	done
}

# spoils PATTERN STEP...: after two octets, in the message called good, these end the session with a
# reset, at both levels. The target gets what was good, and no more; the log says why.
spoils() {
	local level why=$1
	shift
	start_target chatty
	open_to "$TARGET_PORT"
	start_gss_server --log -
	COUNT=0
	for level in ${LEVELS:-1 2}; do
		STEPS=(hello context "level:$level" "${OPEN[@]}" get:18 make:good=6869 put:good get:18
			"$@" end)
		sees "level $level" "$REPLY" "$GREETING" "$GREETING" RST
		ended "client: $why"
		wait_until 5 has_lines $((1 + 2 * COUNT)) "$TARGET_OUT" || fail "$(cat "$TARGET_OUT")"
		[ "$(tail -n 1 "$TARGET_OUT")" = "2 octets, RST" ] || fail "$(cat "$TARGET_OUT")"
	done
}

# closes PATTERN STEP...: in place of the request these bring the end and nothing else, at both
# levels, and nobody reaches the target. REQUEST is known in STEPS as @.
closes() {
	local level why=$1
	shift
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server --log -
	COUNT=0
	for level in ${LEVELS:-1 2}; do
		STEPS=(hello context "level:$level" "${@//@/$REQUEST}" end)
		sees "level $level" EOF
		ended "$why"
	done
	came 0
}
