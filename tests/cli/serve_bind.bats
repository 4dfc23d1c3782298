#!/usr/bin/env bats
# BIND: a peer comes to the client through the server.

load ../lib/helper
load ../lib/serve

# A leak, or whatever else a sanitizer finds, is a failure too.
teardown() {
	[ -z "$SERVER_PID" ] || is_gone "$SERVER_PID" || stop_server
	stop_all
}

@test "R1928-B.1 a peer that connects at once on reading the first reply is let in, 200 times" {
	start_server --workers 2
	binds <<-'END'
		for _ in range(200):
		    bind = Bind(PROXY)
		    peer = bind.meet()
		    peer.close()
		    assert ended(bind.sock)
	END
}

@test "R1928-B.2 the first reply tells where the client reaches us, never a wildcard" {
	need_ipv6
	start_server
	binds <<-'END'
		assert Bind(PROXY).where[0] == "127.0.0.1"
		assert Bind(PROXY, "::").where[0] == "127.0.0.1"
		assert Bind(PROXY, "::ffff:0.0.0.0").where[0] == "127.0.0.1"
		assert Bind(PROXY, "127.0.0.9").where[0] == "127.0.0.1"
		assert Bind(PROXY, "::ffff:127.0.0.9").where[0] == "127.0.0.1"
		assert Bind(PROXY, "::1").where[0] == "::1"
		Bind(PROXY, "::1").meet()
	END
	LISTEN=0.0.0.0:0 start_server --open
	PROXY=127.0.0.1:$PROXY_PORT binds <<<'assert Bind(PROXY).where[0] == "127.0.0.1"'
	LISTEN='[::]:0' start_server --open
	PROXY=[::1]:$PROXY_PORT binds <<<'assert Bind(PROXY).where[0] == "::1"'
	LISTEN=127.0.0.2:0 start_server
	binds <<-'END'
		assert Bind(PROXY).where[0] == "127.0.0.2"
		assert Bind(PROXY, "127.0.0.9").where[0] == "127.0.0.1"
	END
	LISTEN=unix:$BATS_TEST_TMPDIR/proxy start_server
	binds <<<'assert Bind(PROXY).where[0] == "127.0.0.1"; Bind(PROXY).meet()'
}

@test "R1928-B.2 an address given by --advertise is told, with the real port" {
	need_ipv6
	start_server --advertise 192.0.2.7
	binds <<-'END'
		for host in "0.0.0.0", "127.0.0.1":
		    bind = Bind(PROXY, host)
		    assert bind.where[0] == "192.0.2.7"
		    bind.where = "127.0.0.1", bind.where[1]
		    bind.meet()
		assert Bind(PROXY, "::1").where[0] == "::1"
	END
	start_server --advertise 2001:db8::7 --advertise 192.0.2.7
	binds <<-'END'
		bind = Bind(PROXY, "::1")
		assert bind.where[0] == "2001:db8::7"
		bind.where = "::1", bind.where[1]
		bind.meet()
		assert Bind(PROXY, "127.0.0.1").where[0] == "192.0.2.7"
	END
}

@test "R1928-B.3 R.2 the second reply names the peer, then octets go both ways, ends too" {
	start_server --log -
	binds <<-'END'
		bind = Bind(PROXY, "127.0.0.1", 21)
		peer = bind.meet()
		peer.sendall(b"from-peer")
		assert read_exactly(bind.sock, 9) == b"from-peer"
		bind.sock.sendall(b"to-peer")
		bind.sock.shutdown(socket.SHUT_WR)
		assert read_exactly(peer, 7) == b"to-peer" and ended(peer)
		peer.sendall(b"still")
		peer.close()
		assert read_exactly(bind.sock, 5) == b"still" and ended(bind.sock)
	END
	log_has 1
	[ "$(field command) $(field target) $(field reply)" = "bind 127.0.0.1:21 00" ]
	[ "$(field up) $(field down) $(field end)" = "7 14 closed" ]
	[[ $(field actual) == 127.0.0.1:* ]]
}

