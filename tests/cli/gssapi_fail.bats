#!/usr/bin/env bats
# GSSAPI (RFC 1961) where it fails: each failure names phase and cause, nothing goes in clear.

load ../lib/helper
load ../lib/connect
load ../lib/realm

setup() {
	in_realm
	cd "$BATS_TEST_TMPDIR"
}

# fails TEXT [OPTION]...: with a proxy that chose GSSAPI: status 3, and the proxy got nothing but the
# method list.
fails() {
	local text=$1
	shift
	start_fake hello send:0501 recv:1
	says 3 "proxy localhost:${FAKE##*:}: security context: $text" -x "localhost:${FAKE##*:}" \
		--auth gssapi "$@" 127.0.0.1:9
	got_only "got 050101 eof"
}

@test "R1961-3.11 no ticket: kinit would have helped" {
	export KRB5CCNAME=FILE:$BATS_TEST_TMPDIR/none
	fails 'rcmd@localhost: No Kerberos credentials available *; kinit gets a ticket, klist shows those there are'
}

@test "R1961-3.11 an expired ticket" {
	ticket alice -l 1s
	BEGAN=$(ms_now)
	wait_until 10 has_passed 2500 # it counts whole seconds
	fails 'rcmd@localhost: *expired*; kinit gets a new ticket, klist shows how long it lasts'
}

has_passed() {
	[ $(($(ms_now) - BEGAN)) -ge "$1" ]
}

@test "R1961-3.11 a service that the realm does not know" {
	fails 'nosuch@localhost: Server nosuch/localhost@SOCKS.TEST not found in Kerberos database; --gssapi-service names another service, *' \
		--gssapi-service nosuch
}

@test "R1961-3.11 no key distribution centre" {
	ticket alice
	sed "s/kdc = .*/kdc = 127.0.0.1:$(free_port)/" "$REALM_DIR/krb5.conf" >krb5.conf
	export KRB5_CONFIG=$BATS_TEST_TMPDIR/krb5.conf
	fails "rcmd@localhost: Cannot contact any KDC for realm 'SOCKS.TEST'; is the KDC up, *"
}

@test "a realm that krb5.conf does not know" {
	ticket alice
	export KRB5_CONFIG=/dev/null
	fails 'rcmd@localhost: Cannot find KDC for realm "SOCKS.TEST"; is the KDC up, *'
}

# Something listens where the centre should be, and says nothing.
silent_centre() {
	ticket alice
	spawn_saying "$PYTHON" "$LIB/target.py" mute
	sed "s/kdc = .*/kdc = $SAID/" "$REALM_DIR/krb5.conf" >krb5.conf
	export KRB5_CONFIG=$BATS_TEST_TMPDIR/krb5.conf
}

@test "a centre that does not answer is waited for as long as -w says" {
	silent_centre
	start_fake hello send:0501 recv:1
	BEGAN=$(ms_now)
	says 1 "proxy localhost:${FAKE##*:}: security context: no answer within 500 ms; -w waits longer; was it the proxy, or the KDC?" \
		-w 500ms -x "localhost:${FAKE##*:}" --auth gssapi 127.0.0.1:9
	took 450 3000
	got_only "got 050101 eof"
}

@test "those who wait for a centre do so side by side" {
	silent_centre
	start_gss_server
	spawn "$SOCKS5" connect -w 1 --auth gssapi -x "$LOCAL" -k -L 0 127.0.0.1:9
	wait_until 5 has_line 'listening on' "$ERR"
	port=$(sed -n 's/.*listening on .*://p' "$ERR")
	BEGAN=$(ms_now)
	for _ in 1 2 3; do
		timeout 10 nc -N 127.0.0.1 "$port" </dev/null 3>&- &
	done
	wait_until 10 has_failed 3
	took 900 2500
}

has_failed() {
	[ "$(grep -c 'security context: no answer within 1 s' "$ERR")" = "$1" ]
}

@test "a signal ends at once what waits for a centre" {
	silent_centre
	start_fake hello send:0501 recv:1
	spawn "$SOCKS5" connect -x "localhost:${FAKE##*:}" --auth gssapi 127.0.0.1:9
	got 'got 050101'
	BEGAN=$(ms_now)
	kill -TERM "$PID"
	wait_until 5 is_gone "$PID"
	took 0 3000
}

# --- the server's side -------------------------------------------------------------------------

refused() {
	says 3 "proxy $LOCAL: security context: proxy refused our ticket for rcmd@localhost, or who we are; *" \
		-x "$LOCAL" --auth gssapi 127.0.0.1:9
	wait_until 5 has_line "$1" "$SERVER_OUT" || fail "$(cat "$SERVER_OUT")"
}

@test "R1961-3.9 a keytab with other keys: the log says so" {
	KEYTAB=$REALM_DIR/other.keytab
	start_gss_server --log -
	refused 'user=- method=gssapi .* end="security context: .*rcmd/localhost@SOCKS.TEST kvno . not found in keytab'
}

@test "keys that come into the keytab later count at once" {
	cp "$REALM_DIR/other.keytab" keytab
	KEYTAB=keytab
	start_gss_server --log -
	refused 'kvno . not found in keytab'
	cp "$REALM_DIR/server.keytab" keytab
	start_echo
	[ "$(echo hello | timeout 10 "$SOCKS5" connect -N --auth gssapi -x "$LOCAL" "$ECHO")" = hello ]
}

@test "R1961-3.9 a ticket for a service that is not taken: the log says so" {
	start_gss_server --gssapi-service socks --log -
	refused 'end="security context: .*'
}

