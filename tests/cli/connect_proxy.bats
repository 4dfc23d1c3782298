#!/usr/bin/env bats
# socks5 connect: which proxy, as whom, and what target it is asked for.

load ../lib/helper
load ../lib/serve
load ../lib/connect

# A proxy on a Unix socket is told as such; the other loopback addresses need no warning either.
fetch() {
	run connect -N -w 10 "$@" < <(printf 'GET / HTTP/1.0\r\n\r\n')
	[ "$status" = 0 ] || fail "status $status: $output"
	[ "${lines[-1]}" = "hello from target" ] || fail "another page: $output"
}

# asked_for HEX OPTION...: the request that connect sends.
asked_for() {
	local want=$1
	shift
	start_fake "${HELD[@]}" "send:${REFUSED4}0000" stall
	says 15 "proxy $FAKE: request refused: *" -x "$FAKE" "$@"
	got "got $want"
}

# wrong TEXT WORD...: a line that is refused before anything is sent.
wrong() {
	local text=$1
	shift
	says 2 "$text" "$@"
}

# --- the target --------------------------------------------------------------------------------

@test "R1928-4.1 4.2 4.3 requests for IPv4, IPv6 and a name" {
	asked_for 050100017f0000014650 127.0.0.1:18000
	asked_for 050100017f0000014650 127.0.0.1 18000
	asked_for 050100040000000000000000000000000000000100"50" '[::1]:80'
	asked_for 050100040000000000000000000000000000000100"50" ::1 80
	asked_for 050100040000000000000000000000000000000100"50" '[::1]' http
	asked_for 05010003096c6f63616c686f73740050 localhost:80
	asked_for 05010003066c6f632e7a2e0050 loc.z. 80
	asked_for 05010003053132372e310016 127.1 ssh
}

@test "R1928-4.4 names up to 253 octets go, longer ones never leave" {
	local name
	name=$(printf 'x%.0s' $(seq 253))
	asked_for "05010003fd$(printf '78%.0s' $(seq 253))0050" "$name" 80
	start_fake "${HELD[@]}"
	wrong "host 'xxx*...' is longer than 253 octets, the most that DNS knows" \
		-x "$FAKE" "${name}x" 80
	wrong "host 'xxx*' is longer than 253 octets*" -x "$FAKE" "$(printf 'x%.0s' $(seq 300)):80"
	wrong "the host is empty" -x "$FAKE" '' 80
	wrong "the host is empty" -x "$FAKE" ':80'
	wrong "the host is empty" -x "$FAKE" '[]:80'
	wrong "host 'a b' holds a blank or a control character" -x "$FAKE" 'a b:80'
	wrong "host 'a\\\\x0ab' holds a blank or a control character" -x "$FAKE" $'a\nb:80'
	[ "$(wc -l <"$FAKE_OUT")" = 1 ] || fail "something was sent: $(cat "$FAKE_OUT")"
}

@test "R1928-4.5 zones and misplaced colons and brackets are errors here" {
	wrong "host 'fe80::1%lo' has a zone, *" fe80::1%lo 80
	wrong "host '\\[fe80::1%lo\\]' has a zone, *" '[fe80::1%lo]:80'
	wrong "'\\[::1:80' lacks the closing bracket" '[::1:80'
	wrong "more than a host and a port" host:80:x
	wrong "more than a host and a port" a:80:x
	wrong "'::1:80': an IPv6 address before a port goes in brackets, *" ::1:80
	wrong "host '1:2:3' is no IPv6 address" 1:2:3 80
	wrong "the port is given twice" 127.0.0.1:80 80
	wrong "the port is given twice" '[::1]:80' 80
	wrong "host '\\[127.0.0.1\\]' is no IPv6 address" '[127.0.0.1]:80'
	wrong "host '\\[name\\]' is no IPv6 address" '[name]' 80
}

@test "a URL is no target: it is said how to write it" {
	wrong "that is a URL; write 127.0.0.1 8000" http://127.0.0.1:8000/
	wrong "that is a URL; write ex.test https" 'https://joe:pw@ex.test/a?b:c'
	wrong "that is a URL; write ex.test 81" http://ex.test 81
	wrong "that is a URL; write \\[::1\\] 80" 'http://[::1]:80/'
	wrong "that is a URL; write HOST PORT" http:///x
}

