#!/usr/bin/env bats
# GSSAPI (RFC 1961): our clients and our server, with a realm of the tests' own.
# check: waits

load ../lib/helper
load ../lib/connect
load ../lib/serve
load ../lib/realm

setup() {
	in_realm
	cd "$BATS_TEST_TMPDIR"
}

# The server accepts every level, so that each can be asked for.
start_any() {
	start_gss_server --gssapi-protect none,integrity,confidentiality --log - "$@"
}

LEVELS=(confidentiality integrity none)

# through LEVEL COMMAND ARGUMENT...: through the server, with a ticket.
through() {
	local level=$1 command=$2
	shift 2
	timeout 30 "$SOCKS5" "$command" -x "$LOCAL" --gssapi-protect "$level" "$@"
}

# --- CONNECT -----------------------------------------------------------------------------------

both_ways() {
	local level octets=$1
	shift
	start_any "$@"
	start_echo
	random_file data "$octets"
	for level in "${LEVELS[@]}"; do
		through "$level" connect -N "$ECHO" <data >back
		cmp data back || fail "$level"
	done
	log_has 3
	[ "$(field user):$(field method):$(field up):$(field down)" = \
		"alice@SOCKS.TEST:gssapi:$octets:$octets" ]
}

@test "R1928-R.1, R1961-5.5 64 MiB there and back at every level" {
	both_ways $((64 << 20))
}

@test "R1961-5.10 half-closes both ways at every level" {
	start_any
	start_target count
	for level in "${LEVELS[@]}"; do
		[ "$(head -c 100000 /dev/zero | through "$level" connect -N "$TARGET")" = \
			"100000 octets" ]
	done
	start_target greet
	for level in "${LEVELS[@]}"; do
		[ "$(through "$level" connect -d "$TARGET")" = "hello from target" ]
	done
}