@test "R1961-3.9 more tokens than can wait: those too many get the abort, at once" {
	# Both checkers are at a password that takes a minute.
	# shellcheck disable=SC2016 # no shell expands it
	(umask 077 && printf '%s\n' 'joe:$6$rounds=99999999$saltsalt$'"$(printf 'a%.0s' {1..86})" >users)
	start_gss_server --users users --auth userpass,gssapi --log - --workers 1 --drain 0
	run timeout 60 "$PYTHON" -c 'import select, socket, sys, time
def client(octets):
    sock = socket.create_connection(("127.0.0.1", sys.argv[1]))
    sock.sendall(octets)
    return sock
held = [client(b"\5\1\2\1\3joe\1x") for _ in range(2)]
time.sleep(0.5)
held += [client(b"\5\1\1\1\1\0\1\xa1") for _ in range(300)]
answers = []
end = time.monotonic() + 20
while len(answers) < 20 and time.monotonic() < end:
    for sock in select.select(held[2:], [], [], 1)[0]:
        octets = sock.recv(100)
        if octets != b"\5\1":
            answers.append(octets)
            held.remove(sock)
print(len(answers) >= 20, set(answers) <= {b"\5\1\1\xff", b"\1\xff"})' "$PROXY_PORT"
	[ "$output" = "True True" ] || fail "$output"
	wait_until 5 has_line 'end="security context: too many tokens pending"' "$SERVER_OUT" ||
		fail "$(tail -n 3 "$SERVER_OUT")"
}

@test "R1961-3.15 keytabs that start no server" {
	cannot() {
		local text=$1
		shift
		run timeout 10 "$SOCKS5" serve "$@" 127.0.0.1:0
		# shellcheck disable=SC2053 # a pattern is meant
		[[ "$status:$output" == "2:socks5 serve: option "$text ]] || fail "$output"
	}
	cannot "--keytab: nosuch: No such file or directory" \
		--keytab nosuch
	: >empty
	cannot "--keytab: empty: it is empty; ktadd of kadmin(1) puts keys in" --keytab empty
	cannot "--keytab: .: Is a directory" --keytab .
	cannot "--keytab: '': the name is empty" --keytab ''
	head -c 300 /dev/urandom >garbage
	cannot "--keytab: garbage: it is not a keytab" --keytab garbage
	printf '\5\2' >short
	cannot "--keytab: short: no credentials to accept tickets with: *; klist -k shows what is in a keytab" \
		--keytab short
	cannot "--gssapi-service: '': the name is empty" --keytab "$KEYTAB" --gssapi-service ''
	cannot "--gssapi-service: other: no key of it is in $KEYTAB: *" \
		--keytab "$KEYTAB" --gssapi-service other
	export KRB5_KTNAME=FILE:$BATS_TEST_TMPDIR/nosuch
	cannot "--auth: gssapi: no credentials to accept tickets with: Keytab FILE:*/nosuch is nonexistent or empty; *" \
		--auth gssapi
}

@test "a keytab that others may read is warned of" {
	cp "$KEYTAB" open
	chmod 644 open
	start_server --keytab open
	has_line '^socks5 serve: option --keytab: open: others may read it, and be us; chmod 600 it' \
		"$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
}

@test "R1961-3.15 without --keytab the default one is taken" {
	start_server --auth gssapi
	start_echo
	[ "$(echo hello | timeout 10 "$SOCKS5" connect -N --auth gssapi -x "localhost:$PROXY_PORT" \
		"$ECHO")" = hello ]
}

@test "R1961-4.3 level 0 is not granted unless it was set up" {
	start_gss_server
	says 3 "proxy $LOCAL: protection level: proxy refused protection none (level 00); --gssapi-protect asks for another" \
		-x "$LOCAL" --gssapi-protect none 127.0.0.1:9
}

@test "R1961-4.6 less than was asked for is not accepted" {
	start_gss_server --gssapi-protect integrity
	says 3 "proxy $LOCAL: protection level: proxy grants integrity (level 01) where confidentiality was asked for; to accept that: --gssapi-protect integrity" \
		-x "$LOCAL" --auth gssapi 127.0.0.1:9
	start_gss_server --gssapi-protect none
	says 3 "proxy $LOCAL: protection level: proxy grants none (level 00) where integrity was asked for; *" \
		-x "$LOCAL" --gssapi-protect integrity 127.0.0.1:9
}

@test "R1961-4.8 a bare level where none is taken" {
	start_gss_server --log -
	says 3 "proxy $LOCAL: protection level: proxy refused protection confidentiality (level 02); it may want the level without --gssapi-nec" \
		-x "$LOCAL" --gssapi-nec 127.0.0.1:9
	wait_until 5 has_line 'end="protection level in clear refused"' "$SERVER_OUT" ||
		fail "$(cat "$SERVER_OUT")"
}

@test "what serve says of who may use it, in each way of setting it up" {
	explains() {
		local text=$1
		shift
		start_server "$@"
		wait_until 5 has_line "^socks5 serve: $text\$" "$SERVER_LOG" ||
			fail "$(cat "$SERVER_LOG")"
	}
	explains "whoever on this machine has a Kerberos ticket for it may use it, encrypted or signed" \
		--keytab "$KEYTAB"
	explains "whoever on this machine has a Kerberos ticket for it may use it, encrypted" \
		--keytab "$KEYTAB" --gssapi-protect confidentiality
	explains "whoever on this machine has a Kerberos ticket for it may use it, and goes on in clear, unprotected" \
		--keytab "$KEYTAB" --gssapi-protect none
	explains "one user on this machine may use it, with a password" --keytab "$KEYTAB" -u us:pw
	explains "any program on this machine may use it, without a ticket" --keytab "$KEYTAB" \
		--auth gssapi,none
}