@test "ports: numbers from 1 to 65535, services, ranges for a scan only" {
	wrong "PORT is missing; usage: *" 127.0.0.1
	wrong "PORT is missing; usage: *" '[::1]'
	wrong "HOST and PORT are missing; usage: *"
	wrong "more than HOST and PORT; usage: *" a 1 2
	for port in 0 65536 99999999999999999999 -1 1x x1y ''; do
		wrong "port '$port' is neither a number from 1 to 65535 nor a service" \
			-- 127.0.0.1 "$port"
	done
	wrong "a range of ports is for --scan" 127.0.0.1 1-2
	for range in 2-1 1-65536 0-1 1- 1-2-3 1-x; do
		says 2 "port*'$range' *" -z 127.0.0.1 "$range"
	done
}

@test "-n takes addresses only, everywhere" {
	wrong "option --numeric: 'localhost' is a name, and only addresses are taken" -n localhost 80
	wrong "option --numeric: 'localhost' *" -n -x localhost:1 127.0.0.1 80
	wrong "option --numeric: *" -n -x 127.0.0.1:1 -x localhost 127.0.0.1 80
	wrong "option --numeric: *" -n --direct localhost 80
	start_web
	start_server
	fetch -n -x "$PROXY" "$WEB"
}

# --- which proxy -------------------------------------------------------------------------------

@test "the first of the environment's variables that is set counts, -x before all" {
	start_web
	start_server
	export SOCKS5_SERVER=127.0.0.1:1 SOCKS_SERVER=127.0.0.1:2 ALL_PROXY=127.0.0.1:3 \
		all_proxy=127.0.0.1:4
	fetch -x "$PROXY" "$WEB"
	says 1 'proxy 127.0.0.1:1 (from SOCKS5_SERVER): connect: Connection refused; is a proxy *' "$WEB"
	SOCKS5_SERVER=
	says 1 'proxy 127.0.0.1:2 (from SOCKS_SERVER): connect: *' "$WEB"
	unset SOCKS_SERVER
	says 1 'proxy 127.0.0.1:3 (from ALL_PROXY): connect: *' "$WEB"
	unset ALL_PROXY
	says 1 'proxy 127.0.0.1:4 (from all_proxy): connect: *' "$WEB"
	SOCKS5_SERVER=socks5://$PROXY fetch "$WEB"
	SOCKS_SERVER=$PROXY fetch "$WEB"
	ALL_PROXY=socks5h://$PROXY/ fetch "$WEB"
	all_proxy=SOCKS5://$PROXY fetch "$WEB"
}

@test "-v says once which proxy it is where nobody named one, not so with -x" {
	start_web
	start_server
	export ALL_PROXY=$PROXY
	run connect -vN -w 10 "$WEB" < <(printf 'GET / HTTP/1.0\r\n\r\n')
	[ "${lines[0]}" = "socks5 connect: proxy $PROXY (from ALL_PROXY)" ] || fail "$output"
	[ "$(grep -c 'from ALL_PROXY' <<<"$output")" = 1 ] || fail "$output"
	run connect -vN -w 10 -x "$PROXY" "$WEB" < <(printf 'GET / HTTP/1.0\r\n\r\n')
	[[ $output == *"hello from target" && $output != *" (from "* ]] || fail "$output"
	unset ALL_PROXY
	run connect -v -w 100ms -n 127.0.0.1 1 </dev/null
	[ "${lines[0]}" = "socks5 connect: proxy 127.0.0.1:1080 (the default; -x names another)" ] ||
		fail "$output"
}