@test "R1961-5.1 what is asked and answered cannot be read on the way" {
	start_any
	start_web
	spawn_saying "$PYTHON" "$LIB/wiretap.py" "$PROXY" wire.up wire.down
	LOCAL=localhost:${SAID##*:}
	printf 'GET / HTTP/1.0\r\n\r\n' | through confidentiality connect -N "$WEB" >back
	grep -q 'hello from target' back
	grep -aq SOCKS.TEST wire.up
	! grep -aq 'GET /' wire.up || fail "the request's payload can be read"
	! grep -aq 'hello from target' wire.down || fail "the answer can be read"
	printf 'GET / HTTP/1.0\r\n\r\n' | through integrity connect -N "$WEB" >back
	grep -aq 'GET /' wire.up
}

@test "a GSSAPI proxy by its Unix socket" {
	LISTEN=unix:$BATS_TEST_TMPDIR/socket start_gss_server
	start_echo
	[ "$(echo hello | timeout 10 "$SOCKS5" connect -N --auth gssapi -x unix:socket "$ECHO")" = hello ]
}

@test "R1961-3.3 the service is the one asked for, the host in lower case" {
	start_gss_server --gssapi-service socks
	start_echo
	for service in socks socks@localhost socks/localhost@SOCKS.TEST; do
		[ "$(echo hello | timeout 10 "$SOCKS5" connect -N -x "LocalHost:$PROXY_PORT" \
			--gssapi-service "$service" "$ECHO")" = hello ]
	done
	WITH=(-x "$LOCAL" --auth gssapi)
	says 3 "proxy $LOCAL: security context: proxy refused our ticket for rcmd@localhost, or who we are;*" \
		"${WITH[@]}" "$ECHO"
}

@test "-L -k: many at once, each with a context of its own" {
	start_any
	start_echo
	spawn "$SOCKS5" connect -x "$LOCAL" --auth gssapi -k -L 0 "$ECHO"
	wait_until 5 has_line 'listening on' "$ERR"
	port=$(sed -n 's/.*listening on .*://p' "$ERR")
	for i in {1..30}; do
		(echo "number $i" | timeout 20 nc -N 127.0.0.1 "$port" >"got.$i" 3>&-) &
	done
	wait_until 20 all_came 30
}

all_came() {
	local i
	for ((i = 1; i <= $1; i++)); do
		[ "$(cat "got.$i" 2>/dev/null)" = "number $i" ] || return 1
	done
}

@test "-e and --hexdump see what is inside" {
	start_any
	start_echo
	[ "$(through confidentiality connect -e 'echo hello; read -r x; echo "got $x" >&2' "$ECHO" \
		2>&1)" = "got hello" ]
	echo hello | through confidentiality connect -N --hexdump dump "$ECHO" >back
	grep -q '^> .*68 65 6c 6c 6f' dump
	grep -q '^< .*68 65 6c 6c 6f' dump
}

@test "-F: what is sealed cannot be passed on, what is in clear can" {
	start_any
	start_echo
	run "$PYTHON" "$LIB/gssfd.py" "$SOCKS5" "$LOCAL" "$ECHO" confidentiality
	[ "$status" = 2 ]
	[[ $output == *"a connection that is sealed cannot be passed on"* ]]
	run "$PYTHON" "$LIB/gssfd.py" "$SOCKS5" "$LOCAL" "$ECHO" none
	[ "$status:$output" = "0:hello" ]
}

@test "-z scans with a ticket" {
	start_any
	start_echo
	[ "$(through integrity connect -z 127.0.0.1 "$ECHO_PORT")" = "127.0.0.1:$ECHO_PORT open" ]
}

@test "-v tells who we are and how it is protected, on both sides" {
	start_any -v
	start_echo
	run through integrity connect -v -N "$ECHO" </dev/null
	[[ $output == *"we are alice@SOCKS.TEST, protection: integrity"* ]]
	wait_until 5 has_line 'a ticket of alice@SOCKS.TEST' "$SERVER_LOG"
	has_line 'protection: integrity' "$SERVER_LOG"
}

@test "-vv shows tokens as messages, and the request in clear" {
	start_any
	start_echo
	run through confidentiality connect -vv -N "$ECHO" </dev/null
	[[ $output == *"to proxy $LOCAL: security token, "*"message type: 01 authentication token"* ]]
	[[ $output == *"from proxy $LOCAL: protection level, "* ]]
	[[ $output == *"to proxy $LOCAL: request, 10 octets"* ]]
}

# --- BIND --------------------------------------------------------------------------------------

@test "R1961-5.1 BIND at every level" {
	start_any
	for level in "${LEVELS[@]}"; do
		echo "to the peer" >letter
		STDIN=letter spawn timeout 30 "$SOCKS5" bind -N -x "$LOCAL" --gssapi-protect "$level"
		wait_until 5 has_line 'listening on' "$ERR"
		port=$(sed -n 's/.*listening on .*://p' "$ERR")
		[ "$(echo "from the peer" | timeout 10 nc -N 127.0.0.1 "$port")" = "to the peer" ]
		wait_until 5 is_gone "$PID"
		[ "$(cat "$OUT")" = "from the peer" ]
		has_line 'accepted 127.0.0.1:' "$ERR"
	done
}

# --- UDP ---------------------------------------------------------------------------------------

start_datagrams() {
	spawn_saying "$PYTHON" "$LIB/target.py" datagrams
	ECHO=$SAID
}

@test "R1961-5.11 UDP at every level, whole and in fragments" {
	start_any
	start_datagrams
	for level in "${LEVELS[@]}"; do
		run through "$level" udp --lines -W 2 "$ECHO" <<<$'hello\nthere'
		[ "$status:$output" = $'0:hello\nthere' ]
		run through "$level" udp --lines --fragment 3 -W 1 "$ECHO" <<<hello-in-pieces
		[ "$status:$output" = 0:hello-in-pieces ]
	done
	log_has 6
	[ "$(field user):$(field command):$(field datagrams_up)" = alice@SOCKS.TEST:udp:1 ]
}

@test "R1928-U.21 the largest datagram that goes under each protection, and no larger one" {
	start_any
	start_datagrams
	for limit in confidentiality:65433 integrity:65465 none:65497; do
		head -c "${limit#*:}" /dev/urandom >data
		through "${limit%:*}" udp -W 1 "$ECHO" <data >back
		cmp data back || fail "$limit"
		head -c 65507 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >data
		run through "${limit%:*}" udp --hex -W 1 "$ECHO" <data
		[ "$status" = 1 ]
		[[ $output == *"a datagram of 65507 octets is not sent: at most ${limit#*:} go to"* ]]
	done
}

@test "udp -L forwards a port with a ticket" {
	start_any
	start_datagrams
	spawn "$SOCKS5" udp -x "$LOCAL" --auth gssapi -L 0 "$ECHO"
	wait_until 5 has_line 'listening on' "$ERR"
	port=$(sed -n 's/.*listening on .*://p' "$ERR")
	[ "$(echo hello | timeout 10 "$SOCKS5" udp --direct -W 1 127.0.0.1 "$port")" = hello ]
}

# --- chains ------------------------------------------------------------------------------------

@test "a chain: seals inside seals, and a password inside a seal" {
	start_any
	first=$LOCAL
	start_gss_server --user us:pw
	second=$LOCAL
	start_echo
	random_file data 1000000
	timeout 20 "$SOCKS5" connect -N -x "$first" -x "$second" --auth gssapi "$ECHO" <data >back
	cmp data back
	timeout 20 "$SOCKS5" connect -N -x "$first" -x "us:pw@$second" --auth gssapi,userpass "$ECHO" \
		<data >back
	cmp data back
	start_target greet
	for _ in 1 2 3; do
		[ "$(timeout 20 "$SOCKS5" connect -d -x "$first" -x "$second" -x "$first" --auth gssapi \
			"$TARGET")" = "hello from target" ]
	done
}

@test "a chain: datagrams in two seals" {
	start_any
	first=$LOCAL
	start_any
	start_datagrams
	run timeout 20 "$SOCKS5" udp --lines -W 2 -x "$first" -x "$LOCAL" --auth gssapi "$ECHO" \
		<<<$'hello\nthere'
	[ "$status:$output" = $'0:hello\nthere' ]
}

# --- who may -----------------------------------------------------------------------------------

refused_at_once() {
	says 3 "proxy $LOCAL: security context: proxy refused our ticket for rcmd@localhost, or who we are; klist shows that, and the proxy's log may say why" \
		-x "$LOCAL" --auth gssapi "$ECHO"
}

@test "R1961-3.16 principals by rule: refused at once, or with REP 02 where it depends" {
	start_echo
	start_gss_server --log - --allow user=bob@SOCKS.TEST
	refused_at_once
	log_has 1
	[ "$(field user):$(field end)" = "alice@SOCKS.TEST:principal refused: the rules allow it nothing" ]
	ticket bob
	[ "$(echo hello | through confidentiality connect -N "$ECHO")" = hello ]
	ticket alice
	start_gss_server --log - --deny user=alice@SOCKS.TEST
	refused_at_once
	start_gss_server --log - --deny "user=alice@SOCKS.TEST to=127.0.0.1:$ECHO_PORT"
	says 12 "proxy $LOCAL: request refused: not allowed by ruleset (REP 02) for $ECHO; *; the ticket was accepted" \
		-x "$LOCAL" --auth gssapi "$ECHO"
	log_has 1
	[ "$(field user):$(field reply):$(field end)" = "alice@SOCKS.TEST:02:denied by rule 1" ]
}

@test "R1961-3.16 principals by list, read again at SIGHUP" {
	start_echo
	echo "bob@SOCKS.TEST:gssapi" >users
	chmod 600 users
	start_gss_server --users users --log -
	has_line '1 principal on this machine may use it, with a Kerberos ticket' "$SERVER_LOG"
	refused_at_once
	log_has 1
	[ "$(field end)" = "principal refused: it is not among those that are listed" ]
	ticket bob
	[ "$(echo hello | through confidentiality connect -N "$ECHO")" = hello ]
	echo "alice@SOCKS.TEST:gssapi" >>users
	kill -HUP "$SERVER_PID"
	wait_until 5 has_line 'read again: 2 users' "$SERVER_LOG"
	ticket alice
	[ "$(echo hello | through confidentiality connect -N "$ECHO")" = hello ]
}

@test "R1928-3.13 methods in the server's order; curl without a ticket gets in by none" {
	start_web
	start_gss_server --auth none,gssapi
	curl -sf -x "socks5h://$LOCAL" "http://$WEB/" | grep -q 'hello from target'
	[ "$(printf 'GET / HTTP/1.0\r\n\r\n' | through integrity connect -N "$WEB" | tail -n 1)" = \
		"hello from target" ]
	start_gss_server --user us:pw
	answers "0502 TIMEOUT" 0503000102
	start_gss_server
	answers "0501 TIMEOUT" 0503000102
	start_gss_server --auth gssapi,userpass --user us:pw
	answers "0501 TIMEOUT" 0503000102
}

@test "R1961-4.7 curl negotiates level 0 as far as it goes" {
	need strace curl
	curl --version | grep -qi 'gss-api\|GSSAPI' || skip "this curl has no GSSAPI"
	start_gss_server --gssapi-protect none -v
	start_web
	# Its state is lost between its messages unless each answer is there before it looks.
	run timeout 30 strace -f -o trace -e trace=sendto -e inject=sendto:delay_exit=400000 \
		curl -sS --max-time 20 --socks5-gssapi -x "socks5h://$LOCAL" "http://$WEB/"
	wait_until 10 has_line 'a ticket of alice@SOCKS.TEST' "$SERVER_LOG"
	wait_until 10 has_line 'request: client closed the connection\|open to' "$SERVER_LOG"
}

# --- what is offered ---------------------------------------------------------------------------

@test "R1928-3.10 with a ticket asked for neither none nor a password is offered" {
	for with in "--auth gssapi -u us:pw" "--gssapi-protect integrity" "--gssapi-service rcmd" \
		"--gssapi-nec" "--gssapi-delegate"; do
		start_fake hello send:05ff eof
		# shellcheck disable=SC2086 # words
		run connect -x "$FAKE" $with 127.0.0.1:9
		[ "$status" = 3 ]
		got 'got 050101'
		[[ $output == *"proxy accepts no method (offered: gssapi); "* ]]
		case $with in
		*-u*) [[ $output == *"option --user: a ticket says who we are; --auth does not offer userpass"* ]] ;;
		*) [[ $output != *"--user"* ]] ;;
		esac || fail "$output"
	done
}

