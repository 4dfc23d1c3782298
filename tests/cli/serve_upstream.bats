#!/usr/bin/env bats
# socks5 serve -x: what is asked for is passed on to another proxy, or a chain of them.

load ../lib/helper
load ../lib/serve

# start_upstream OPTION...: another server; UP is where, UP_OUT its log.
start_upstream() {
	start_server --log - "$@"
	UP=$PROXY UP_PID=$SERVER_PID UP_OUT=$SERVER_OUT
}

@test "CONNECT goes on to it: addresses, and names as they are; both logs have it" {
	start_target echo
	start_dns # which knows no name
	start_upstream
	start_server -x "$UP" --resolver "$DNS" --log -
	has_line "all is passed on to proxy $UP" "$SERVER_LOG"
	answers "0500${OK4}3132 EOF" $HELLO "$(request $IP4 "$TARGET_PORT")3132" eof
	log_has 1
	[ "$(field target) $(field actual) $(field reply) $(field up)" = "$TARGET $UP 00 2" ] || fail "$LINE"
	asks "$OK4" "$(name_of localhost)" "$TARGET_PORT"
	wait_until 5 has_lines 2 "$UP_OUT"
	has_line "target=localhost:$TARGET_PORT" "$UP_OUT" || fail "$(cat "$UP_OUT")"
	[ "$(wc -l <"$DNS_OUT")" = 1 ] || fail "$(cat "$DNS_OUT")"
}

@test "what the target says at once is not lost, and a half-close is one" {
	start_target greet
	start_upstream
	start_server -x "$UP"
	answers "0500${OK4}$(hex_of $'hello from target\n') EOF" $HELLO "$(request $IP4 "$TARGET_PORT")"
	start_target count
	answers "0500${OK4}$(hex_of $'4 octets\n') EOF" $HELLO "$(request $IP4 "$TARGET_PORT")" 01020304 eof
}

@test "64 MiB both ways through two of them" {
	start_upstream
	start_server -x "$UP"
	"$PYTHON" "$LIB/load.py" both "$PROXY" 20 $((16 << 20))
}

@test "its refusals are ours; that it is not there, or lets us not in, is our own failure" {
	start_upstream -u joe:secret --deny to=10.0.0.0/8
	start_server -x "joe:secret@$UP" --log -
	asks "$(error 05)" $IP4 "$(free_port)"
	log_has 1
	[ "$(field end)" = "upstream: connection refused" ] || fail "$LINE"
	asks "$(error 02)" 010a000001 80
	asks "$(error 04)" "$(name_of nosuch.invalid)" 80
	stop_server
	start_server -x "joe:wrong@$UP" --log -
	asks "$(error 01)" $IP4 80
	log_has 1
	[ "$(field end)" = "upstream: credentials: refused the credentials" ] || fail "$LINE"
	! grep -q wrong "$SERVER_LOG" || fail "it tells the password"
	stop_server
	start_server -x "127.0.0.1:$(free_port)" --log -
	asks "$(error 01)" $IP4 80
	log_has 1
	[ "$(field end)" = "upstream: connect: Connection refused" ] || fail "$LINE"
}

@test "a chain, the first of it at a Unix socket" {
	local first
	start_target echo
	start_upstream
	LISTEN=unix:$BATS_TEST_TMPDIR/s start_server --log -
	first=$SERVER_OUT
	start_server -x "unix:$BATS_TEST_TMPDIR/s" -x "$UP" --log -
	asks "$OK4" $IP4 "$TARGET_PORT"
	wait_until 5 has_line "target=$UP" "$first"
	wait_until 5 has_line "target=$TARGET" "$UP_OUT"
	has_line "and on to proxy $UP" "$SERVER_LOG"
}

