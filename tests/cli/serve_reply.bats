#!/usr/bin/env bats
# socks5 serve: what is answered to a request, and that nobody is reached who should not be.

load ../lib/helper
load ../lib/serve

@test "R1928-6.1 6.2 6.6 CONNECT by IPv4, IPv6 and name: BND is the outbound socket's address" {
	need_ipv6
	start_target mute
	start_server
	bound_as_seen "$OK4" $IP4 127.0.0.1
	bound_as_seen "$OK4" "$(name_of localhost)" 127.0.0.1
	start_target mute ::1
	bound_as_seen "$OK6" $IP6 '[::1]'
}

# bound_as_seen REPLY ADDRESS HOST: the target saw the connection come from HOST and BND's port.
bound_as_seen() {
	asks "$1" "$2" "$TARGET_PORT"
	LINE=$(tail -n 1 "$TARGET_OUT")
	[ "$LINE" = "$3:$((16#${GOT: -4}))" ] || fail "BND ${GOT: -12}, the target saw $LINE"
}

@test "R1928-6.6 --source: the address that targets see and BND tells" {
	start_target mute
	start_server --source 127.0.0.9
	bound_as_seen "05000001"'7f000009????' $IP4 127.0.0.9
	run timeout 10 "$SOCKS5" serve --source 192.0.2.9 127.0.0.1:0
	[ "$status" = 2 ] && [[ $output == *"option --source: 192.0.2.9: no interface"* ]] ||
		fail "$status: $output"
}

@test "R1928-6.7 6.11 no success before the target answers; the connect timer ends it, REP 06" {
	start_target full
	start_server --connect-timeout 400ms --handshake-timeout 300ms --log -
	PATIENCE=0.2 answers "0500 TIMEOUT" $HELLO "$(request $IP4 "$TARGET_PORT")"
	asks "$(error 06)" $IP4 "$TARGET_PORT"
	log_has 2
	[ "$(field reply) $(field end)" = "06 target: connecting took too long" ] || fail "$LINE"
	[ "$(field ms)" -ge 400 ] && [ "$(field ms)" -lt 1400 ] || fail "$LINE"
}

@test "R1928-6.8 a refused port: REP 05, by address and by name" {
	local port
	need_ipv6
	port=$(free_port)
	start_server
	PATIENCE=1 answers "0500$(error 05) EOF" $HELLO "$(request $IP4 "$port")"
	asks "$(error 05)" $IP4 "$port"
	asks "$(error 05)" $IP6 "$port"
	asks "$(error 05)" "$(name_of localhost)" "$port"
}

@test "R1928-6.3 6.4 a refusal is whole, and the connection ends within ten seconds" {
	local port
	port=$(free_port)
	start_server --log -
	# One that goes on sending and never closes: it is reset in the end.
	"$PYTHON" - "$PROXY_PORT" "$HELLO$(request $IP4 "$port")" <<-'END'
		import socket, sys, time
		sock = socket.create_connection(("127.0.0.1", sys.argv[1]), 5)
		sock.sendall(bytes.fromhex(sys.argv[2]))
		back = b""
		while more := sock.recv(100):
		    back += more
		assert back.hex() == "050005050001000000000000", back.hex()
		start = time.monotonic()
		try:
		    while time.monotonic() < start + 11:
		        sock.sendall(b"?")
		        time.sleep(0.1)
		    sys.exit("it is still open after eleven seconds")
		except ConnectionError:
		    pass
	END
}

