#!/usr/bin/env bats
# socks5 serve: what it has to do with the system: systemd's notifications, --interface and --mark.

load ../lib/helper
load ../lib/serve

# start_manager ADDRESS: prints what comes there; SAID_BY is the file. An @ in front is an abstract name.
start_manager() {
	spawn "$PYTHON" -uc 'import socket, sys
name = sys.argv[1]
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind("\0" + name[1:] if name[0] == "@" else name)
print("there")
while True:
    print(sock.recv(4096).decode().replace("\n", " "))' "$1"
	SAID_BY=$OUT
	wait_until 5 has_line there "$SAID_BY"
}

@test "sd_notify: ready, reloading, ready again, stopping" {
	local where
	for where in "$BATS_TEST_TMPDIR/notify" "@socks5-test-$$-$BATS_TEST_NUMBER"; do
		start_manager "$where"
		NOTIFY_SOCKET=$where start_server
		wait_until 5 has_lines 2 "$SAID_BY" || fail "$(cat "$SAID_BY")"
		kill -HUP "$SERVER_PID"
		wait_until 5 has_lines 4 "$SAID_BY" || fail "$(cat "$SAID_BY")"
		stop_server
		wait_until 5 has_lines 5 "$SAID_BY" || fail "$(cat "$SAID_BY")"
		diff <(sed 's/USEC=[0-9]*$/USEC=/' "$SAID_BY") - <<-'END'
			there
			READY=1
			RELOADING=1 MONOTONIC_USEC=
			READY=1
			STOPPING=1
		END
	done
}

@test "sd_notify: nobody there, or a name that is none, harms nothing" {
	local where
	for where in /nosuch/notify relative "" "/$(printf 'x%.0s' {1..200})"; do
		NOTIFY_SOCKET=$where start_server
		stop_server
	done
}

@test "--interface: what goes to targets leaves by it: connections and datagrams" {
	local calls=$BATS_TEST_TMPDIR/calls
	need strace
	start_target echo
	start_server --interface lo
	spawn strace -f -p "$SERVER_PID" -e trace=setsockopt,connect -o "$calls"
	wait_until 5 has_line attached "$ERR" || skip "nothing can be traced"
	asks "$OK4" $IP4 "$TARGET_PORT"
	wait_until 5 has_line "connect(.*htons($TARGET_PORT)" "$calls"
	[ "$(grep -c 'SO_BINDTODEVICE, "lo' "$calls")" = 1 ] || fail "$(cat "$calls")"
	"$PYTHON" "$LIB/associate.py" "$PROXY" sock:t=127.0.0.1 "send:000000{t}01" get@t fin
	wait_until 5 eval '[ "$(grep -c "SO_BINDTODEVICE, \"lo" "$calls")" = 2 ]' || fail "$(cat "$calls")"
}

@test "--interface: one that there is not" {
	run timeout 10 "$SOCKS5" serve --interface nosuch0 127.0.0.1:0
	[ "$status" = 2 ]
	[ "$output" = "socks5 serve: option --interface: nosuch0: this machine has no such interface" ] || fail "$output"
	run timeout 10 "$SOCKS5" serve --interface seventeen-letters 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"a name of 1 to 15 octets" ]] || fail "$output"
}

@test "--mark: what goes to targets has it, datagrams too; who is not root is told" {
	need_net
	# Before the table of local addresses, which is the first otherwise.
	net ip rule add priority 100 lookup local && net ip rule del priority 0 &&
		net ip rule add priority 10 fwmark 0x7 unreachable || skip "no routing rules are to be had"
	start_target echo
	start_server --mark 0x7 --log -
	asks "$(error '0[34]')" $IP4 "$TARGET_PORT"
	net "$PYTHON" "$LIB/associate.py" "$PROXY" sock:t=127.0.0.1 "send:000000{t}01" wait:100 fin
	log_has 2
	[ "$(field dropped)" = 1 ] || fail "$LINE"
	stop_server
	start_server --mark 8
	asks "$OK4" $IP4 "$TARGET_PORT"
	stop_server
	run net timeout 10 "$SOCKS5" serve --mark 8 --run-as nobody 127.0.0.1:0
	[ "$status" = 2 ] || fail "$status: $output"
	[[ $output == *"option --mark: 8: Operation not permitted, for --run-as gives up the right to" ]] ||
		fail "$output"
	run "$SOCKS5" serve --mark -1 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"--mark: '-1' is not a number from 1 to 4294967295"* ]] || fail "$output"
}
