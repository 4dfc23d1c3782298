#!/usr/bin/env bats
# socks5 serve: names: what is asked, what is tried in which order; nobody waits for others.

load ../lib/helper
load ../lib/serve

# timed PATTERN NAME: asks for it on the target's port; TOOK is how long that was by the log.
timed() {
	local before
	before=$(wc -l <"$SERVER_OUT")
	asks "$1" "$(name_of "$2")" "$TARGET_PORT"
	log_has $((before + 1))
	TOOK=$(field ms)
}

took() {
	[ "$TOOK" -ge "$1" ] && [ "$TOOK" -lt "$2" ] || fail "it took $TOOK ms, not $1 to $2"
}

@test "R1928-6.10 a name that does not resolve: REP 04, whatever the reason" {
	start_dns gone.test=NXDOMAIN empty.test=NODATA broken.test=SERVFAIL no.test=REFUSED
	start_server --log - --resolver "$DNS"
	asks "$(error 04)" "$(name_of gone.test)" 80
	log_has 1
	[ "$(field reply) $(field end)" = "04 name does not exist" ] || fail "$LINE"
	asks "$(error 04)" "$(name_of empty.test)" 80
	log_has 2
	[ "$(field end)" = "name has no address" ] || fail "$LINE"
	asks "$(error 04)" "$(name_of broken.test)" 80
	log_has 3
	[ "$(field end)" = "name server failed" ] || fail "$LINE"
	asks "$(error 04)" "$(name_of no.test)" 80
	asks "$(error 04)" "$(name_of $'\xff\xfe.test')" 80
}

@test "R1928-6.10 a name server that is silent: REP 04 when the time is over, not 06" {
	start_target echo
	start_dns still.test=SILENT half.test=A:SILENT
	start_server --log - --resolver "$DNS" --connect-timeout 700ms
	timed "$(error 04)" still.test
	took 700 1700
	log_has 1
	[ "$(field end)" = "name server did not answer" ] || fail "$LINE"
	timed "$(error 04)" half.test
	took 700 1700
}

@test "R1928-6.10 nobody at the name server's address: REP 04" {
	start_server --log - --resolver "127.0.0.1:$(free_port)" --connect-timeout 700ms
	asks "$(error 04)" "$(name_of a.test)" 80
}

@test "R1928-4.15 an address that refuses: the next one is tried" {
	start_target echo
	start_dns two.test=A:127.0.0.2,A:127.0.0.1 three.test=A:127.0.0.2,A:127.0.0.3
	start_server --log - --resolver "$DNS"
	timed "$OK4" two.test
	took 0 240
	log_has 1
	[ "$(field actual)" = "$TARGET" ] || fail "$LINE"
	asks "$(error 05)" "$(name_of three.test)" "$TARGET_PORT"
	came 1
}

@test "R1928-4.15 addresses that are dead do not keep the others from being tried" {
	local n said=()
	start_target echo 127.0.0.23
	for n in 4 5 6 7 8; do
		spawn "$PYTHON" "$LIB/target.py" full "127.0.0.2$n" "$TARGET_PORT"
		said+=("$OUT")
	done
	for n in "${said[@]}"; do
		wait_until 5 has_line . "$n"
	done
	start_dns six.test="$(printf 'A:127.0.0.2%s,' 4 5 6 7 8)A:127.0.0.23"
	start_server --log - --resolver "$DNS"
	timed "$OK4" six.test
	took 1250 2750
}

@test "R1928-4.15 the reply is that of the last failure, also when a name server is silent then" {
	start_target echo
	start_dns dead.test=A:127.0.0.2,AAAA:SILENT
	start_server --log - --resolver "$DNS" --connect-timeout 700ms
	timed "$(error 05)" dead.test
	took 700 1700
}

@test "RFC 8305 IPv6 first, IPv4 after 250 ms when it is dead" {
	need_ipv6
	start_target echo
	spawn_saying "$PYTHON" "$LIB/target.py" full ::1 "$TARGET_PORT"
	start_dns dual.test=A:127.0.0.1,AAAA:::1
	start_server --log - --resolver "$DNS"
	timed "$OK4" dual.test
	took 250 1000
}

@test "RFC 8305 the families take turns, IPv6 first; --prefer 4 and 6" {
	need_ipv6
	start_target echo
	start_target echo ::1 "$TARGET_PORT"
	start_dns dual.test=A:127.0.0.1,AAAA:::1
	start_server --log - --resolver "$DNS"
	timed "$OK6" dual.test
	stop_server
	start_server --log - --resolver "$DNS" --prefer 4
	timed "$OK4" dual.test
	took 0 200
	stop_server
	start_server --log - --resolver "$DNS" --prefer 6
	timed "$OK6" dual.test
}

