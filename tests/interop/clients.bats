#!/usr/bin/env bats
# Clients that others wrote against socks5 serve.

load ../lib/helper

setup() {
	need curl
}

# get URL [OPTION]...: through the proxy; the page must be the target's.
get() {
	local url=$1
	shift
	run curl -sS --globoff --max-time 20 "$@" "$url"
	[ "$status" = 0 ] || fail "curl ended with status $status: $output"
	[ "$output" = "hello from target" ] || fail "another page: $output"
}

# went TEXT: the server's log has a session with TEXT in it.
went() {
	wait_until 5 has_line "$1" "$SERVER_OUT" || fail "no $1 in the log: $(cat "$SERVER_OUT")"
}

# timed COMMAND...: runs it; TOOK is how long that was, in milliseconds.
timed() {
	local start
	start=$(date +%s%3N)
	"$@"
	TOOK=$(($(date +%s%3N) - start))
}

@test "curl socks5: an IPv4 target" {
	start_web
	start_server --log -
	get "http://$WEB/" -x "socks5://$PROXY"
	stop_server
	went "$WEB"
}

@test "curl socks5h: the server resolves localhost" {
	start_web
	start_server --log -
	get "http://localhost:$WEB_PORT/" -x "socks5h://$PROXY"
	stop_server
	went "localhost:$WEB_PORT"
}

@test "curl socks5 and socks5h: an IPv6 target" {
	need_ipv6
	start_web ::1
	start_server --log -
	get "http://$WEB/" -x "socks5://$PROXY"
	get "http://$WEB/" -x "socks5h://$PROXY"
	stop_server
	went "\\[::1\\]:$WEB_PORT"
}

@test "curl: a proxy on IPv6, an IPv4 target" {
	need_ipv6
	start_web
	LISTEN='[::1]:0' start_server
	[[ $PROXY == \[::1\]:* ]]
	get "http://$WEB/" -x "socks5h://$PROXY"
}

@test "curl -U: the right user and password" {
	start_web
	start_server --log - -u 'joe:se cret:é'
	get "http://$WEB/" -x "socks5h://$PROXY" -U 'joe:se cret:é'
	stop_server
	went joe
}

@test "curl -U: a wrong password, an unknown user and nobody at all are turned away" {
	local who
	start_web
	start_server -u joe:secret
	for who in joe:wrong jim:secret joe:; do
		run curl -sS --max-time 20 -x "socks5h://$PROXY" -U "$who" "http://$WEB/"
		[ "$status" = 97 ] || fail "$who: curl ended with status $status: $output"
	done
	run curl -sS --max-time 20 -x "socks5h://$PROXY" "http://$WEB/"
	[ "$status" = 97 ] || fail "nobody: curl ended with status $status: $output"
	[ "$(wc -l <"$WEB_OUT")" = 1 ] || fail "the target was reached"
}

@test "curl: credentials of 255 octets each" {
	local user password
	user=$(printf 'u%.0s' $(seq 255))
	password=$(printf 'p%.0s' $(seq 255))
	start_web
	start_server -u "$user:$password"
	get "http://$WEB/" -x "socks5h://$PROXY" -U "$user:$password"
}

@test "curl: a name with both families of which IPv6 refuses" {
	start_web
	start_dns "dual.test=A:127.0.0.1,AAAA:::1"
	start_server --resolver "$DNS"
	timed get "http://dual.test:$WEB_PORT/" -x "socks5h://$PROXY"
	[ "$TOOK" -lt 3000 ] || fail "it took $TOOK ms"
}

@test "curl: a name with both families of which IPv6 is dead" {
	need_ipv6
	start_web_beside 127.0.0.1 full ::1
	start_dns "dual.test=A:127.0.0.1,AAAA:::1"
	start_server --resolver "$DNS" --prefer 6
	timed get "http://dual.test:$WEB_PORT/" -x "socks5h://$PROXY"
	[ "$TOOK" -lt 3000 ] || fail "it took $TOOK ms"
	[ "$TOOK" -gt 200 ] || fail "after $TOOK ms IPv6 cannot have been tried first"
}