@test "R1928-6.5 the refusal is not lost when payload was pipelined" {
	local port size
	port=$(free_port)
	start_server --deny to=127.0.0.1:"$port" --workers 1
	for size in 1 1000 100000 2000000; do
		answers "0500$(error 02) EOF" "$HELLO$(request $IP4 "$port")" "55*$size" wait:50 eof
		answers "0500$(error 05) EOF" "$HELLO$(request $IP6 "$port")" "55*$size" wait:50 eof
	done
	# Much of it, in pieces small and large, and read late.
	"$PYTHON" - "$PROXY_PORT" "$HELLO$(request $IP4 "$port")" <<-'END'
		import socket, sys
		for piece, pieces in [(1, 3000), (1400, 3000)] + [(65536, 128)] * 20:
		    sock = socket.create_connection(("127.0.0.1", sys.argv[1]), 5)
		    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		    sock.sendall(bytes.fromhex(sys.argv[2]))
		    for _ in range(pieces):
		        sock.sendall(b"?" * piece)
		    back = b""
		    while more := sock.recv(100):
		        back += more
		    assert back.hex() == "050005020001000000000000", back.hex()
	END
}

@test "R1928-6.5 05 ff and a SOCKS4 refusal are not lost either" {
	start_server -u a:b
	answers "05ff EOF" 050100 '55*100000' wait:50 eof
	answers "005b000000000000 EOF" 0401 '55*100000' wait:50 eof
	answers "05020101 EOF" "$HELLO_USER$(login a c)" '55*100000' wait:50 eof
}

@test "R1928-6.9 4.20 a rule refuses: REP 02, and nothing reaches the target" {
	start_target echo
	start_dns 'to.test=A:127.0.0.1' 'Evil.test=A:127.0.0.1'
	start_server --resolver "$DNS" -u joe:x -u jim:x --auth none,userpass --deny user=jim \
		--deny "to=127.0.0.1:$TARGET_PORT" --deny to=evil.test --log -
	asks "$(error 02)" $IP4 "$TARGET_PORT"
	asks "$(error 02)" $MAPPED "$TARGET_PORT"
	asks "$(error 02)" "$(name_of 127.0.0.1)" "$TARGET_PORT"
	asks "$(error 02)" "$(name_of ::ffff:127.0.0.1)" "$TARGET_PORT"
	asks "$(error 02)" "$(name_of to.test)" "$TARGET_PORT"
	answers "05020100$(error 02) EOF" $HELLO_USER "$(login jim x)" "$(request $IP6 9)" eof
	came 0
	log_has 6
	[ "$(field reply) $(field end)" = "02 denied by rule 1" ] || fail "$LINE"
	[ "$(queries to.test A)" = 1 ]
}

@test "R1928-4.19 rules about names know neither case nor the last dot, and nobody is asked" {
	start_dns 'evil.test=A:127.0.0.1'
	start_target echo
	start_server --resolver "$DNS" --deny to=Evil.test --deny to=.bad.test
	asks "$(error 02)" "$(name_of evil.test)" "$TARGET_PORT"
	asks "$(error 02)" "$(name_of eVIL.tEST.)" "$TARGET_PORT"
	asks "$(error 01)" "$(name_of 'e\vil.test')" "$TARGET_PORT"
	asks "$(error 02)" "$(name_of www.BAD.test.)" "$TARGET_PORT"
	came 0
	! has_lines 2 "$DNS_OUT" || fail "it asked: $(cat "$DNS_OUT")"
}

@test "R1928-4.12 an address in place of a name is that address" {
	need_ipv6
	start_target echo
	start_target echo ::1 "$TARGET_PORT"
	start_dns
	start_server --resolver "$DNS"
	asks "$OK4" "$(name_of 127.0.0.1)" "$TARGET_PORT"
	asks "$OK6" "$(name_of ::1)" "$TARGET_PORT"
	asks "$OK6" "$(name_of 0:0::0:0001)" "$TARGET_PORT"
	asks "$OK4" "$(name_of ::FFFF:127.0.0.1)" "$TARGET_PORT"
	asks "$OK4" $MAPPED "$TARGET_PORT"
	! has_lines 2 "$DNS_OUT" || fail "it asked: $(cat "$DNS_OUT")"
}

