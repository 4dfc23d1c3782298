#!/usr/bin/env bats
# socks5 udp -L: a UDP port that is forwarded, with an association for each sender.

load ../lib/helper
load ../lib/udp

requests() {
	grep -c '^got 050300' "$FAKE_OUT"
}

asked_again() {
	[ "$(requests)" -ge "$1" ]
}

@test "-L forwards there and back; a sender has one association" {
	start_relay udp back
	start_forward -x "$FAKE" 127.0.0.1 9
	run ask one two three
	[ "$status" = 0 ] || fail "$output"
	[ "$output" = $'one\ntwo\nthree' ] || fail "$output"
	[ "$(requests)" = 1 ]
	relay_got "$HEADER"6f6e65 "$HEADER"74776f "$HEADER"7468726565
}

@test "-L: each sender has an association of its own, and its answers alone" {
	start_relay udp back
	start_forward -v -x "$FAKE" 127.0.0.1 9
	for word in a b c; do
		run ask "$word"
		[ "$output" = "$word" ] || fail "$output"
	done
	[ "$(requests)" = 3 ]
	[ "$(grep -c ': a new sender$' "$FORWARD_ERR")" = 3 ] || fail "$(cat "$FORWARD_ERR")"
}

@test "-L: datagrams that come before the association is made are kept" {
	start_fake hello send:0500 request wait:300 udp back
	start_forward -x "$FAKE" 127.0.0.1 9
	run "$PYTHON" - "$LOCAL" <<-'END'
		import socket, sys
		host, port = sys.argv[1].split(":")
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sock.settimeout(5)
		sock.connect((host, int(port)))
		for n in range(5):
		    sock.send(b"%d" % n)
		print(b"".join(sock.recv(99) for n in range(5)).decode())
	END
	[ "$output" = 01234 ] || fail "$output"
}

@test "R1928-U.15 -L: an empty datagram goes and comes" {
	start_relay udp back
	start_forward -x "$FAKE" 127.0.0.1 9
	run ask ""
	[ "$status" = 0 ] || fail "$output"
	relay_got "$HEADER"
}

@test "R1928-U.21 -L: a datagram that is too large is told, and the next one goes" {
	start_relay udp back
	start_forward -x "$FAKE" 127.0.0.1 9
	"$PYTHON" -c 'import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
sock.sendto(bytes(65498), ("127.0.0.1", int(sys.argv[1])))
sock.sendto(bytes(65497), ("127.0.0.1", int(sys.argv[1])))
sys.exit(len(sock.recv(65536)) != 65497)' "${LOCAL##*:}"
	has_line 'a datagram of 65498 octets is not sent: at most 65497 go to 127.0.0.1:9' \
		"$FORWARD_ERR" || fail "$(cat "$FORWARD_ERR")"
}

@test "-L: a sender that is idle is forgotten, and its association ended" {
	start_relay udp back
	start_forward -v --idle 200ms -x "$FAKE" 127.0.0.1 9
	run ask a
	[ "$output" = a ]
	wait_until 5 has_line ': ended, 1 datagrams sent, 1 received$' "$FORWARD_ERR" ||
		fail "$(cat "$FORWARD_ERR")"
	wait_until 5 has_line '^eof$' "$FAKE_OUT" || fail "the connection is still there"
}

@test "-L: no more than --max-senders, which is told once" {
	start_relay udp back
	start_forward --max-senders 1 -x "$FAKE" 127.0.0.1 9
	run ask a
	[ "$output" = a ]
	! ask b 2>/dev/null || fail "there was an answer"
	[ "$(grep -c 'not forwarded, for there are 1 senders already' "$FORWARD_ERR")" = 1 ] ||
		fail "$(cat "$FORWARD_ERR")"
}

@test "R1928-U.23 -L: an association that is lost is told, and the next datagram asks for another" {
	start_relay udp dgram "answer:${HEADER}61" close next "${HELD[@]}" udp back
	start_forward -x "$FAKE" 127.0.0.1 9
	run "$PYTHON" - "$LOCAL" "$FORWARD_ERR" <<-'END'
		import socket, sys, time
		host, port = sys.argv[1].split(":")
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sock.settimeout(5)
		sock.connect((host, int(port)))
		sock.send(b"x")
		print(sock.recv(99).decode())
		end = time.monotonic() + 5
		while "association is over" not in open(sys.argv[2]).read() and time.monotonic() < end:
		    time.sleep(0.02)
		sock.send(b"y")
		print(sock.recv(99).decode())
	END
	[ "$output" = $'a\ny' ] || fail "$output: $(cat "$FORWARD_ERR")"
	has_line "proxy $FAKE: proxy closed the connection, and the association is over" "$FORWARD_ERR"
}

@test "-L: a proxy that refuses is told, and the port stays" {
	start_relay send:05020001000000000000 next "${HELD[@]}" udp back
	start_forward -x "$FAKE" 127.0.0.1 9
	"$PYTHON" -c 'import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", int(sys.argv[1])))' \
		"${LOCAL##*:}"
	wait_until 5 has_line 'request refused: .* (REP 02) for UDP' "$FORWARD_ERR" ||
		fail "$(cat "$FORWARD_ERR")"
	run ask a
	[ "$output" = a ] || fail "$output"
}

@test "-L: on another address, over IPv6, and where it cannot listen" {
	start_relay udp back
	LOCAL_AT=127.0.0.3:0 start_forward -x "$FAKE" 127.0.0.1 9
	[[ $LOCAL == 127.0.0.3:* ]] || fail "$LOCAL"
	run ask a
	[ "$output" = a ] || fail "$output"
	says 1 "cannot listen on $LOCAL: Address already in use; another server has it: *" -L "$LOCAL" 127.0.0.1 9
	if has_ipv6; then
		LOCAL_AT=[::1]:0 start_forward -x "$FAKE" 127.0.0.1 9
		run ask a
		[ "$output" = a ] || fail "$output"
	fi
}

@test "-L with --direct: a socket for each sender" {
	start_datagrams
	start_forward --direct "$TARGET"
	for word in a b; do
		run ask "$word"
		[ "$output" = "$word" ] || fail "$output"
	done
	[ "$(sort -u <<<"$(tail -n +2 "$TARGET_OUT")" | wc -l)" = 2 ] || fail "$(cat "$TARGET_OUT")"
}

@test "-L beyond this machine warns who may use our login" {
	LOCAL_AT=0.0.0.0:0 start_forward -x joe:pw@127.0.0.1:1 127.0.0.1 9
	wait_until 5 has_line "warning: whoever reaches $LOCAL goes through proxy 127.0.0.1:1 with our login" "$FORWARD_ERR" ||
		fail "$(cat "$FORWARD_ERR")"
}