@test "R1928-3.8 a proxy that answers none to a ticket is not believed" {
	start_fake hello send:0500 request
	says 4 "proxy $FAKE: method: proxy chose none (00), which was not offered (gssapi was)*" \
		-x "$FAKE" --auth gssapi 127.0.0.1:9
	got_only "got 050101 eof"
}

@test "options that do not go together" {
	says 2 "option --gssapi-protect: --auth does not offer gssapi" --auth none \
		--gssapi-protect integrity 127.0.0.1:9
	says 2 "option --gssapi-nec: there is a user, too; --auth says what to offer" -u us:pw \
		--gssapi-nec 127.0.0.1:9
	says 2 "option --gssapi-service: the name is empty" --gssapi-service "" 127.0.0.1:9
	run "$SOCKS5" serve --auth none --keytab "$KEYTAB" 127.0.0.1:0
	[ "$status:$output" = "2:socks5 serve: option --keytab: it is for GSSAPI, which --auth gssapi, or without --auth a --keytab, turns on" ]
	run "$SOCKS5" serve --gssapi-protect none 127.0.0.1:0
	[[ "$status:$output" = "2:socks5 serve: option --gssapi-protect: it is for GSSAPI"* ]]
	run "$SOCKS5" serve --keytab "$KEYTAB" --user alice@SOCKS.TEST:gssapi 127.0.0.1:0
	[ "$status" = 2 ]
	[[ "$output" = *": a principal stands in a file: --users FILE" ]] || fail "$output"
}