@test "curl: a name with both families of which IPv4 is dead" {
	need_ipv6
	start_web_beside ::1 full 127.0.0.1
	start_dns "dual.test=A:127.0.0.1,AAAA:::1"
	start_server --resolver "$DNS" --prefer 4
	timed get "http://dual.test:$WEB_PORT/" -x "socks5h://$PROXY"
	[ "$TOOK" -lt 3000 ] || fail "it took $TOOK ms"
	[ "$TOOK" -gt 200 ] || fail "after $TOOK ms IPv4 cannot have been tried first"
}

@test "curl: a name server that is silent about one family" {
	start_web
	start_dns "a.test=A:127.0.0.1,AAAA:SILENT" "b.test=A:127.0.0.1,AAAA:SERVFAIL" \
		"c.test=A:127.0.0.1,AAAA:::1@1500ms"
	start_server --resolver "$DNS"
	timed get "http://a.test:$WEB_PORT/" -x "socks5h://$PROXY"
	[ "$TOOK" -lt 3000 ] || fail "silence about IPv6 cost $TOOK ms"
	timed get "http://b.test:$WEB_PORT/" -x "socks5h://$PROXY"
	[ "$TOOK" -lt 3000 ] || fail "SERVFAIL for IPv6 cost $TOOK ms"
	timed get "http://c.test:$WEB_PORT/" -x "socks5h://$PROXY"
	[ "$TOOK" -lt 1400 ] || fail "a late IPv6 cost $TOOK ms"
}

@test "curl: a name of many addresses of which one lives" {
	start_web
	start_dns "many.test=A:127.0.0.2,A:127.0.0.3,A:127.0.0.4,A:127.0.0.1"
	start_server --resolver "$DNS"
	get "http://many.test:$WEB_PORT/" -x "socks5h://$PROXY"
}

@test "curl: what fails is told by its reply code" {
	local port
	port=$(free_port)
	start_dns "gone.test=NXDOMAIN"
	start_server --resolver "$DNS"
	run curl -sS --max-time 20 -x "socks5h://$PROXY" "http://127.0.0.1:$port/"
	[ "$status" = 97 ]
	[[ $output == *"(5)"* ]] || fail "a closed port: $output"
	run curl -sS --max-time 20 -x "socks5h://$PROXY" "http://gone.test:$port/"
	[ "$status" = 97 ]
	[[ $output == *"(4)"* ]] || fail "no such name: $output"
}

@test "curl: 32 MiB come through unharmed, five at once" {
	local file=$BATS_TEST_TMPDIR/data i curls=()
	head -c $((32 << 20)) /dev/urandom >"$file"
	spawn_saying "$PYTHON" "$LIB/target.py" web 127.0.0.1 0 "$file"
	start_server
	for i in 1 2 3 4 5; do
		curl -sS --max-time 60 -x "socks5h://$PROXY" -o "$file.$i" "http://$SAID/" 3>&- &
		curls+=($!)
	done
	wait "${curls[@]}"
	for i in 1 2 3 4 5; do
		cmp "$file" "$file.$i"
	done
}

@test "ncat: with and without a password, by address and by name" {
	need ncat
	start_echo
	start_dns "echo.test=A:127.0.0.1"
	start_server --resolver "$DNS" --auth userpass,none -u joe:secret
	run ncat --proxy "$PROXY" --proxy-type socks5 127.0.0.1 "$ECHO_PORT" <<<"by address"
	[ "$status:$output" = "0:by address" ] || fail "$status: $output"
	run ncat --proxy "$PROXY" --proxy-type socks5 --proxy-auth joe:secret \
		--proxy-dns remote echo.test "$ECHO_PORT" <<<"by name"
	[ "$status:$output" = "0:by name" ] || fail "$status: $output"
	has_line "query echo.test A" "$DNS_OUT"
	run ncat --proxy "$PROXY" --proxy-type socks5 --proxy-auth joe:wrong \
		127.0.0.1 "$ECHO_PORT" <<<"no"
	[ "$status" != 0 ]
}

@test "ncat: an IPv6 target" {
	need ncat
	need_ipv6
	start_echo ::1
	start_server
	run ncat --proxy "$PROXY" --proxy-type socks5 ::1 "$ECHO_PORT" <<<"six"
	[ "$status:$output" = "0:six" ] || fail "$status: $output"
}