@test "rules hold before it: names, addresses, and a name whose address would decide is denied" {
	start_target echo
	start_upstream
	start_server -x "$UP" --deny to=.bad.test --deny to=10.0.0.0/8 --log -
	asks "$(error 02)" "$(name_of a.bad.test)" 80
	asks "$(error 02)" 010a000001 80
	asks "$OK4" $IP4 "$TARGET_PORT"
	asks "$(error 02)" "$(name_of localhost)" "$TARGET_PORT"
	log_has 4
	[ "$(field end)" = "denied: rule 2 asks for the address, which the upstream proxy looks up" ] || fail "$LINE"
	stop_server
	start_server -x "$UP" --allow to=localhost
	asks "$OK4" "$(name_of localhost)" "$TARGET_PORT"
}

@test "BIND goes on to it: both replies, the rules for the peer" {
	start_upstream
	start_server -x "$UP" --deny to=127.0.0.3
	binds <<-'END'
		Bind(PROXY, "127.0.0.2").meet("127.0.0.2")
		Bind(PROXY).meet("127.0.0.4")
		bind = Bind(PROXY)
		connect(bind.where, "127.0.0.3")
		bind.refused(2)
	END
}

# sees LINE...: after the reply, from associate.py with the steps in STEPS.
sees() {
	local want got
	want=$(printf '%s\n' "05000001""7f000001" "$@")
	got=$(timeout 60 "$PYTHON" "$LIB/associate.py" "$PROXY" "${STEPS[@]}" 2>&1) || true
	[ "$got" = "$want" ] || fail "got $got -- not $want"
}

# liar SECOND: an upstream of ours that answers BIND with 127.0.0.1:9, then with SECOND, and goes on
# sending. UP is where.
liar() {
	spawn_saying "$PYTHON" -uc 'import socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
print("127.0.0.1:%d" % listener.getsockname()[1])
def serve(sock):
    try:
        sock.recv(3)
        sock.sendall(b"\5\0")
        sock.recv(300)
        sock.sendall(bytes.fromhex("050000017f0000010009"))
        sock.sendall(bytes.fromhex(sys.argv[1]) + b"x" * 1000)
        while True:
            sock.sendall(b"x" * 10000)
    except OSError:
        pass
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()' "$1"
	UP=$SAID
}