@test "R1928-B.4 exactly one peer: the listener is closed once he is there" {
	start_server
	binds <<-'END'
		bind = Bind(PROXY)
		bind.meet()
		assert not bind.listens()
	END
}

@test "R1928-B.4 who came behind the peer is sent away" {
	start_server --workers 1
	binds "$SERVER_PID" <<-'END'
		bind = Bind(PROXY)
		with stopped(ARGS[0]):
		    peers = [connect(bind.where) for _ in range(2)]
		assert bind.reply() == (0, peers[0].getsockname())
		assert ended(peers[1])
		peers[0].sendall(b"first")
		assert read_exactly(bind.sock, 5) == b"first"
	END
}

@test "R1928-B.5 a peer with another address: REP 02 with that address, all closed" {
	need_ipv6
	start_server --log -
	binds <<-'END'
		for host in "127.0.0.9", "::ffff:127.0.0.9":
		    bind = Bind(PROXY, host)
		    peer = connect(bind.where, "127.0.0.2")
		    assert bind.refused(2) == peer.getsockname()
		    assert ended(peer) and not bind.listens()
	END
	log_has 2
	[ "$(field reply) $(field end)" = "02 another peer came than was asked for" ]
	[[ $(field actual) == 127.0.0.2:* ]]
}

@test "R1928-B.6 the port is not compared, the address is: in every form" {
	start_server
	binds <<-'END'
		Bind(PROXY, "127.0.0.2", 1).meet("127.0.0.2")
		Bind(PROXY, "127.0.0.2", 0).meet("127.0.0.2")
		Bind(PROXY, "::ffff:127.0.0.2", 65535).meet("127.0.0.2")
	END
}

@test "R1928-B.7 with DST.ADDR zero anyone may come whom the rules allow" {
	start_server --log - --deny "command=bind to=127.0.0.3"
	binds <<-'END'
		Bind(PROXY).meet("127.0.0.2")
		Bind(PROXY, "::ffff:0.0.0.0").meet("127.0.0.2")
		bind = Bind(PROXY)
		peer = connect(bind.where, "127.0.0.3")
		assert bind.refused(2) == peer.getsockname() and ended(peer)
	END
	log_has 3
	grep -q 'reply=02 .*end="denied by rule 1"' "$SERVER_OUT"
}

@test "R1928-B.7 R1928-6.9 what the rules can never allow is refused in the first reply" {
	local rules
	for rules in "--deny command=bind" "--allow command=connect" \
		"--deny command=bind,udp" "--allow to=.test"; do
		start_server --log - "${rules/ /=}"
		answers "0500$(error 02) EOF" $HELLO "$(request 0100000000 0 02)"
		log_has 1
		[[ $(field end) == denied* ]]
		stop_server
	done
	start_server --deny "to=any:21" --deny "to=127.0.0.9"
	answers "0500$(error 02) EOF" $HELLO "$(request 017f000009 0 02)"
	answers "0500$(error 02) EOF" $HELLO "$(request 017f000002 21 02)"
	answers "0500$(error 02) EOF" $HELLO "$(request 0100000000 21 02)"
	binds <<<'Bind(PROXY, "127.0.0.2", 22).meet("127.0.0.2")'
}

@test "R1928-B.7 SEC-1 a client from elsewhere meets no peer from within, unless a rule names him" {
	need_net
	net ip address add 198.51.100.1/32 dev lo
	net ip address add 203.0.113.5/32 dev lo
	net ip address add 10.0.0.1/32 dev lo
	LISTEN=198.51.100.1:0 start_server --open
	binds <<-'END'
		for inner in "127.0.0.1", "10.0.0.1":
		    bind = Bind(PROXY, source="198.51.100.1")
		    peer = connect(bind.where, inner)
		    assert bind.refused(2) == peer.getsockname()
		    assert Bind(PROXY, inner, source="198.51.100.1").rep == 2
		for host in "0.0.0.0", "203.0.113.5":
		    Bind(PROXY, host, source="198.51.100.1").meet("203.0.113.5")
	END
	LISTEN=198.51.100.1:0 start_server --open --allow "command=bind to=10.0.0.0/8"
	binds <<-'END'
		Bind(PROXY, source="198.51.100.1").meet("10.0.0.1")
		bind = Bind(PROXY, source="198.51.100.1")
		connect(bind.where, "203.0.113.5")
		bind.refused(2)
	END
}