@test "RFC 8305 a slow answer for one family does not hold the other up" {
	need_ipv6
	start_target echo
	start_target echo ::1 "$TARGET_PORT"
	start_dns slow6.test=A:127.0.0.1,AAAA:::1@900ms slow4.test=A:127.0.0.1@900ms,AAAA:::1 \
		no6.test=A:127.0.0.1,AAAA:SILENT bad6.test=A:127.0.0.1,AAAA:SERVFAIL \
		soon6.test=A:127.0.0.1,AAAA:::1@20ms
	start_server --log - --resolver "$DNS"
	timed "$OK4" slow6.test
	took 50 500
	timed "$OK6" slow4.test
	took 0 500
	timed "$OK4" no6.test
	took 50 500
	timed "$OK4" bad6.test
	took 0 500
	timed "$OK6" soon6.test
}

@test "an answer is kept: the second session asks nobody; a failure is not kept" {
	start_target echo
	start_dns one.test=A:127.0.0.1,AAAA:NODATA gone.test=NXDOMAIN
	start_server --log - --resolver "$DNS" --workers 1
	timed "$OK4" one.test
	timed "$OK4" one.test
	timed "$OK4" One.TEST
	[ "$(queries one.test A)" = 1 ] || fail "$(cat "$DNS_OUT")"
	timed "$(error 04)" gone.test
	timed "$(error 04)" gone.test
	[ "$(queries gone.test A)" = 2 ] || fail "$(cat "$DNS_OUT")"
}

@test "nothing blocks: twenty names without an answer hold nobody up" {
	start_target echo
	local i silent=()
	for i in {1..20}; do
		silent+=("silent$i.test=SILENT")
	done
	start_dns good.test=A:127.0.0.1,AAAA:NODATA "${silent[@]}"
	start_server --log - --resolver "$DNS" --workers 1 --connect-timeout 20 --drain 0
	"$PYTHON" - "$PROXY_PORT" "$TARGET_PORT" <<-'END'
		import socket, statistics, sys, time
		def ask(name):
		    sock = socket.create_connection(("127.0.0.1", sys.argv[1]), 10)
		    sock.sendall(bytes([5, 1, 0, 5, 1, 0, 3, len(name)]) + name.encode()
		                 + int(sys.argv[2]).to_bytes(2, "big"))
		    return sock
		waiting = [ask(f"silent{n}.test") for n in range(1, 21)]
		taken = []
		for name in ["good.test", "127.0.0.1"] * 4:
		    start = time.monotonic()
		    with ask(name) as sock:
		        back = b""
		        while len(back) < 12:
		            back += sock.recv(12 - len(back)) or sys.exit("closed")
		        assert back[3] == 0, back.hex()
		    taken.append(time.monotonic() - start)
		assert statistics.median(taken) < 0.1, taken
		for sock in waiting:
		    sock.setblocking(False)
		    assert sock.recv(99) == b"\5\0"
	END
	[ "$(grep -c 'query silent' "$DNS_OUT")" -ge 40 ]
}

@test "a name that no address could get allowed is not looked up" {
	start_target echo
	start_dns evil.test=A:127.0.0.1 good.test=A:127.0.0.1
	start_server --resolver "$DNS" --workers 1 --deny to=10.0.0.0/8 --deny to=evil.test
	asks "$(error 02)" "$(name_of evil.test)" "$TARGET_PORT"
	asks "$OK4" "$(name_of good.test)" "$TARGET_PORT"
	[ "$(queries evil.test A)$(queries evil.test AAAA)" = 00 ] || fail "$(cat "$DNS_OUT")"
	[ "$(queries good.test A)" = 1 ] || fail "$(cat "$DNS_OUT")"
}

gone() {
	has_lines "$1" "$SERVER_OUT"
}

@test "a client that goes while its name is looked up, or its target tried, leaves at once" {
	start_target full
	start_dns still.test=SILENT
	start_server --log - --resolver "$DNS" --workers 1
	talk $HELLO "$(request "$(name_of still.test)" 80)" wait:100 rst
	wait_until 2 gone 1 || fail "it stays for its name"
	talk $HELLO "$(request $IP4 "$TARGET_PORT")" wait:100 rst
	wait_until 2 gone 2 || fail "it stays for its target"
	[ "$(grep -c 'reply=- .*end="client went away"' "$SERVER_OUT")" = 2 ] ||
		fail "$(cat "$SERVER_OUT")"
	stop_server
}

@test "a name server that lies: octets without sense, cut off, looped, of another question" {
	start_target echo
	spawn_saying "$PYTHON" "$LIB/dnsliar.py"
	start_server --log - --resolver "$SAID" --connect-timeout 300ms --workers 1
	for name in echo garbage short loop id huge; do
		asks "$(error '0[1-8]')" "$(name_of $name.test)" "$TARGET_PORT"
	done
	asks "$OK4" "$(name_of good.test)" "$TARGET_PORT"
	came 1
	stop_server
}