@test "a bad value is an error that names its source; nothing falls back to anything" {
	start_web
	for name in SOCKS5_SERVER SOCKS_SERVER ALL_PROXY all_proxy; do
		export "$name=http://127.0.0.1:3128"
		says 2 "environment variable $name: http:// is none of the proxies known here, *" "$WEB"
		export "$name=127.0.0.1:99999"
		says 2 "environment variable $name: port '99999' is neither *" "$WEB"
		unset "$name"
	done
	says 2 'option --proxy: socks4:// is none of *' -x socks4://127.0.0.1 "$WEB"
	says 2 'option --proxy: the host is empty' -x '' "$WEB"
	says 2 'option --proxy: the host is empty' -x joe@ "$WEB"
	says 2 "option --proxy: '::1': an IPv6 address before a port goes in brackets, *" -x ::1 "$WEB"
	says 2 "option --proxy: '\\[::1' lacks the closing bracket" -x '[::1' "$WEB"
	says 2 'option --proxy: more than a host and a port' -x host:1080:x "$WEB"
	says 2 'option --proxy: one proxy at a time; give -x again for each further hop' \
		-x a.test:1,b.test:2 "$WEB"
	says 2 'option --proxy: the host is missing; write 127.0.0.1:21080' -x 21080 "$WEB"
	says 2 'option --proxy: the user before the @ is empty' -x :pw@127.0.0.1 "$WEB"
	says 2 'option --proxy: the password has a % without two hex digits; *' -x joe:%4@[::1] "$WEB"
	says 2 'option --proxy: the user has a % *' -x %zz@127.0.0.1 "$WEB"
	says 2 'option --proxy: unix: without a path' -x unix: "$WEB"
	says 2 'option --proxy: a proxy has no path' -x socks5://127.0.0.1:1080/x "$WEB"
	says 2 'option --proxy: only the first proxy of a chain can be a Unix socket' \
		-x 127.0.0.1 -x unix:/x "$WEB"
	says 2 'options --direct and --proxy exclude each other' --direct -x 127.0.0.1 "$WEB"
}

@test "R1928-3.18 without a port it is 1080" {
	says 1 'proxy unknown.onion:1080: resolve: name does not exist; is it spelled right?' \
		-x unknown.onion 127.0.0.1 9
	says 1 'proxy unknown.onion:22: *' -x unknown.onion:ssh 127.0.0.1 9
}

@test "--direct goes without a proxy, whatever the environment says" {
	local port
	start_web
	port=$(free_port)
	export ALL_PROXY=127.0.0.1:1
	fetch --direct "$WEB"
	fetch --direct localhost "$WEB_PORT"
	says 1 "127.0.0.1:$port: connect: Connection refused; nobody listens there" --direct \
		"127.0.0.1:$port"
	says 1 'unknown.onion:80: resolve: *' --direct unknown.onion 80
}

@test "a proxy on IPv6 and on a Unix socket" {
	need_ipv6
	start_web
	LISTEN='[::1]:0' start_server
	fetch -x "$PROXY" "$WEB"
	fetch -x "socks5://$PROXY/" "$WEB"
	LISTEN=unix:$BATS_TEST_TMPDIR/sock start_server
	fetch -x "unix:$BATS_TEST_TMPDIR/sock" "$WEB"
	says 1 "proxy unix:$BATS_TEST_TMPDIR/nosock: connect: No such file or directory; is a *" \
		-x "unix:$BATS_TEST_TMPDIR/nosock" "$WEB"
	says 1 "proxy unix:/*: connect: File name too long" -x "unix:/$(printf 'x%.0s' $(seq 200))" \
		"$WEB"
}