# The server and its client on 192.0.2.1, an echo on every address, in a network of their own.
start_beyond() {
	need_net
	net ip address add 192.0.2.1/32 dev lo
	net ip address add 2001:db8::1/128 dev lo nodad
	start_target echo 0.0.0.0
	start_target echo :: "$TARGET_PORT"
	spawn_saying "${IN_NET[@]}" "$PYTHON" "$LIB/dns.py" "$@"
	DNS=$SAID DNS_OUT=$OUT
	LISTEN=192.0.2.1:0 start_server --open --resolver "$DNS" --log -
}

V4=01c0000201 V6=0420010db8000000000000000000000001

@test "SEC-1 R1928-4.13 a client elsewhere does not reach loopback and its like, however spelled" {
	local to
	start_beyond
	asks "05000001c0000201????" $V4 "$TARGET_PORT"
	# 127.0.0.1, mapped, ::1, 0.0.0.0, ::, ::7f00:1, NAT64, 6to4, 169.254.169.254, 10.0.0.1,
	# fe80::1, fd00::1, 224.0.0.1, 255.255.255.255, 240.0.0.1
	for to in $IP4 $MAPPED $IP6 0100000000 04"$(printf '00%.0s' {1..16})" \
		04"$(printf '00%.0s' {1..12})7f000001" 040064ff9b"$(printf '00%.0s' {1..8})7f000001" \
		0420027f000001"$(printf '00%.0s' {1..10})" 01a9fea9fe 010a000001 \
		04fe80"$(printf '00%.0s' {1..13})01" 04fd00"$(printf '00%.0s' {1..13})01" \
		01e0000001 01ffffffff 01f0000001; do
		asks "$(error 02)" "$to" "$TARGET_PORT"
	done
	came 0
}

# itself ADDRESS...: the server says so to whoever wants its own port at one of these.
itself() {
	local address lines
	for address; do
		lines=$(wc -l <"$SERVER_OUT")
		asks "$(error 02)" "$address" "$PROXY_PORT"
		log_has $((lines + 1))
		[ "$(field end)" = "denied: the proxy itself" ] || fail "$LINE"
	done
}

@test "SEC-2 the proxy does not connect to itself, however spelled, whatever the rules" {
	local any6=0400000000000000000000000000000000
	start_target echo
	start_dns self.test=A:127.0.0.1
	start_server --log - --resolver "$DNS" --allow to=any --allow to=loopback
	itself $IP4 $MAPPED 0100000000 $any6 0400000000000000000000ffff00000000 \
		"$(name_of self.test)" "$(name_of 127.0.0.1)"
	asks "$(error 05)" 017f000002 "$PROXY_PORT"
	asks "$(error 05)" $IP6 "$PROXY_PORT"
	asks "$OK4" $IP4 "$TARGET_PORT"
}

@test "SEC-2 a listener on every address: none of this machine's is connected to" {
	need_net
	LISTEN=0.0.0.0:0 start_server --log - --open
	PROXY=127.0.0.1:$PROXY_PORT
	net ip address add 192.0.2.1/32 dev lo
	itself $IP4 $MAPPED 017f090909 01c0000201
	asks "$(error 05)" $IP6 "$PROXY_PORT"
	asks "$(error 03)" 01c6336401 "$PROXY_PORT"
	net sysctl -q net.ipv4.ip_nonlocal_bind=1
	asks "$(error 03)" 01c6336401 "$PROXY_PORT"
	stop_server
	LISTEN=[::]:0 start_server --log - --open
	PROXY=[::1]:$PROXY_PORT
	itself $IP6
	asks "$(error 05)" $IP4 "$PROXY_PORT"
}

@test "SEC-2 a socket that systemd passes is the proxy too, for both families where it is" {
	local where
	need_net
	for where in 127.0.0.1 0.0.0.0 ::; do
		spawn "${IN_NET[@]}" "$PYTHON" "$LIB/activate.py" "tcp:$where" -- --log - --open
		SERVER_PID=$PID SERVER_LOG=$ERR SERVER_OUT=$OUT
		wait_until 10 has_line 'listening on' "$SERVER_LOG"
		PROXY_PORT=$(sed -n 's/.*listening on .*://p' "$SERVER_LOG")
		PROXY=127.0.0.1:$PROXY_PORT
		itself $IP4
		[ "$where" != :: ] || itself $IP6
		stop_server
	done
}

