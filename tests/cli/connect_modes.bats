#!/usr/bin/env bats
# socks5 connect -z, -F, -L, -e, --hexdump: a connection for something else than stdin and stdout.

bats_require_minimum_version 1.5.0
load ../lib/helper
load ../lib/connect

start_target() {
	spawn_saying "$PYTHON" "$LIB/target.py" "$@"
	TARGET=$SAID TARGET_PORT=${SAID##*:}
}

# open_port: OPEN has a listener, CLOSED has none.
ports() {
	start_target greet
	OPEN=$TARGET_PORT
	CLOSED=$(free_port)
}

@test "modes exclude each other, and what has no meaning is refused" {
	says 2 '--listen, --exec, --pass-fd, --scan and --edit exclude each other' -L 0 -z 127.0.0.1 1
	says 2 '--listen, --exec, --pass-fd, --scan and --edit exclude *' -F -e cat 127.0.0.1 1
	says 2 '--keep-open needs --listen' -k 127.0.0.1 1
	says 2 '--hexdump and --recv-limit are for a single connection *' -z -W 1 127.0.0.1 1
	says 2 '--hexdump and --recv-limit are *' -L 0 --hexdump - 127.0.0.1 1
}

# --- -z ----------------------------------------------------------------------------------------

@test "-z: a line a port on stdout, 0 if any is open, else the status of the last" {
	ports
	start_server
	run --separate-stderr connect -z -x "$PROXY" 127.0.0.1 "$OPEN"
	[ "$status:$output:$stderr" = "0:127.0.0.1:$OPEN open:" ] || fail "$status: $output"
	run --separate-stderr connect -z -x "$PROXY" 127.0.0.1 "$CLOSED"
	[ "$status:$output:$stderr" = "15:127.0.0.1:$CLOSED connection refused (REP 05):" ] ||
		fail "$status: $output"
	run --separate-stderr connect -z --direct localhost "$CLOSED"
	[ "$status:$output:$stderr" = "1:localhost:$CLOSED Connection refused:" ] ||
		fail "$status: $output"
	run connect -z --direct 127.0.0.1 "$OPEN"
	[ "$status:$output" = "0:127.0.0.1:$OPEN open" ] || fail "$status: $output"
	run connect -z -x "$PROXY" 127.0.0.1 "$((OPEN - 1))-$((OPEN + 1))"
	[ "$status:${#lines[@]}" = 0:3 ] || fail "$status: $output"
	[ "${lines[1]}" = "127.0.0.1:$OPEN open" ] || fail "$output"
}

@test "-z sends nothing, -i waits between ports, -v names the service unless -n" {
	start_fake "${HELD[@]}" "send:${OK4}0001" stall
	BEGAN=$(ms_now)
	run --separate-stderr connect -zv -i 300ms -x "$FAKE" 127.0.0.1 22-24
	took 600 9000
	[ "$output" = "127.0.0.1:22 (ssh) open
127.0.0.1:23 (telnet) open
127.0.0.1:24 open" ] || fail "$output"
	[[ ${stderr_lines[0]} == *" ms: connected to proxy $FAKE" ]] || fail "$stderr"
	run --separate-stderr connect -zvn -x "$FAKE" 127.0.0.1 22
	[ "$output" = "127.0.0.1:22 open" ] || fail "$output"
	! grep '^got' "$FAKE_OUT" | grep -v '^got 050100\(017f000001....\)\?$' ||
		fail "$(cat "$FAKE_OUT")"
}

@test "-z: no reply and no answer in time are results too" {
	start_fake "${HELD[@]}" close
	run --separate-stderr connect -z -x "$FAKE" 127.0.0.1 1-2
	[ "$status" = 4 ] || fail "$status"
	[ "$output:$stderr" = "127.0.0.1:1 no reply
127.0.0.1:2 no reply:" ] || fail "$output: $stderr"
	start_fake "${HELD[@]}" stall
	run --separate-stderr connect -z -w 200ms -x "$FAKE" 127.0.0.1 1-2
	[ "$status:$output:$stderr" = "1:127.0.0.1:1 timeout
127.0.0.1:2 timeout:" ] || fail "$status: $output: $stderr"
}

@test "-z ends when it is the proxy that fails" {
	start_fake hello send:05ff
	run --separate-stderr connect -z -x "$FAKE" 127.0.0.1 1-9
	[ "$status:$output:${#stderr_lines[@]}" = 3::1 ] || fail "$status: $output: $stderr"
	run --separate-stderr connect -z -x 127.0.0.1:1 127.0.0.1 1-9
	[ "$status:$output:${#stderr_lines[@]}" = 1::1 ] || fail "$status: $output: $stderr"
	start_fake "${HELD[@]}" send:ffff
	run --separate-stderr connect -z -x "$FAKE" 127.0.0.1 1-9
	[ "$status:$output:${#stderr_lines[@]}" = 4::1 ] || fail "$status: $output: $stderr"
}

@test "-z: a full disk for the results is an error" {
	start_fake "${HELD[@]}" "send:${OK4}0001"
	run bash -c "'$SOCKS5' connect -z -x $FAKE 127.0.0.1 1 2>&1 >/dev/full"
	[ "$status" = 1 ] || fail "$status: $output"
	[ "$output" = "socks5 connect: standard output: No space left on device" ] || fail "$output"
}

@test "-z: a reader that has seen enough ends it without a word, status 1" {
	start_fake "${HELD[@]}" "send:${OK4}0001"
	run bash -c "{ '$SOCKS5' connect -z -i 300ms -x $FAKE 127.0.0.1 1-9 2>&1 1>&3; echo \$?; } \
		3>&1 >'$BATS_TEST_TMPDIR/end' | head -n 1"
	[ "$output" = "127.0.0.1:1 open" ] || fail "$output"
	[ "$(cat "$BATS_TEST_TMPDIR/end")" = 1 ] || fail "$(cat "$BATS_TEST_TMPDIR/end")"
}

# --- -F ----------------------------------------------------------------------------------------

# take_fd OPTION...: gets the socket, says whether it blocks, then what comes from it until EOF.
take_fd() {
	timeout 20 "$PYTHON" - "$SOCKS5" connect -F "$@" <<-'END'
		import array, os, socket, subprocess, sys
		ours, theirs = socket.socketpair()
		child = subprocess.Popen(sys.argv[1:], stdout=theirs, stdin=subprocess.DEVNULL)
		theirs.close()
		data, control, _, _ = ours.recvmsg(16, socket.CMSG_SPACE(4))
		status = child.wait()
		if not control:
		    sys.exit(f"no descriptor, status {status}")
		sock = socket.socket(fileno=array.array("i", control[0][2])[0])
		print(len(data), status, os.get_blocking(sock.fileno()))
		sock.sendall(b"hello\n")
		sock.shutdown(socket.SHUT_WR)
		while more := sock.recv(65536):
		    print(more.decode(), end="")
	END
}

@test "-F passes the connected socket, blocking, with one octet" {
	start_echo
	start_server
	run take_fd -x "$PROXY" "$ECHO"
	[ "$output" = "1 0 True
hello" ] || fail "$output"
	run take_fd --direct "$ECHO"
	[ "$output" = "1 0 True
hello" ] || fail "$output"
}

@test "R1928-6.13 -F leaves what is glued to the reply in the socket" {
	start_fake "${HELD[@]}" "send:${OK4}0001""626567696e0a" echo
	run take_fd -x "$FAKE" 127.0.0.1 9
	[ "$output" = "1 0 True
begin
hello" ] || fail "$output"
	start_fake "${HELD[@]}" "send:05000003""03616263""0050""626567696e0a" echo
	run take_fd -x "$FAKE" 127.0.0.1 9
	[ "$output" = "1 0 True
begin
hello" ] || fail "$output"
	start_fake "${NAMED[@]}" "send:${OK4}0001""0500" request \
		"send:0500000400000000000000000000000000000001""0050""626567696e0a" echo
	run take_fd -x "joe:pw@$FAKE" -x hop.two 127.0.0.1 9
	[[ $output == *"1 0 True
begin"* ]] || fail "$output"
}

@test "-F: failures, and a stdout that is no Unix socket" {
	says 2 'option --pass-fd: standard output is no Unix socket; *' -F 127.0.0.1 1
	start_server
	run take_fd -x "$PROXY" 127.0.0.1 "$(free_port)"
	[[ $output == *"(REP 05)"*"no descriptor, status 15" ]] || fail "$output"
}

# --- -e ----------------------------------------------------------------------------------------

@test "-e: the command's stdin and stdout are the connection, its status is ours" {
	start_echo
	start_server
	run connect -x "$PROXY" "$ECHO" -e 'echo hello; read -r line; echo "got $line" >&2; exit 7'
	[ "$status:$output" = "7:got hello" ] || fail "$status: $output"
	run connect -x "$PROXY" "$ECHO" -e 'kill -9 $$'
	[ "$status" = 137 ] || fail "$status: $output"
	run -127 connect -x "$PROXY" "$ECHO" -e '/nosuch/command'
	[ "$status" = 127 ] || fail "$status: $output"
}

@test "-e: what is glued to the reply is the command's" {
	start_fake "${HELD[@]}" "send:${OK4}0001""68690a" send:6d6f72650a
	run connect -x "$FAKE" 127.0.0.1 9 -e 'cat >&2'
	[ "$status:$output" = "0:hi
more" ] || fail "$status: $output"
}

@test "-e: it ends with the command though the target would go on, and SIGPIPE is as usual" {
	start_fake "${HELD[@]}" "send:${OK4}0001" wait:20000
	BEGAN=$(ms_now)
	run connect -x "$FAKE" 127.0.0.1 9 -e 'echo bye; exit 3'
	took 0 9000
	[ "$status:$output" = 3: ] || fail "$status: $output"
	run connect -x "$FAKE" 127.0.0.1 9 -e 'yes | true; exit "${PIPESTATUS:-0}"'
	[ "$status" = 0 ] || fail "$status: $output"
	run connect -x "$FAKE" 127.0.0.1 9 -e 'env kill -PIPE $$; exit 5'
	[ "$status" = 141 ] || fail "SIGPIPE is ignored in the command: $status: $output"
}

@test "R1928-R.2 -e: a command that leaves something unread has ended, and all of its output goes" {
	start_fake "${HELD[@]}" "send:${OK4}0001""68690a" recv:5 send:6d6f72650a stall
	run connect -x "$FAKE" 127.0.0.1 9 -e 'sleep 0.1; echo QUIT'
	[ "$status:$output" = 0: ] || fail "$status: $output"
	got_only "got 050100 got 050100017f0000010009 got 515549540a eof"
	run connect -x "$FAKE" 127.0.0.1 9 -e 'sleep 0.1; echo QUIT; exit 6'
	[ "$status:$output" = 6: ] || fail "$status: $output"
}

@test "R1928-R.2 -e: 2 MB to a target whose talk nobody reads, directly and through a proxy" {
	local how
	start_server
	for how in "--direct" "-x $PROXY"; do
		start_target chatty
		# shellcheck disable=SC2086 # two words
		run connect $how "$TARGET" -e 'head -c 2000000 /dev/zero'
		[ "$status:$output" = 0: ] || fail "$how: $status: $output"
		wait_until 5 has_line octets "$OUT" || fail "$how: it has no end"
		has_line '^2000000 octets, EOF' "$OUT" || fail "$how: $(cat "$OUT")"
	done
}

@test "-e: 16 MiB there and back" {
	start_echo
	start_server
	random_file data $((16 << 20))
	cd "$BATS_TEST_TMPDIR"
	connect -x "$PROXY" "$ECHO" -e 'cat data & head -c 16777216 >back; wait'
	cmp data back
}

# --- -L ----------------------------------------------------------------------------------------

# start_forward OPTION...: HERE is where it listens, FORWARD_PID, FORWARD_ERR.
start_forward() {
	spawn "$SOCKS5" connect "$@"
	FORWARD_PID=$PID FORWARD_ERR=$ERR
	wait_until 5 has_line 'listening on' "$ERR" || fail "$(cat "$ERR")"
	HERE=$(sed -n 's/^socks5 connect: listening on //p' "$ERR")
}

talk_here() {
	timeout 20 "$PYTHON" "$LIB/rawclient.py" "$HERE" "$@"
}

@test "-L forwards the first connection and ends with its status" {
	start_echo
	start_server
	start_forward -L 0 -x "$PROXY" "$ECHO"
	[[ $HERE == 127.0.0.1:* ]] || fail "$HERE"
	run talk_here 6869 eof
	[ "$output" = "6869
EOF" ] || fail "$output"
	status=0
	wait "$FORWARD_PID" || status=$?
	[ "$status" = 0 ] || fail "$status"
	start_forward -L 127.0.0.1:0 -x "$PROXY" "127.0.0.1:$(free_port)"
	run talk_here 6869 eof
	[[ $output == *RST ]] || fail "$output"
	status=0
	wait "$FORWARD_PID" || status=$?
	[ "$status" = 15 ] || fail "$status"
	has_line 'request refused: connection refused (REP 05)' "$FORWARD_ERR"
}

@test "-L beyond this machine warns who may use our login" {
	local port
	start_forward -L 0.0.0.0:0 -x joe:pw@127.0.0.1:1 127.0.0.1 9
	port=${HERE##*:}
	wait_until 5 has_line "warning: whoever reaches 0.0.0.0:$port goes through proxy 127.0.0.1:1 with our login" "$FORWARD_ERR" ||
		fail "$(cat "$FORWARD_ERR")"
	for words in "-L 0 -x joe:pw@127.0.0.1:1" "-L 0.0.0.0:0 -x 127.0.0.1:1"; do
		# shellcheck disable=SC2086
		start_forward $words 127.0.0.1 9
		: >"/dev/tcp/127.0.0.1/${HERE##*:}"
		wait_until 5 is_gone "$FORWARD_PID" || fail "$words: it goes on"
		! has_line warning "$FORWARD_ERR" || fail "$words: $(cat "$FORWARD_ERR")"
	done
}

@test "-L -k forwards every connection, side by side, and outlives failures" {
	local port
	start_server
	port=$(free_port)
	start_forward -k -v -L localhost:0 -x "$PROXY" "127.0.0.1:$port"
	run talk_here 61 eof
	[[ $output == *RST ]] || fail "$output"
	spawn_saying "$PYTHON" "$LIB/target.py" echo 127.0.0.1 "$port"
	(talk_here 61 wait:1000 62 eof >"$BATS_TEST_TMPDIR/first") 3>&- &
	run talk_here 63 eof
	[ "$output" = "63
EOF" ] || fail "$output"
	wait $!
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/first")" = 6162 ] || fail "$(cat "$BATS_TEST_TMPDIR/first")"
	has_line 'request refused: connection refused (REP 05)' "$FORWARD_ERR"
	has_line 'ended, 2 octets sent, 2 received' "$FORWARD_ERR"
	! is_gone "$FORWARD_PID" || fail "it ended"
}

@test "-L -v names a client that is gone before it is accepted" {
	local port
	start_echo
	start_forward -k -v -L 0 --direct "$ECHO"
	kill -STOP "$FORWARD_PID"
	port=$("$PYTHON" - "$HERE" <<-'END'
		import socket, struct, sys
		host, port = sys.argv[1].rsplit(":", 1)
		sock = socket.create_connection((host, int(port)))
		print(sock.getsockname()[1])
		sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	END
	)
	kill -CONT "$FORWARD_PID"
	wait_until 5 has_line ': connected$' "$FORWARD_ERR" || fail "$(cat "$FORWARD_ERR")"
	has_line "127.0.0.1:$port: connected" "$FORWARD_ERR" || fail "$(cat "$FORWARD_ERR")"
}

@test "-L: 200 connections at once, what is glued to a reply included" {
	start_target greet
	start_server
	start_forward -k -L 0 -x "$PROXY" "$TARGET"
	run timeout 60 "$PYTHON" - "$HERE" <<-'END'
		import socket, sys
		host, port = sys.argv[1].rsplit(":", 1)
		socks = [socket.create_connection((host, int(port))) for _ in range(200)]
		good = 0
		for sock in socks:
		    data = b""
		    while more := sock.recv(4096):
		        data += more
		    good += data == b"hello from target\n"
		print(good)
	END
	[ "$output" = 200 ] || fail "$output"
	start_fake "${HELD[@]}" "send:${OK4}0001""68690a"
	start_forward -L 0 -x "$FAKE" 127.0.0.1 9
	run talk_here eof
	[ "${lines[0]}" = 68690a ] || fail "$output"
}

@test "-L: no descriptors left neither spins nor kills" {
	start_echo
	start_server
	spawn prlimit --nofile=24:24 "$SOCKS5" connect -k -L 0 -x "$PROXY" "$ECHO"
	wait_until 5 has_line 'listening on' "$ERR" || fail "$(cat "$ERR")"
	HERE=$(sed -n 's/^socks5 connect: listening on //p' "$ERR")
	run timeout 60 "$PYTHON" - "$HERE" "/proc/$PID/stat" <<-'END'
		import socket, sys, time
		host, port = sys.argv[1].rsplit(":", 1)
		socks = [socket.create_connection((host, int(port))) for _ in range(40)]
		time.sleep(0.5)
		def ticks():
		    return sum(map(int, open(sys.argv[2]).read().rsplit(")", 1)[1].split()[11:13]))
		before = ticks()
		time.sleep(1)
		spent = ticks() - before
		for sock in socks:
		    sock.close()
		time.sleep(0.5)
		sock = socket.create_connection((host, int(port)))
		sock.sendall(b"!")
		sock.settimeout(10)
		print(sock.recv(1).decode(), "spins" if spent > 20 else "rests")
	END
	[ "$output" = "! rests" ] || fail "$output"
}

@test "-L: what it cannot listen on" {
	start_echo
	says 1 "cannot listen on $ECHO: Address already in use; another server has it: stop that one or choose another port" -L "$ECHO" 127.0.0.1 1
	says 2 "option --listen: 'some.name' is no address" -L some.name:1 127.0.0.1 1
	says 2 "option --listen: port 'x' is neither *" -L 127.0.0.1:x 127.0.0.1 1
	says 2 "option --listen: PORT is missing" -L '[::1]' 127.0.0.1 1
	says 2 "option --listen: '::1:80': an IPv6 address before a port goes in brackets, *" -L ::1:80 127.0.0.1 1
}

# --- --hexdump ---------------------------------------------------------------------------------

@test "--hexdump: both ways, offsets, octets; what is glued to the reply included" {
	start_fake "${HELD[@]}" "send:${OK4}0001""68656c6c6f0a" recv:20 send:0001fe7e7fff echo
	run connect -N --hexdump "$BATS_TEST_TMPDIR/dump" -x "$FAKE" 127.0.0.1 9 \
		< <(printf 'abcdefghijklmnopqrst')
	[ "$status" = 0 ] || fail "$status: $output"
	[ "$(cat "$BATS_TEST_TMPDIR/dump")" = "\
< 00000000  68 65 6c 6c 6f 0a                                 |hello.|
> 00000000  61 62 63 64 65 66 67 68  69 6a 6b 6c 6d 6e 6f 70  |abcdefghijklmnop|
> 00000010  71 72 73 74                                       |qrst|
< 00000006  00 01 fe 7e 7f ff                                 |...~..|" ] ||
		fail "$(cat "$BATS_TEST_TMPDIR/dump")"
	start_web
	run --separate-stderr connect --hexdump - --direct "$WEB" < <(printf 'GET / HTTP/1.0\n\n')
	[ "${lines[-1]}" = "hello from target" ] || fail "$output"
	[[ ${stderr_lines[0]} == "> 00000000  47 45 54 20 2f 20 "*"|GET / HTTP/1.0..|" ]] || fail "$stderr"
	says 2 'option --hexdump: /nosuch/file: No such file or directory' --hexdump /nosuch/file \
		127.0.0.1 1
}
