#!/usr/bin/env bats
# socks5 udp with servers and clients that others wrote, and with ours.

load ../lib/helper
load ../lib/serve
load ../lib/udp

# echoes OPTION...: short, empty and the largest datagrams there and back, by address and by name.
echoes() {
	local file=$BATS_TEST_TMPDIR/hex
	start_datagrams
	{
		echo 68656c6c6f
		echo
		head -c 65497 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
		echo
		head -c 60000 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
		echo
	} >"$file"
	timeout 20 "$SOCKS5" udp "$@" --hex -W 4 -w 10 "$TARGET" <"$file" >"$file.back"
	diff <(sort "$file") <(sort "$file.back") >/dev/null || fail "it came back changed"
	run udp "$@" --lines --from -W 1 -w 10 localhost "$TARGET_PORT" <<<hello
	[ "$output" = "$TARGET hello" ] || fail "$output"
}

# digs OPTION...: a name server on loopback, asked by dig through -L.
digs() {
	need dig
	start_dns ex.test=A:192.0.2.7,AAAA:2001:db8::7
	start_forward "$@" "$DNS"
	run dig +short +time=5 +tries=1 -p "${LOCAL##*:}" @127.0.0.1 ex.test A
	[ "$output" = 192.0.2.7 ] || fail "$output: $(cat "$FORWARD_ERR")"
	run dig +short +time=5 +tries=1 -p "${LOCAL##*:}" @127.0.0.1 ex.test AAAA
	[ "$output" = 2001:db8::7 ] || fail "$output"
}

@test "R1928-U.22 danted: datagrams there and back" {
	start_danted
	echoes -x "$PROXY"
}

@test "danted: dig through -L" {
	start_danted
	digs -x "$PROXY"
}

@test "microsocks: it does no UDP, which is said" {
	local port
	need microsocks
	port=$(free_port)
	spawn microsocks -i 127.0.0.1 -p "$port"
	wait_for_port 127.0.0.1 "$port"
	says 17 "proxy 127.0.0.1:$port: request refused: * (REP 07) for UDP; UDP cannot ride over *" \
		-x "127.0.0.1:$port" 127.0.0.1 9
}

@test "R1928-U.22 our server: datagrams there and back" {
	start_server
	echoes -x "$PROXY"
}

@test "our server: dig through -L" {
	start_server
	digs -x "$PROXY"
}

# Its request names the host "0", its own port and no address that would pin it.
@test "R1928-U.4 PySocks: datagrams by address and by name, empty and large ones" {
	need_module socks
	start_datagrams
	start_server --log -
	"$PYTHON" - "$PROXY_PORT" "$TARGET_PORT" <<-'END'
		import os, socket, sys, socks
		proxy, port = map(int, sys.argv[1:])
		sock = socks.socksocket(socket.AF_INET, socket.SOCK_DGRAM)
		sock.set_proxy(socks.SOCKS5, "127.0.0.1", proxy)
		sock.settimeout(10)
		for host, size in ("127.0.0.1", 5), ("localhost", 5), ("127.0.0.1", 0), ("localhost", 60000):
		    data = os.urandom(size)
		    sock.sendto(data, (host, port))
		    assert sock.recvfrom(65536) == (data, ("127.0.0.1", port)), (host, size)
		sock.connect(("127.0.0.1", port))
		sock.send(b"connected")
		assert sock.recv(100) == b"connected"
	END
	stop_server
	has_line 'command=udp .* datagrams_up=5 datagrams_down=5 dropped=0' "$SERVER_OUT" ||
		fail "$(cat "$SERVER_OUT")"
}

@test "our server on a Unix socket" {
	LISTEN=unix:$BATS_TEST_TMPDIR/s start_server
	start_datagrams
	run udp -x "unix:$BATS_TEST_TMPDIR/s" --lines -W 1 -w 10 "$TARGET" <<<hello
	[ "$output" = hello ] || fail "$output"
}

@test "R1928-U.23 our server is killed: it is told at once" {
	start_server
	spawn "$SOCKS5" udp -v -d -x "$PROXY" 127.0.0.1 9
	wait_until 5 has_line 'its relay is' "$ERR" || fail "$(cat "$ERR")"
	kill -KILL "$SERVER_PID"
	wait_until 5 is_gone "$PID" || fail "it did not end"
	has_line "proxy $PROXY: .*, and the association is over" "$ERR" || fail "$(cat "$ERR")"
}

@test "R1928-F.2 our server puts fragments together" {
	start_server
	start_datagrams
	run udp -x "$PROXY" --fragment 2 --lines -W 2 -w 10 "$TARGET" <<<$'abcde\nfg'
	[ "$output" = $'abcde\nfg' ] || fail "$output"
	[ "$(wc -l <"$TARGET_OUT")" = 3 ] || fail "$(cat "$TARGET_OUT")"
}

@test "a chain of our server and danted, both ways round, and of two of ours" {
	local ours other danteds
	start_server
	other=$PROXY
	start_server
	ours=$PROXY
	start_danted
	danteds=$PROXY
	start_datagrams
	for chain in "$ours $danteds" "$danteds $ours" "$ours $other"; do
		# shellcheck disable=SC2086 # two words
		set -- $chain
		run udp -x "$1" -x "$2" --lines --from -W 1 -w 10 "$TARGET" <<<hello
		[ "$status" = 0 ] || fail "$chain: $output"
		[ "$output" = "$TARGET hello" ] || fail "$chain: $output"
	done
}

@test "10,000 datagrams of mixed sizes through -L, all come back, in order" {
	start_datagrams
	start_server
	start_forward -x "$PROXY" "$TARGET"
	run timeout 60 "$PYTHON" - "$LOCAL" <<-'END'
		import os, random, socket, sys
		host, port = sys.argv[1].split(":")
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sock.settimeout(5)
		sock.connect((host, int(port)))
		# Eight large ones fit into the buffer of a socket that is not read yet; thirteen do not,
		# and the kernel would drop them.
		sizes = [0, 56, 1192] * 4 + [8000] * 8
		for base in range(0, 10000, 20):
		    random.shuffle(sizes)
		    sent = [b"%08d" % (base + n) + os.urandom(size) for n, size in enumerate(sizes)]
		    for data in sent:
		        sock.send(data)
		    for data in sent:
		        if sock.recv(65536) != data:
		            sys.exit("another datagram at %d" % base)
		print("all")
	END
	[ "$output" = all ] || fail "$output: $(cat "$FORWARD_ERR")"
}