@test "R1928-4.13 127.1, 0x7f000001 and 2130706433 never reach 127.0.0.1" {
	local to
	start_beyond
	start_target echo 127.0.0.1
	for to in 127.1 127.0.1 0x7f000001 0x7f.1 2130706433 017700000001 0177.0.0.1 127.0.0.1. \
		127.000.000.001 127.1. 0; do
		asks "$(error '0[24]')" "$(name_of $to)" "$TARGET_PORT"
	done
	came 0
	! has_lines 2 "$DNS_OUT" || fail "it asked: $(cat "$DNS_OUT")"
}

@test "R1928-4.13 4.14 a name that leads to loopback: REP 02; elsewhere too: there" {
	start_beyond 'in.test=A:127.0.0.1,AAAA:::1' 'mapped.test=AAAA:::ffff:127.0.0.1' \
		'both.test=A:127.0.0.1,A:192.0.2.1' 'local.test=A:169.254.169.254'
	asks "$(error 02)" "$(name_of in.test)" "$TARGET_PORT"
	asks "$(error 02)" "$(name_of mapped.test)" "$TARGET_PORT"
	asks "$(error 02)" "$(name_of local.test)" "$TARGET_PORT"
	asks "$(error 02)" "$(name_of localhost)" "$TARGET_PORT"
	asks "$(error 02)" "$(name_of LOCALHOST.)" "$TARGET_PORT"
	asks "05000001c0000201????" "$(name_of both.test)" "$TARGET_PORT"
	log_has 6
	[ "$(field actual)" = "192.0.2.1:$TARGET_PORT" ] || fail "$LINE"
	[ "$(queries in.test A)" = 1 ] || fail "in.test was looked up again: $(cat "$DNS_OUT")"
	[ "$(queries both.test A)" = 1 ] || fail "both.test was looked up again: $(cat "$DNS_OUT")"
}

@test "R1928-6.11 unreachable: network 03, host 04, prohibited 02, anything else 01" {
	need_net
	start_server --log -
	asks "$(error 03)" 01c0000201 80
	asks "$(error 03)" $V6 80
	net ip route add unreachable 192.0.2.0/24
	net ip route add unreachable 2001:db8::/32
	asks "$(error 04)" 01c0000201 80
	asks "$(error 04)" $V6 80
	net ip route add prohibit 198.51.100.0/24
	asks "$(error 02)" 01c6336401 80
	net ip route add blackhole 203.0.113.0/24
	asks "$(error 01)" 01cb007101 80
	log_has 6
	LINE=$(sed -n 3p "$SERVER_OUT")
	[ "$(field reply) $(field end)" = "04 No route to host" ] || fail "$LINE"
}

@test "R1928-6.11 no descriptor left for the target: REP 01, and it goes on by itself" {
	start_target mute
	SERVE_WITH=(prlimit --nofile=30)
	start_server --workers 1
	# A session takes two: with one client that says nothing or with none, the last is odd.
	"$PYTHON" - "$PROXY_PORT" "$HELLO$(request $IP4 "$TARGET_PORT")" <<-'END'
		import socket, sys
		def client():
		    held.append(socket.create_connection(("127.0.0.1", sys.argv[1]), 5))
		    held[-1].settimeout(0.5)
		    return held[-1]
		def failure():
		    while True:
		        sock = client()
		        sock.sendall(bytes.fromhex(sys.argv[2]))
		        back = b""
		        try:
		            while len(back) < 12:
		                back += sock.recv(12 - len(back)) or b"closed"
		        except TimeoutError:
		            return ""
		        if back[3] != 0:
		            return back.hex()
		said = []
		for idle in range(2):
		    held = []
		    for _ in range(idle):
		        client()
		    said.append(failure())
		assert "050005010001000000000000" in said, said
	END
	wait_until 5 asks "$OK4" $IP4 "$TARGET_PORT"
}