@test "rules and lists that match no principal are told of" {
	run timeout 10 "$SOCKS5" serve --check --keytab "$KEYTAB" --deny user=alice \
		--deny user=bob@SOCKS.TEST
	[ "$status:${lines[0]}" = "0:socks5 serve: rule 1 (user=alice) can match nobody: no user has that name, and a principal's has a realm, NAME@REALM" ] ||
		fail "$output"
	! grep -q 'rule 2.*nobody' <<<"$output" || fail "$output"
	for line in alice:gssapi @SOCKS.TEST:gssapi alice@:gssapi 'alice@SOCKS.TEST :gssapi'; do
		echo "$line" >users
		chmod 600 users
		run timeout 10 "$SOCKS5" serve --check --keytab "$KEYTAB" --users users
		[[ $status:$output == "2:socks5 serve: option --users: users: line 1: "*": a principal is NAME@REALM, without blanks" ]] ||
			fail "$output"
	done
}

# --- under sanitizers --------------------------------------------------------------------------

BUILD=${BUILD:-$REPO/build}

# The same again with all that is ours built so.
under() {
	SOCKS5=$BUILD/$1/socks5
	[ -x "$SOCKS5" ] || fail "$SOCKS5 is not built"
	both_ways $((4 << 20)) --workers 2
	start_datagrams
	run through confidentiality udp --lines -W 2 "$ECHO" <<<$'hello\nthere'
	[ "$status:$output" = $'0:hello\nthere' ]
	stop_server
	! grep -E 'Sanitizer|runtime error' "$SERVER_LOG" || fail "a sanitizer found something"
}

@test "there and back at every level, and datagrams: address, undefined" {
	under address-undefined
}

@test "there and back at every level, and datagrams: threads" {
	under thread
}