@test "BIND: a peer that the rules deny, or that has a name, is none, however much it sends" {
	local second n
	for second in 050000010a0909090009 05000003046576696c0009; do
		liar "$second"
		start_server -x "$UP" --allow to=192.0.2.0/24 --allow to=loopback --workers 1 --log -
		for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			talk $HELLO "$(request 0100000000 0 02)" "00*20000" wait:5 rst
			talk $HELLO "$(request 0100000000 0 02)"
			[[ $GOT == "0500"050000017f0000010009"0502"* && ${#GOT} -lt 80 ]] || fail "$second: $GOT"
		done
		stop_server
	done
}

@test "it is not itself, and through it nobody comes back to us" {
	local port
	port=$(free_port)
	run timeout 10 "$SOCKS5" serve -x "127.0.0.1:$port" "127.0.0.1:$port"
	[ "$status" = 2 ]
	[[ $output == *"option --proxy: 127.0.0.1:$port: that is this server itself" ]] || fail "$output"
	start_upstream
	start_server -x "$UP" --log -
	asks "$(error 02)" $IP4 "$PROXY_PORT"
	log_has 1
	[ "$(field end)" = "denied: the proxy itself" ] || fail "$LINE"
}

@test "SIGHUP to a Unix socket, which the sandbox has no way to: it is refused" {
	start_upstream
	echo "proxy $UP" >"$BATS_TEST_TMPDIR/conf"
	chmod 600 "$BATS_TEST_TMPDIR/conf"
	start_server -c "$BATS_TEST_TMPDIR/conf"
	echo "proxy unix:/nosuch" >"$BATS_TEST_TMPDIR/conf"
	kill -HUP "$SERVER_PID"
	has_line 'files and system calls' "$SERVER_LOG" || skip "no sandbox"
	wait_until 5 has_line 'all is as it was before' "$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
	has_line 'option --proxy: /nosuch: a Unix socket is out of reach in the sandbox; that takes a restart' "$SERVER_LOG"
}

@test "UDP ASSOCIATE goes on to it: datagrams there and back, names as they are, fragments" {
	local up
	start_dns # which knows no name
	start_upstream
	up=$UP_OUT
	start_server -x "$UP" --resolver "$DNS" --log -
	STEPS=(sock:t=127.0.0.2 send:000000{t}68656c6c6f get@t poke@t:776f726c64 get
		"send:000000$(name_of 127.0.0.2){:t}01" get@t send:000001{t}6161 send:000082{t}6262 get@t fin end)
	sees "t 68656c6c6f" "c 000000{t}776f726c64" "t 01" "t 61616262" EOF
	log_has 1
	[ "$(field command) $(field datagrams_up) $(field datagrams_down) $(field dropped)" = "udp 3 1 0" ] ||
		fail "$LINE"
	wait_until 5 has_line 'command=udp .*datagrams_up=3 datagrams_down=1' "$up" || fail "$(cat "$up")"
	[ "$(wc -l <"$DNS_OUT")" = 1 ] || fail "$(cat "$DNS_OUT")"
}

@test "UDP ASSOCIATE through a chain of two" {
	local first second
	start_upstream
	first=$UP
	start_upstream
	second=$UP
	start_server -x "$first" -x "$second"
	STEPS=(sock:t=127.0.0.2 send:000000{t}68656c6c6f get@t poke@t:776f726c64 get fin end)
	sees "t 68656c6c6f" "c 000000{t}776f726c64" EOF
}

@test "UDP ASSOCIATE: rules are asked for each destination, here" {
	local port
	port=$(free_port)
	start_upstream
	start_server -x "$UP" --deny to=127.0.0.3 --deny to=.bad.test --log -
	STEPS=(sock:t=127.0.0.2 "send:000000017f000003$(printf %04x "$port")01"
		"send:000000$(name_of a.bad.test)005002" "send:000000$(name_of some.test)005003"
		send:000000{t}04 get@t fin end)
	sees "t 04" EOF
	log_has 1
	[ "$(field datagrams_up) $(field dropped)" = "1 3" ] || fail "$LINE"
}

@test "UDP ASSOCIATE: it refuses, or goes: so do we" {
	start_upstream --deny command=udp
	start_server -x "$UP" --log -
	answers "0500$(error 02) EOF" $HELLO 05030001000000000000
	log_has 1
	[ "$(field end)" = "upstream: not allowed by ruleset" ] || fail "$LINE"
	stop_server
	start_upstream
	local pid=$UP_PID
	start_server -x "$UP" --log -
	spawn "$PYTHON" "$LIB/associate.py" "$PROXY" sock:t=127.0.0.2 send:000000{t}68 get@t end
	wait_until 5 has_line 't 68' "$OUT" || fail "$(cat "$OUT")"
	kill -KILL "$pid"
	wait_until 5 has_line EOF "$OUT" || fail "$(cat "$OUT")"
	log_has 1
	[[ $(field end) == "upstream: "* ]] || fail "$LINE"
}

@test "10,000 datagrams through two of them, in order and unchanged" {
	spawn_saying "$PYTHON" "$LIB/target.py" datagrams 127.0.0.1
	local target=$SAID
	start_upstream
	start_server -x "$UP"
	run "$PYTHON" "$LIB/udpload.py" 10000 1-1400 "$PROXY" "$target"
	[ "$status:${lines[-1]}" = 0:10000 ] || fail "$status $output"
}

# start_udpliar HEX...: a proxy that answers each datagram with these. UP, UP_OUT.
start_udpliar() {
	spawn_saying "$PYTHON" "$LIB/udpliar.py" "$@"
	UP=$SAID UP_OUT=$OUT
}

@test "UDP ASSOCIATE: fragments of the proxy's are put together, and what is none is counted" {
	start_udpliar 000001"017f0000090050"6162 000082"017f0000090050"6364 0000
	start_server -x "$UP" --log -
	STEPS=(send:000000017f000009005001 get wait:200 fin end)
	sees "c 000000017f000009005061626364" EOF
	log_has 1
	[ "$(field datagrams_down) $(field dropped)" = "1 1" ] || fail "$LINE"
}

@test "UDP ASSOCIATE: datagrams leave from --source, as connections do" {
	start_udpliar 000000017f000009005068
	start_server -x "$UP" --source 127.0.0.7
	STEPS=(send:000000017f000009005001 get fin end)
	sees "c 000000017f000009005068" EOF
	has_line 'client from 127.0.0.7' "$UP_OUT"
	has_line 'datagram from 127.0.0.7' "$UP_OUT" || fail "$(cat "$UP_OUT")"
}

@test "UDP ASSOCIATE: --udp-filter holds for what comes back, but of a name the address is not known" {
	start_udpliar 0000000108080808005068 0000000109090909005069 000000036162630050006a
	start_server -x "$UP" --log -
	STEPS=(send:000000010808080800500161 get wait:200 fin end)
	sees "c 0000000108080808005068" EOF
	log_has 1
	[ "$(field datagrams_down) $(field dropped)" = "1 2" ] || fail "$LINE"
	STEPS=(send:00000003036162630050 get get fin end)
	sees "c 0000000108080808005068" "c 0000000109090909005069" EOF
	stop_server
	start_server -x "$UP" --udp-filter port --log -
	STEPS=(send:0000000108080808005161 wait:200 fin end)
	sees EOF
	log_has 1
	[ "$(field datagrams_down) $(field dropped)" = "0 3" ] || fail "$LINE"
}

@test "numbers that are written as names go nowhere, as without it" {
	local name n=0
	start_upstream
	start_server -x "$UP" --log -
	for name in 127.1 2130706433 0x7f.1; do
		asks "$(error 04)" "$(name_of $name)" 80
		answers "0500$(error 04) EOF" $HELLO "$(request "$(name_of $name)" 80 02)"
		n=$((n + 2))
		log_has $n
		[ "$(field end)" = "name does not exist" ] || fail "$LINE"
	done
	STEPS=("send:000000$(name_of 127.1)0050" wait:100 fin end)
	sees EOF
	log_has 7
	[ "$(field dropped)" = 1 ] || fail "$LINE"
}

@test "UDP ASSOCIATE: a refusal is told once, though the proxy was joined" {
	start_udpliar --no-port
	start_server -x "$UP" --log -
	answers "0500$(error 01) EOF" $HELLO "$(request 0100000000 0 03)"
	log_has 1
	[ "$(field end)" = "upstream: its relay has no port" ] || fail "$LINE"
	sleep 0.3
	[ "$(wc -l <"$SERVER_OUT")" = 1 ] || fail "$(cat "$SERVER_OUT")"
}

@test "a client that goes while it is passed on leaves at once" {
	start_fake recv:3 send:0500 recv:10 wait:20000
	start_server -x "$FAKE" --log -
	talk $HELLO "$(request $IP4 80)" wait:100 rst
	log_has 1
	[ "$(field end)" = "client went away" ] || fail "$LINE"
	talk $HELLO "$(request $IP4 80 02)" wait:100 rst
	log_has 2
}

@test "it does not go on: REP 01 within --connect-timeout" {
	start_fake recv:3 wait:20000
	start_server -x "$FAKE" --connect-timeout 200ms --log -
	asks "$(error 01)" $IP4 80
	log_has 1
	[ "$(field end)" = "upstream: method: did not go on in time" ] || fail "$LINE"
}

@test "SIGHUP brings another" {
	start_target echo
	start_upstream
	echo "proxy 127.0.0.1:1" >"$BATS_TEST_TMPDIR/conf"
	chmod 600 "$BATS_TEST_TMPDIR/conf"
	start_server -c "$BATS_TEST_TMPDIR/conf"
	asks "$(error 01)" $IP4 "$TARGET_PORT"
	echo "proxy $UP" >"$BATS_TEST_TMPDIR/conf"
	kill -HUP "$SERVER_PID"
	wait_until 5 has_line "read again" "$SERVER_LOG"
	asks "$OK4" $IP4 "$TARGET_PORT"
}

@test "what is no proxy is told at the start" {
	run timeout 10 "$SOCKS5" serve -x http://a:1 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"option --proxy: "* ]] || fail "$output"
	! grep -q "listening" <<<"$output"
}