@test "R1928-B.8 nobody comes within --bind-timeout: REP 06" {
	start_server --log - --bind-timeout 300ms
	binds <<-'END'
		bind = Bind(PROXY, early=b"for nobody")
		bind.refused(6)
		assert not bind.listens()
	END
	log_has 1
	[ "$(field reply) $(field end)" = "06 no peer came in time" ]
	[ "$(field ms)" -ge 300 ] || fail "$LINE"
}

@test "R1928-B.9 the listener is closed once the client goes, by FIN and by RST" {
	start_server --log -
	binds <<-'END'
		import time
		def gone(bind, go):
		    go(bind.sock)
		    end = time.monotonic() + 5
		    while os.path.exists("/proc/net/tcp") and time.monotonic() < end:
		        if not any(f":{bind.where[1]:04X} 00000000:0000 0A" in line
		                   for line in open("/proc/net/tcp")):
		            return True
		    return False
		for host in "0.0.0.0", "127.0.0.1":
		    for early in b"", b"left behind" * 1000:
		        assert gone(Bind(PROXY, host, early=early), socket.socket.close)
		        assert gone(Bind(PROXY, host, early=early), reset)
		        assert gone(Bind(PROXY, host, early=early),
		                    lambda sock: sock.shutdown(socket.SHUT_WR))
	END
	log_has 12
	[ "$(grep -c 'reply=00 .*end="client went away"' "$SERVER_OUT")" = 12 ]
}

@test "R1928-B.9 a client that asked and ended at once leaves no listener" {
	start_server --log - --workers 1
	answers "0500* *" $HELLO"$(request 0100000000 0 02)" eof
	answers "0500* *" $HELLO"$(request 0100000000 0 02)" "55*5000" eof
	log_has 2
	[ "$(field end)" = "client went away" ]
}

@test "R1928-B.10 what the client sends before the second reply is the peer's" {
	start_server
	binds <<-'END'
		import threading
		for early, later in ((b"x", b"y"), (bytes(range(256)) * 3, b""),
		                     (os.urandom(3000), os.urandom(3000)),
		                     (b"", os.urandom(2000000))):
		    bind = Bind(PROXY, early=early)
		    sender = threading.Thread(target=bind.sock.sendall, args=(later,))
		    sender.start()
		    peer = bind.meet()
		    assert read_exactly(peer, len(early) + len(later)) == early + later
		    sender.join()
		    peer.sendall(b"done")
		    assert read_exactly(bind.sock, 4) == b"done"
	END
}

@test "R1928-B.13 a name stands for each of its addresses" {
	need_ipv6
	start_dns both.test=A:127.0.0.1,A:127.0.0.2,AAAA:::1 six.test=AAAA:::1 \
		four.test=A:127.0.0.1,AAAA:SERVFAIL
	start_server --resolver "$DNS" --log -
	binds <<-'END'
		for host in "127.0.0.1", "127.0.0.2":
		    Bind(PROXY, "both.test", 80).meet(host)
		Bind(PROXY, "six.test").meet("::1")
		Bind(PROXY, "four.test").meet("127.0.0.1")
		bind = Bind(PROXY, "both.test")
		connect(bind.where, "127.0.0.3")
		bind.refused(2)
	END
	wait_until 5 has_lines 5 "$SERVER_OUT"
	grep -q 'target=both.test:80 actual=127.0.0.2:' "$SERVER_OUT"
}

@test "R1928-B.13 a name that does not resolve: REP 04 in the first reply" {
	start_dns broken.test=SERVFAIL silent.test=SILENT
	start_server --resolver "$DNS" --connect-timeout 300ms
	asks_bind() { answers "0500$1 EOF" $HELLO "$(request "$2" 80 02)"; }
	asks_bind "$(error 04)" "$(name_of nothing.test)"
	asks_bind "$(error 04)" "$(name_of broken.test)"
	asks_bind "$(error 04)" "$(name_of silent.test)"
	asks_bind "$(error 04)" "$(name_of 127.1)"
	[ "$(queries 127.1 A)" = 0 ]
}

