#!/usr/bin/env bats
# Dante's client library in programs that know no proxies, against socks5 serve.

load ../lib/helper
load ../lib/udp

setup() {
	need socksify nc
}

# socksified COMMAND...: all it does goes through PROXY, loopback too.
socksified() {
	cat >"$BATS_TEST_TMPDIR/socks.conf" <<-END
		logoutput: $BATS_TEST_TMPDIR/socks.log
		route {
			from: 0.0.0.0/0 to: 0.0.0.0/0 via: 127.0.0.1 port = $PROXY_PORT
			protocol: tcp udp
			command: connect bind udpassociate
			proxyprotocol: socks_v5
			method: none username
		}
	END
	SOCKS_CONF=$BATS_TEST_TMPDIR/socks.conf SOCKS_AUTOADD_LANROUTES=no \
		SOCKS_USERNAME=joe SOCKS_PASSWORD=secret timeout 20 socksify "$@"
}

# went TEXT: the server's log has a session with TEXT in it.
went() {
	stop_server
	has_line "$1" "$SERVER_OUT" || fail "no $1 in the log: $(cat "$SERVER_OUT")"
}

@test "socksify: CONNECT, with and without a password" {
	start_echo
	start_server --log -
	run socksified nc -N 127.0.0.1 "$ECHO_PORT" <<<hello
	[ "$status:$output" = 0:hello ] || fail "$status: $output"
	went "method=none command=connect target=$ECHO "
	start_server --log - -u joe:secret
	run socksified nc -N 127.0.0.1 "$ECHO_PORT" <<<hello
	[ "$status:$output" = 0:hello ] || fail "$status: $output"
	went "user=joe .* command=connect target=$ECHO "
}

@test "socksify: UDP ASSOCIATE for nc -u, which connects its socket" {
	start_datagrams
	start_server --log -
	run socksified nc -u -w 1 127.0.0.1 "$TARGET_PORT" <<<hello
	[ "$output" = hello ] || fail "$status: $output"
	went 'command=udp .* datagrams_up=1 datagrams_down=1 dropped=0'
}

@test "socksify: UDP ASSOCIATE for one socket and two destinations" {
	local first
	start_datagrams
	first=$TARGET_PORT
	start_datagrams
	start_server --log -
	socksified "$PYTHON" - "$first" "$TARGET_PORT" <<-'END'
		import os, socket, sys
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sock.settimeout(10)
		for port in sys.argv[1:] * 2:
		    data = os.urandom(1200)
		    sock.sendto(data, ("127.0.0.1", int(port)))
		    assert sock.recvfrom(2000) == (data, ("127.0.0.1", int(port)))
	END
	went 'command=udp .* up=4800 down=4800 datagrams_up=4 datagrams_down=4 dropped=0'
}

# Its library knows accept(), not the accept4() of socket.accept(); BIND wants a CONNECT before.
@test "socksify: BIND, the peer is told and octets go both ways" {
	local listener told
	start_echo
	start_server --log -
	cat >"$BATS_TEST_TMPDIR/bind.py" <<-'END'
		import ctypes, socket, sys
		control = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
		listener = socket.socket()
		listener.bind(("0.0.0.0", 0))
		listener.listen(1)
		print("%s:%d" % listener.getsockname(), flush=True)
		room, size = ctypes.create_string_buffer(128), ctypes.c_uint(128)
		accept = ctypes.CDLL(None).accept
		peer = socket.socket(fileno=accept(listener.fileno(), room, ctypes.byref(size)))
		peer.settimeout(10)
		print("peer %s:%d" % peer.getpeername(), flush=True)
		peer.sendall(b"you said " + peer.recv(100))
		peer.close()
	END
	spawn_saying socksified "$PYTHON" "$BATS_TEST_TMPDIR/bind.py" "$ECHO_PORT"
	listener=$PID told=$OUT
	run timeout 10 nc -N "${SAID%:*}" "${SAID##*:}" <<<hello
	[ "$output" = "you said hello" ] || fail "$output: $(cat "$ERR")"
	wait_until 10 is_gone "$listener"
	went "command=bind .* actual=$(sed -n 's/^peer //p' "$told") reply=00 up=15 down=6 "
}