@test "-4, -6 and -s say how the proxy is dialled" {
	local said
	need_ipv6
	start_web
	start_server
	fetch -4 -x "localhost:$PROXY_PORT" "$WEB"
	says 1 "proxy localhost:$PROXY_PORT: connect: Connection refused; *" -6 \
		-x "localhost:$PROXY_PORT" "$WEB"
	says 1 "224.0.0.1:80: connect: Network is unreachable; there is no route from here" --direct 224.0.0.1 80
	says 2 "option -6: proxy $PROXY cannot be reached over IPv6" -6 -x "$PROXY" "$WEB"
	says 2 "option --source: proxy $PROXY cannot be reached over IPv6" -s ::1 -x "$PROXY" "$WEB"
	says 2 'option -4: proxy \[::1\]:1080 cannot be reached over IPv4' -4 -x '[::1]' "$WEB"
	says 2 'option --source: \[::1\]:80 cannot be reached over IPv4' -s 127.0.0.1 --direct '[::1]:80'
	says 2 'options --ipv4 and --ipv6 exclude each other' -4 -6 "$WEB"
	says 2 'option --source: ::1 is of the other family than -4' -4 -s ::1 "$WEB"
	says 2 "option --source: 'x' is no address" -s x "$WEB"
	fetch -s 127.0.0.9 --direct "$WEB"
	has_line '^127.0.0.9:' "$WEB_OUT" || fail "came from: $(cat "$WEB_OUT")"
	said=$(free_port)
	fetch -p "$said" --direct "$WEB"
	has_line "^127.0.0.1:$said" "$WEB_OUT" || fail "came from: $(cat "$WEB_OUT")"
	says 1 '*: connect: Cannot assign requested address; is --source an address of *' \
		-s 192.0.2.1 --direct "$WEB"
	fetch -D -x "$PROXY" "$WEB"
}

@test "--dns local: an address goes to the proxy, found here" {
	asked_for 050100017f000001"0050" --dns local localhost 80
	asked_for 05010003096c6f63616c686f73740050 --dns proxy localhost 80
	asked_for 0501000400000000000000000000000000000001"0050" --dns local -6 localhost 80
	asked_for 050100017f000001"0050" --dns local -4 localhost 80
	asked_for 050100017f000001"0050" --dns local -6 127.0.0.1 80
	start_fake stall
	says 1 'unknown.onion:80: resolve: name does not exist' --dns local -x "$FAKE" \
		unknown.onion 80
	[ "$(wc -l <"$FAKE_OUT")" = 1 ] || fail "the proxy was asked: $(cat "$FAKE_OUT")"
}

@test "no name server to be reached: the proxy's name, and the target's with --dns local" {
	need_net
	start_fake stall
	run net "$SOCKS5" connect -w 20 -x proxy.test 127.0.0.1 1 </dev/null
	[ "$status:$output" = "1:socks5 connect: proxy proxy.test:1080: resolve: name server failed; \
try again, or give an address" ] || fail "$status: $output"
	run net "$SOCKS5" connect -w 20 --dns local -x "$FAKE" far.test 1 </dev/null
	[ "$status:$output" = "1:socks5 connect: far.test:1: resolve: name server failed" ] ||
		fail "$status: $output"
}

# --- chains ------------------------------------------------------------------------------------

@test "chains of two and three, hop after hop" {
	local first second
	start_web
	start_server -u a:pa --auth userpass
	first=$PROXY
	start_server
	second=$PROXY
	start_server -u c:pc --auth userpass
	fetch -x "a:pa@$first" -x "$second" "$WEB"
	fetch -x "a:pa@$first" -x "$second" -x "c:pc@$PROXY" "$WEB"
	fetch -u a:pa -x "$first" --auth none,userpass -x "$second" "$WEB"
	says 3 "proxy $PROXY (hop 3 of 3): credentials: proxy refused user 'c' *" \
		-x "a:pa@$first" -x "$second" -x "c:wrong@$PROXY" "$WEB"
	says 1 "proxy 127.0.0.1:1 (hop 1 of 2): connect: *" -x 127.0.0.1:1 -x "$second" "$WEB"
	says 15 "proxy $second (hop 1 of 3): request refused: connection refused (REP 05) for \
proxy 127.0.0.1:1 (hop 2 of 3); nobody listens there" -x "$second" -x 127.0.0.1:1 -x 127.0.0.1:2 "$WEB"
	says 15 "proxy $second (hop 2 of 2): request refused: connection refused (REP 05) for \
127.0.0.1:1; nobody listens there" -x "a:pa@$first" -x "$second" 127.0.0.1:1
}

@test "a chain: hop 1 is asked for hop 2, what comes glued to a reply is hop 2's" {
	start_fake "${HELD[@]}" "send:${OK4}0001""0500""${OK4}0002""6869" recv:20 eof stall
	run connect -w 5 -x "$FAKE" -x hop.two:99 three.test:80 </dev/null
	[ "$status:$output" = 0:hi ] || fail "$status: $output"
	got "got 0501000307686f702e74776f0063"
	got "got 050100050100030a74687265652e746573740050"
}

