# shellcheck shell=bash disable=SC2034 # the tests use what is set here
# What the tests of `socks5 serve` share. Loaded after helper.

HELLO=050100 HELLO_USER=050102
IP4=017f000001 IP6=0400000000000000000000000000000001 MAPPED=0400000000000000000000ffff7f000001
# Successes over loopback, as patterns: the port is the kernel's choice.
OK4=05000001'7f000001????' OK6=05000004'00000000000000000000000000000001????'
IN_NET=()

# error REP: a failure reply, ten octets always.
error() {
	printf '05%s0001000000000000' "$1"
}

hex_of() {
	printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# name_of TEXT: ATYP 03, its length, its octets.
name_of() {
	printf '03%02x%s' "${#1}" "$(hex_of "$1")"
}

# request ADDRESS PORT [COMMAND]: ADDRESS is IP4 or the like, or what name_of says.
request() {
	printf '05%s00%s%04x' "${3:-01}" "$1" "$2"
}

# login USER PASSWORD: the credentials of RFC 1929.
login() {
	printf '01%02x%s%02x%s' "${#1}" "$(hex_of "$1")" "${#2}" "$(hex_of "$2")"
}

# talk SEGMENT...: with $PROXY, from address $FROM if there is one. GOT is what came back, END how it ended: EOF, RST or TIMEOUT.
talk() {
	local said
	said=$("${IN_NET[@]}" "$PYTHON" "$LIB/rawclient.py" --timeout "${PATIENCE:-5}" \
		${FROM:+--from "$FROM"} "$PROXY" "$@")
	GOT=${said%$'\n'*} END=${said##*$'\n'}
}

# answers PATTERN SEGMENT...: PATTERN is what must come back and how it must end.
answers() {
	local want=$1
	shift
	talk "$@"
	# shellcheck disable=SC2053 # a pattern is meant
	[[ "$GOT $END" == $want ]] || fail "sent $*: got '$GOT $END', not '$want'"
}

# asks PATTERN ADDRESS PORT: one request without authentication and then EOF; the reply must fit.
asks() {
	answers "0500$1 EOF" "$HELLO" "$(request "$2" "$3")" eof
}

# start_target KIND [ADDRESS]: see target.py. TARGET is ADDRESS:PORT, TARGET_PORT its port and
# TARGET_OUT the file that tells who came.
start_target() {
	spawn_saying "${IN_NET[@]}" "$PYTHON" "$LIB/target.py" "$@"
	TARGET=$SAID TARGET_PORT=${SAID##*:} TARGET_OUT=$OUT
}

# came COUNT: so many connections reached the target.
came() {
	local count
	count=$(($(wc -l <"$TARGET_OUT") - 1))
	[ "$count" = "$1" ] || fail "$count connections reached the target, not $1"
}

# log_has COUNT: the log on stdout has so many lines, no more; LINE is the last.
log_has() {
	wait_until 5 has_lines "$1" "$SERVER_OUT" || fail "the log lacks lines: $(cat "$SERVER_OUT")"
	[ "$(wc -l <"$SERVER_OUT")" = "$1" ] || fail "more than $1 lines: $(cat "$SERVER_OUT")"
	LINE=$(tail -n 1 "$SERVER_OUT")
}

# field NAME: of LINE.
field() {
	sed 's/.* '"$1"'=\("[^"]*"\|[^ ]*\).*/\1/; s/"//g' <<<"$LINE"
}

# queries NAME TYPE: how often the name server was asked.
queries() {
	grep -c "^query $1 $2$" "$DNS_OUT" || true
}

# need_net: a network of its own that has nothing but loopback; IN_NET goes before what runs in it.
need_net() {
	local root=()
	need unshare nsenter ip
	unshare -n true 2>/dev/null || root=(-r)
	unshare "${root[@]}" -n true 2>/dev/null || skip "no network namespace is to be had"
	spawn_saying unshare "${root[@]}" -n sh -c 'ip link set lo up; echo up; exec sleep 600'
	IN_NET=(nsenter ${root:+-U --preserve-credentials} -n -t "$PID")
	SERVE_WITH=("${IN_NET[@]}")
}

# net COMMAND...: in that network.
net() {
	"${IN_NET[@]}" "$@"
}

# binds [ARGUMENT]...: Python from stdin with tests/lib/bind.py; PROXY is known to it, ARGS are the
# arguments.
binds() {
	{
		echo 'import os, sys'
		echo 'from bind import *'
		echo 'PROXY, ARGS = os.environ["PROXY"], sys.argv[1:]'
		cat
	} | PYTHONPATH=$LIB timeout 60 "${IN_NET[@]}" "$PYTHON" - "$@"
}

# reload TEXT...: by SIGHUP; it says each TEXT, on a line that was not there before. With a refusal
# comes UNCHANGED.
UNCHANGED='SIGHUP: all is as it was before'
reload() {
	local text counts=()
	for text; do
		counts+=("$(grep -c -- "$text" "$SERVER_LOG" || true)")
	done
	kill -HUP "$SERVER_PID"
	for text; do
		wait_until 5 said_again "$text" "${counts[0]}" ||
			fail "it did not say '$text': $(cat "$SERVER_LOG")"
		counts=("${counts[@]:1}")
	done
}

said_again() {
	[ "$(grep -c -- "$1" "$SERVER_LOG")" -gt "$2" ]
}