@test "R1928-B.13 SEC-1 rules are asked for the name and for each of its addresses" {
	start_dns two.test=A:127.0.0.1,A:127.0.0.2 inner.test=A:10.0.0.1
	start_server --resolver "$DNS" --deny to=no.test --deny to=127.0.0.1 --deny to=10.0.0.0/8
	answers "0500$(error 02) EOF" $HELLO "$(request "$(name_of no.test)" 80 02)"
	[ "$(queries no.test A)" = 0 ]
	answers "0500$(error 02) EOF" $HELLO "$(request "$(name_of inner.test)" 80 02)"
	binds <<-'END'
		Bind(PROXY, "two.test").meet("127.0.0.2")
		bind = Bind(PROXY, "two.test")
		connect(bind.where, "127.0.0.1")
		bind.refused(2)
	END
}

@test "no way to DST.ADDR: REP 03" {
	need_net
	start_server
	answers "0500$(error 03) EOF" $HELLO "$(request 01c6336407 80 02)"
}

@test "--bind-ports: the listener's port is one of them; when all are taken: REP 01" {
	local port
	port=$(free_port)
	start_server --bind-ports "$port" --log -
	binds "$port" <<-'END'
		waiting = Bind(PROXY)
		assert waiting.where[1] == int(ARGS[0])
		assert Bind(PROXY).rep == 1
		waiting.meet().close()
		assert ended(waiting.sock)
		# The last session on that port lingers in the kernel: the port serves again.
		for _ in range(3):
		    bind = Bind(PROXY)
		    bind.meet()
		    bind.sock.close()
	END
	wait_until 5 has_lines 5 "$SERVER_OUT"
	grep -q 'reply=01 .*end="no port is free to wait for the peer on"' "$SERVER_OUT"
}

@test "descriptors run out when the peer comes: REP 01, and the session ends" {
	need prlimit
	start_server --log - --workers 1
	binds "$SERVER_PID" <<-'END'
		import subprocess
		bind = Bind(PROXY)
		used = set(map(int, os.listdir(f"/proc/{ARGS[0]}/fd")))
		count = min(set(range(len(used) + 1)) - used)
		subprocess.run(["prlimit", f"--nofile={count}:", "--pid", ARGS[0]], check=True)
		try:
		    assert ended(connect(bind.where))
		except ConnectionResetError:  # so soon that connect() itself meets it
		    pass
		bind.refused(1)
	END
	log_has 1
	[ "$(field reply) $(field end)" = "01 Too many open files" ]
}

@test "a peer that was gone before it was looked at hangs nothing" {
	start_server --log - --workers 1
	binds "$SERVER_PID" <<-'END'
		bind = Bind(PROXY)
		with stopped(ARGS[0]):
		    reset(connect(bind.where))
		bind.reply()
		assert ended(bind.sock)
	END
	log_has 1
}

@test "R1928-R.7 a BIND that waits is a session: it ends with the server, and is told" {
	start_server --log - --drain 100ms
	binds "$SERVER_PID" <<-'END'
		import signal
		bind = Bind(PROXY)
		os.kill(int(ARGS[0]), signal.SIGTERM)
		assert ended(bind.sock)
	END
	stop_server || true
	log_has 1
	[ "$(field command) $(field reply) $(field end)" = "bind 00 server stopped" ]
}

@test "a BIND that waits during the drain still meets its peer" {
	start_server --log - --drain 5s
	binds "$SERVER_PID" "$SERVER_LOG" <<-'END'
		import signal
		bind = Bind(PROXY)
		os.kill(int(ARGS[0]), signal.SIGTERM)
		while "stopping: 1 session " not in open(ARGS[1]).read():
		    pass
		bind.meet()
	END
	log_has 1
	[ "$(field command) $(field end)" = "bind closed" ]
}