# --- as whom -----------------------------------------------------------------------------------

@test "R1929-1 users from the URL, -u and --password, percent-decoded" {
	start_web
	start_server -u 'j@e:p:w%' --auth userpass
	fetch -x "j%40e:p%3aw%25@$PROXY" "$WEB"
	fetch -x "j%40e:p:w%25@$PROXY" "$WEB"
	fetch -x "$PROXY" -u 'j@e:p:w%' "$WEB"
	fetch -x "$PROXY" -u 'j@e' --password 'pass:p:w%' "$WEB"
	PW='p:w%' fetch -x "j%40e@$PROXY" --password env:PW "$WEB"
	echo 'p:w%' >"$BATS_TEST_TMPDIR/pw"
	fetch -x "j%40e@$PROXY" --password "file:$BATS_TEST_TMPDIR/pw" "$WEB"
	fetch -x "j%40e@$PROXY" --password fd:7 "$WEB" 7<"$BATS_TEST_TMPDIR/pw"
	ALL_PROXY="socks5://j%40e:p%3aw%25@$PROXY" fetch "$WEB"
}

@test "R1929-2 what does not fit is refused here" {
	local long
	long=$(printf 'x%.0s' $(seq 256))
	start_fake stall
	wrong 'option --user: the name is longer than 255 octets' -x "$FAKE" -u "$long:p" 127.0.0.1 1
	wrong 'option --user: the password is longer than 255 *' -x "$FAKE" -u "u:$long" 127.0.0.1 1
	wrong 'option --user: the name is empty' -x "$FAKE" -u :p 127.0.0.1 1
	wrong 'option --proxy: the user is longer than 255 octets' -x "$long:p@$FAKE" 127.0.0.1 1
	wrong 'option --proxy: the password is longer than 255 octets' -x "u:$long@$FAKE" 127.0.0.1 1
	wrong 'password from pass:: longer than 255 octets' -x "$FAKE" -u u --password "pass:$long" \
		127.0.0.1 1
	wrong 'options --user and --password both give a password' -x "$FAKE" -u u:p \
		--password pass:q 127.0.0.1 1
	wrong 'option --password: it is for a user; add -u NAME' -x "$FAKE" --password pass:q \
		127.0.0.1 1
	wrong 'option --auth: userpass needs a user; give one with -u' -x "$FAKE" --auth userpass \
		127.0.0.1 1
	[ "$(wc -l <"$FAKE_OUT")" = 1 ] || fail "something was sent: $(cat "$FAKE_OUT")"
	start_web
	start_server -u "${long%x}:${long%x}" --auth userpass
	fetch -x "$PROXY" -u "${long%x}:${long%x}" "$WEB"
}

# offered HEX OPTION...: the hello.
offered() {
	local want=$1
	shift
	start_fake hello send:05ff stall
	says 3 "*: proxy accepts no method (offered: *" -x "$FAKE" "$@" 127.0.0.1 1
	got "got $want"
}

@test "R1928-3.1 3.10 --auth: exactly these are offered, in that order" {
	offered 050100
	offered 050102 -u joe:pw
	offered 050100 -u joe:pw --auth none
	offered 05020002 -u joe:pw --auth none,userpass
	offered 05020200 -u joe:pw --auth userpass,none
}

@test "a user without a password and no terminal: an error that says so" {
	need setsid
	run timeout 20 setsid -w "$SOCKS5" connect -x joe@127.0.0.1:1 127.0.0.1 1 </dev/null
	[ "$status" = 2 ] || fail "$status: $output"
	[[ $output == "socks5 connect: user joe has no password: no terminal to ask on "*"--password" ]] ||
		fail "$output"
}