@test "nc -X 5: half-close gets the whole answer" {
	need nc
	spawn_saying "$PYTHON" "$LIB/target.py" count
	start_server --log -
	run nc -N -X 5 -x "$PROXY" 127.0.0.1 "${SAID##*:}" < <(head -c 1000000 /dev/zero)
	[ "$status:$output" = "0:1000000 octets" ] || fail "$status: $output"
	stop_server
	went "$SAID"
}

@test "nc -X 5: a closed port is a failure" {
	local port
	need nc
	port=$(free_port)
	start_server
	run nc -N -X 5 -x "$PROXY" 127.0.0.1 "$port" </dev/null
	[ "$status" = 1 ]
	[[ $output == *refused* ]] || fail "$output"
}

@test "proxychains4: a program that knows no proxies, by address and by name" {
	need proxychains4
	start_web
	start_dns "web.test=A:127.0.0.1"
	start_server --log - --resolver "$DNS" -u joe:secret
	printf '%s\n' strict_chain quiet_mode proxy_dns '[ProxyList]' \
		"socks5 127.0.0.1 $PROXY_PORT joe secret" >"$BATS_TEST_TMPDIR/chain"
	get_chained "http://$WEB/"
	get_chained "http://web.test:$WEB_PORT/"
	stop_server
	went "web.test:$WEB_PORT"
}

get_chained() {
	run proxychains4 -f "$BATS_TEST_TMPDIR/chain" curl -sS --max-time 20 "$1"
	[ "$status" = 0 ] || fail "curl ended with status $status: $output"
	[ "${lines[-1]}" = "hello from target" ] || fail "another page: $output"
}

@test "proxychains4: a chain of two servers" {
	local first
	need proxychains4
	start_web
	start_server --log -
	first=$PROXY_PORT
	start_server --log -
	printf '%s\n' strict_chain quiet_mode '[ProxyList]' \
		"socks5 127.0.0.1 $first" "socks5 127.0.0.1 $PROXY_PORT" >"$BATS_TEST_TMPDIR/chain"
	get_chained "http://$WEB/"
	stop_server
	went "$WEB"
}

@test "PySocks: resolved here and there, with and without a password" {
	need_module socks
	start_echo
	start_dns "echo.test=A:127.0.0.1"
	start_server --resolver "$DNS" --auth userpass,none -u joe:secret
	"$PYTHON" - "$PROXY_PORT" "$ECHO_PORT" <<-'END'
		import socket, sys, socks

		def talk(host, **options):
		    sock = socks.socksocket()
		    sock.set_proxy(socks.SOCKS5, "127.0.0.1", int(sys.argv[1]), **options)
		    sock.settimeout(20)
		    sock.connect((host, int(sys.argv[2])))
		    sock.sendall(host.encode())
		    sock.shutdown(socket.SHUT_WR)
		    back = b""
		    while more := sock.recv(4096):
		        back += more
		    assert back == host.encode(), back

		talk("127.0.0.1", rdns=False)
		talk("echo.test", rdns=True)
		talk("echo.test", rdns=True, username="joe", password="secret")
		try:
		    talk("127.0.0.1", username="joe", password="wrong")
		except socks.ProxyError:
		    sys.exit(0)
		sys.exit("a wrong password was let in")
	END
}

@test "python3-socks: BIND, as far as it has it (it writes the request and reads both addresses)" {
	need_module socks
	start_server -u joe:secret
	"$PYTHON" - "$PROXY_PORT" <<-'END'
		import socket, sys, socks

		line = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
		sock = socks.socksocket()
		sock.set_proxy(socks.SOCKS5, username="joe", password="secret")
		asked, where = sock._SOCKS5_request(line, b"\x02", ("127.0.0.1", 21))
		assert asked == ("127.0.0.1", 21) and where[0] == "127.0.0.1", (asked, where)
		peer = socket.create_connection(where, 20)
		reader = line.makefile("rb", 0)
		assert sock._readall(reader, 3)[:2] == b"\5\0"
		assert sock._read_SOCKS5_address(reader) == peer.getsockname()
		peer.sendall(b"hello")
		assert sock._readall(reader, 5) == b"hello"
	END
}