@test "a user without a password is asked on the terminal" {
	local transcript=$BATS_TEST_TMPDIR/transcript
	start_web
	start_server -u joe:secret --auth userpass
	run timeout 30 "$PYTHON" "$LIB/terminal.py" "$transcript" \
		"password for joe at proxy $PROXY: " secret -- \
		"$SOCKS5" connect -d -W 1 -x "joe@$PROXY" "$WEB" -w 1
	[ "$(tail -n 1 "$transcript")" = "echo on" ] || fail "$(cat "$transcript")"
	! grep -q secret "$transcript" || fail "it was echoed: $(cat "$transcript")"
	! grep -q refused "$transcript" || fail "$(cat "$transcript")"
}

@test "R1929-11 no password in the process list, in errors or with -vv" {
	start_fake hello send:0502 auth stall
	for words in "-x u:Pa55@$FAKE" "-x $FAKE -u u:Pa55" "-x $FAKE -u u --password pass:Pa55" \
		"--proxy=socks5://u:Pa55@$FAKE"; do
		# shellcheck disable=SC2086 # these are words
		spawn "$SOCKS5" connect -vv -w 20 $words 127.0.0.1 1
		wait_until 5 has_line 'password: (hidden)' "$ERR" || fail "$(cat "$ERR")"
		! tr '\0' ' ' <"/proc/$PID/cmdline" | grep -q Pa55 ||
			fail "$(tr '\0' ' ' <"/proc/$PID/cmdline")"
		! has_line Pa55 "$ERR" || fail "$(cat "$ERR")"
		end_pid "$PID"
	done
	for words in "-x http://u:Pa55@h" "-x u:Pa55%@h" "-x socks5://u:Pa55@h:99999" "-x u:Pa55@::1" "-x h:1:u:Pa55" \
		"-u u --password Pa55" "-x u:Pa55@unknown.onion" "-x u:Pa55://@unknown.onion"; do
		# shellcheck disable=SC2086
		run connect $words 127.0.0.1 1
		[ "$status" != 0 ] || fail "$words"
		[[ $output != *Pa55* ]] || fail "$output"
	done
}

# warns TIMES WORD...: connected to a proxy that then closes, with these words, in which PORT stands
# for its port, it warns so often.
warns() {
	local times=$1
	shift
	start_fake "${LISTEN[@]}" "${STEPS[@]}"
	run connect "${@//PORT/${FAKE##*:}}" 127.0.0.1 "$PORTS" </dev/null
	[ "$(grep -c '^socks5 connect: warning: ' <<<"$output")" = "$times" ] || fail "$*: $output"
}

@test "R1929-13 a warning when a password leaves this machine in the clear, once and unless quiet" {
	local LISTEN=() PORTS=1 STEPS=(close)
	warns 1 -x joe:pw@0.0.0.0:PORT
	[[ ${lines[0]} == *"warning: the password for proxy 0.0.0.0:"*" crosses the network in clear text" ]] ||
		fail "$output"
	warns 1 -x 0.0.0.0:PORT -x joe:pw@127.0.0.1:2
	warns 0 -x 0.0.0.0:PORT
	warns 0 --quiet -x joe:pw@0.0.0.0:PORT
	warns 0 -x joe:pw@127.0.0.1:PORT
	warns 0 -4 -x joe:pw@localhost:PORT
	warns 0 -u joe:pw --auth none -x 0.0.0.0:PORT
	has_ipv6 || return 0
	LISTEN=(--listen ::1)
	warns 0 -x 'joe:pw@[::1]:PORT'
}

@test "R1929-13 that warning is given once for many connections" {
	local LISTEN=() PORTS=1-2 STEPS no="send:${REFUSED4}0000"
	STEPS=("${NAMED[@]}" "$no" next "${NAMED[@]}" "$no")
	warns 1 -z -v -x joe:pw@0.0.0.0:PORT
	[ "$(grep -c 'credentials accepted' <<<"$output")" = 2 ] || fail "$output"
}

@test "R1929-13 no warning before there is a connection" {
	run connect -u joe:pw -x unknown.onion 127.0.0.1 1 </dev/null
	[ "${#lines[@]}" = 1 ] || fail "$output"
	run connect -x "joe:pw@0.0.0.0:$(free_port)" 127.0.0.1 1 </dev/null
	[ "${#lines[@]}" = 1 ] || fail "$output"
}
