#!/usr/bin/env bats
# socks5 serve: a line for each session, and the limits that keep it alive.

load ../lib/helper
load ../lib/serve

STAMP='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z'

# reads FIELDS: the last line is STAMP and FIELDS, an extended regular expression, nothing else.
reads() {
	grep -qE "^$STAMP $1\$" <<<"$LINE" || fail "'$LINE' is not '$1'"
}

@test "the log: one line a session, its fields in order" {
	local client='client=127\.0\.0\.1:[0-9]+'
	start_target echo
	start_server --auth none,userpass -u joe:x --log - --workers 1
	answers "0500${OK4}68656c6c6f EOF" $HELLO "$(request $IP4 "$TARGET_PORT")" text:hello eof
	log_has 1
	reads "id=1 $client user=- method=none command=connect target=$TARGET actual=$TARGET \
reply=00 up=5 down=5 ms=[0-9]+ end=\"closed\""
	answers "05020100${OK4}6869 EOF" $HELLO_USER "$(login joe x)" \
		"$(request "$(name_of localhost)" "$TARGET_PORT")6869" eof
	log_has 2
	reads "id=2 $client user=joe method=userpass command=connect target=localhost:$TARGET_PORT \
actual=$TARGET reply=00 up=2 down=2 ms=[0-9]+ end=\"closed\""
	asks "$(error 01)" "$(name_of 127.1)" 0
	log_has 3
	reads "id=3 $client user=- method=none command=connect target=127\\.1:0 actual=- reply=01 up=0 \
down=0 ms=[0-9]+ end=\"request: port is 0\""
	asks "$(error 04)" "$(name_of 127.1)" 80
	answers " EOF" eof
	log_has 5
	reads "id=5 $client user=- method=- command=- target=- actual=- reply=- up=0 down=0 \
ms=[0-9]+ end=\"method list: client closed the connection\""
	talk 0501 rst
	log_has 6
	reads "id=6 $client user=- method=- command=- target=- actual=- reply=- up=0 down=0 \
ms=[0-9]+ end=\"client.*\""
	answers "0502 EOF" $HELLO_USER 0103 eof
	log_has 7
	reads "id=7 $client user=- method=userpass command=- target=- actual=- reply=- up=0 down=0 \
ms=[0-9]+ end=\"credentials: client closed the connection in the middle of it\""
}

@test "the log: octets each way are counted, in bulk too" {
	local file=$BATS_TEST_TMPDIR/data
	head -c 9000001 /dev/zero >"$file"
	spawn_saying "$PYTHON" "$LIB/target.py" web 127.0.0.1 0 "$file"
	TARGET_PORT=${SAID##*:}
	start_server --log -
	"$PYTHON" - "$PROXY_PORT" "$HELLO$(request $IP4 "$TARGET_PORT")" <<-'END'
		import socket, sys
		sock = socket.create_connection(("127.0.0.1", sys.argv[1]), 10)
		sock.sendall(bytes.fromhex(sys.argv[2]) + b"GET / HTTP/1.0\r\n\r\n")
		got = 0
		while data := sock.recv(1 << 20):
		    got += len(data)
		print(got - 12, file=open("/dev/stderr", "w"))
	END
	log_has 1
	[ "$(field up)" = 18 ] || fail "$LINE"
	[ "$(field down)" -gt 9000001 ] && [ "$(field down)" -lt 9000201 ] || fail "$LINE"
}

@test "the log: of a client on a Unix socket, and of IPv6" {
	need_ipv6
	start_target echo ::1
	LISTEN=unix:$BATS_TEST_TMPDIR/s start_server --log -
	asks "$OK6" $IP6 "$TARGET_PORT"
	log_has 1
	reads "id=[0-9]+ client=unix user=- .* target=\\[::1\\]:$TARGET_PORT \
actual=\\[::1\\]:$TARGET_PORT .*"
	stop_server
	LISTEN='[::1]:0' start_server --log -
	asks "$OK6" "$(name_of ::1)" "$TARGET_PORT"
	log_has 1
	reads "id=[0-9]+ client=\\[::1\\]:[0-9]+ user=- .* target=\\[::1\\]:$TARGET_PORT .*"
}

@test "the log: --log FILE goes on behind what is there; nothing on stdout" {
	local log=$BATS_TEST_TMPDIR/log
	echo "what was there" >"$log"
	start_server --log "$log"
	answers "05ff EOF" 050180
	stop_server
	[ "$(wc -l <"$log")" = 2 ]
	has_line '^what was there$' "$log"
	has_line 'end="no acceptable method"$' "$log"
	[ ! -s "$SERVER_OUT" ]
}

@test "the log: a log that cannot be written harms no session" {
	[ -e /dev/full ] || skip "this machine has no /dev/full"
	start_target echo
	start_server --log /dev/full
	asks "$OK4" $IP4 "$TARGET_PORT"
	asks "$OK4" $IP4 "$TARGET_PORT"
	stop_server
	[ "$(grep -c "No space left on device; sessions go on without a line" "$SERVER_LOG")" = 1 ] ||
		fail "$(cat "$SERVER_LOG")"
}

# refusals COUNT: so many sessions, each with a line of more than 1000 octets. (No name server is
# asked for a name that ends in a number.)
refusals() {
	"$PYTHON" - "$PROXY_PORT" "$1" "$HELLO" \
		"05010003fd$(printf 'ff%.0s' {1..251})2e310050" <<-'END'
		import socket, sys
		port, count, hello, request = sys.argv[1:]
		for _ in range(int(count)):
		    sock = socket.create_connection(("127.0.0.1", port), 10)
		    sock.sendall(bytes.fromhex(hello + request))
		    while sock.recv(100):
		        pass
		    sock.close()
	END
}

@test "the log: a pipe that nobody reads holds no session up, and the gap is told" {
	local pipe=$BATS_TEST_TMPDIR/pipe
	mkfifo "$pipe"
	start_server --log "$pipe" --workers 2
	refusals 1300
	spawn cat "$pipe"
	wait_until 5 has_line " lost=[0-9]* end=" "$OUT" || fail "$(tail -n 2 "$OUT")"
	refusals 1
	wait_until 5 eval '[[ $(tail -n 1 "$OUT") == *id=* ]]'
	[ "$(grep -c lost= "$OUT")" = 1 ]
	grep -qE "^$STAMP lost=[0-9]+ end=\"nobody read the log\"\$" "$OUT" || fail "$(grep lost "$OUT")"
	[ $(($(wc -l <"$OUT") - 1 + $(sed -n 's/.* lost=\([0-9]*\).*/\1/p' "$OUT"))) = 1301 ]
	[ "$(tail -n 2 "$OUT" | grep -c lost=)" = 1 ]
	stop_server
}

@test "the log: a pipe that nobody reads does not hold up the end" {
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	start_server --log "$BATS_TEST_TMPDIR/pipe" --workers 2
	refusals 200
	stop_server
}

@test "-v says each phase of a session with its time, names escaped, no password" {
	local who='session 1 from 127\.0\.0\.1:[0-9]* at [0-9]* ms' phase
	start_target echo
	start_server -v --workers 1 -u $'j\e:hush-hush'
	answers "05020100${OK4}6869 EOF" $HELLO_USER "$(login $'j\e' hush-hush)" \
		"$(request $IP4 "$TARGET_PORT")6869" eof
	for phase in 'method userpass' 'credentials of j\\x1b' "asked to connect $TARGET" \
		"open to $TARGET" 'closed; 2 octets up, 2 down'; do
		wait_until 5 has_line "^socks5 serve: $who: $phase\$" "$SERVER_LOG" ||
			fail "no '$phase': $(cat "$SERVER_LOG")"
	done
	! has_line hush "$SERVER_LOG" || fail "it tells the password"
}

@test "-v and a stderr that nobody reads: nothing is held up, nor the end" {
	local pipe=$BATS_TEST_TMPDIR/pipe status=0
	mkfifo "$pipe"
	exec 9<>"$pipe"
	PROXY_PORT=$(free_port)
	"$SOCKS5" serve -vv --workers 2 "127.0.0.1:$PROXY_PORT" 2>&9 9>&- 3>&- &
	SERVER_PID=$!
	echo "$SERVER_PID" >>"$BATS_TEST_TMPDIR/pids"
	wait_until 5 is_open 127.0.0.1 "$PROXY_PORT"
	refusals 200
	kill "$SERVER_PID"
	wait_until 10 is_gone "$SERVER_PID" || fail "it does not end"
	wait "$SERVER_PID" || status=$?
	exec 9>&-
	[ "$status" = 0 ] || fail "status $status"
}

# In a /dev of its own, with nobody at /dev/log, or the socket of a listener.
in_own_dev() {
	need unshare
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "no mounts of its own are to be had"
	mkdir "$BATS_TEST_TMPDIR/dev"
	mknod "$BATS_TEST_TMPDIR/dev/null" c 1 3 && mknod "$BATS_TEST_TMPDIR/dev/urandom" c 1 9 &&
		: >"$BATS_TEST_TMPDIR/dev/null" || skip "no devices of its own are to be had"
	# shellcheck disable=SC2016
	SERVE_WITH=(unshare -m sh -c 'mount --bind "$0/dev" /dev && exec "$@"' "$BATS_TEST_TMPDIR")
}

@test "the log: to syslog, each session a message of its own" {
	in_own_dev
	run timeout 10 "${SERVE_WITH[@]}" "$SOCKS5" serve --log syslog 127.0.0.1:0
	[ "$status" = 2 ] && [ ! -e syslog ] || fail "$status: $output"
	[[ $output == *"option --log: syslog: nobody takes it at /dev/log; name a FILE"* ]] ||
		fail "$output"
	spawn "$PYTHON" -uc 'import socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(sys.argv[1])
print("there")
while True:
    print(sock.recv(65536))' "$BATS_TEST_TMPDIR/dev/log"
	local said=$OUT
	wait_until 5 has_line there "$said"
	start_target echo
	start_server --log syslog
	asks "$OK4" $IP4 "$TARGET_PORT"
	asks "$(error 02)" $IP4 "$PROXY_PORT"
	wait_until 5 has_lines 3 "$said" || fail "$(cat "$said")"
	grep -qE "<30>.* socks5\\[$SERVER_PID\\]: id=[0-9]+ client=.* reply=00 .*end=\"closed\"" "$said" ||
		fail "$(cat "$said")"
	grep -qE "socks5\\[.* reply=02 .*end=\"denied: the proxy itself\"'" "$said" || fail "$(cat "$said")"
	stop_server
}

@test "the log: --log-format json: an object a line, with the same fields" {
	start_target echo
	start_server --auth none,userpass -u 'jo"e:x' --log - --log-format json --connect-timeout 1
	answers "05020100$OK4*" $HELLO_USER "$(login 'jo"e' x)$(request $IP4 "$TARGET_PORT")3131" eof
	asks "$(error '0[14]')" "$(name_of $'a"\\\n\xff.test')" 80
	answers " EOF" eof
	answers "0500$OK4 EOF" $HELLO 05030001000000000000 eof
	log_has 4
	"$PYTHON" -c 'import json, sys
good, name, empty, udp = map(json.loads, open(sys.argv[2]))
assert good["user"] == "jo\"e" and good["method"] == "userpass", good
assert good["command"] == "connect" and good["target"] == good["actual"] == sys.argv[1], good
assert (good["reply"], good["up"], good["down"], good["end"]) == (0, 2, 2, "closed"), good
assert good["client"].startswith("127.0.0.1:") and good["id"] > 0 and good["ms"] >= 0, good
assert good["time"].endswith("Z"), good
assert name["target"] == "a\"\\x5c\\x0a\\xff.test:80" and name["user"] is None, name
assert empty["method"] is empty["command"] is empty["target"] is empty["reply"] is None, empty
assert udp["command"] == "udp" and udp["datagrams_up"] == udp["dropped"] == 0, udp
' "$TARGET" "$SERVER_OUT" || fail "$(cat "$SERVER_OUT")"
}

@test "the log: udp is one word" {
	start_server --log -
	answers "0500$OK4 EOF" $HELLO 05030001000000000000 eof
	log_has 1
	[ "$(field command)" = udp ] || fail "$LINE"
}

@test "the log: lines of four workers and 400 sessions do not mix" {
	start_target echo
	start_server --workers 4 --log -
	"$PYTHON" "$LIB/load.py" sessions "$PROXY" "$TARGET" 400 50
	log_has 400
	[ "$(grep -cE "^$STAMP id=[0-9]+ client=[^ ]+ user=- method=none command=connect \
target=$TARGET actual=$TARGET reply=00 up=[0-9]+ down=[0-9]+ ms=[0-9]+ end=\"closed\"$" \
		"$SERVER_OUT")" = 400 ]
	[ "$(grep -oE ' id=[0-9]+' "$SERVER_OUT" | sort -u | wc -l)" = 400 ]
}

@test "SEC-7 names and users that want to forge a line are escaped" {
	start_server --auth none,userpass -u joe:x --log - --connect-timeout 1
	asks "$(error '0[14]')" "$(name_of $'a\nid=9 client=forged')" 80
	asks "$(error '0[14]')" "$(name_of $'\e[31mred\\')" 80
	asks "$(error '0[14]')" "$(name_of $'\xc3\xa9\xff.invalid')" 80
	asks "$(error '0[14]')" "$(name_of 'x" end="fine')" 80
	answers "05020101 EOF" $HELLO_USER "$(login $'joe\nid=7 \e]0;x\a' "$(printf 'p\n')")"
	answers "05020101 EOF" $HELLO_USER "$(login "$(printf '\x01%.0s' {1..255})" p)"
	answers "05020101 EOF" $HELLO_USER "$(login 'a b"c' p)"
	log_has 7
	[ "$(grep -cE "^$STAMP id=[0-9]+ client=[^ ]+ user=[^ ]+ method=[^ ]+ command=[^ ]+ \
target=[^ ]+ actual=[^ ]+ reply=[^ ]+ up=0 down=0 ms=[0-9]+ end=\"[^\"]*\"$" \
		"$SERVER_OUT")" = 7 ] || fail "$(cat "$SERVER_OUT")"
	! grep -n '[^ -~]' "$SERVER_OUT" || fail "raw octets in the log"
	has_line 'user=joe\\x0aid=7\\x20\\x1b\]0;x\\x07 ' "$SERVER_OUT"
	has_line 'target=\\x1b\[31mred\\x5c:80 ' "$SERVER_OUT"
}

@test "SEC-4 one deadline for the handshake, whatever the pace" {
	start_server --handshake-timeout 600ms --log -
	# shellcheck disable=SC2046 # a list of segments
	talk 05ff $(printf '00 wait:30 %.0s' {1..35})
	log_has 1
	[ "$(field end)" = "method list: client did not go on in time in the middle of it" ] ||
		fail "$LINE"
	[ "$(field ms)" -ge 600 ] && [ "$(field ms)" -lt 1600 ] || fail "$LINE"
	# From the beginning, not from the last message.
	talk $HELLO recv:2 wait:450 05 wait:100 01
	log_has 2
	[ "$(field end)" = "request: client did not go on in time in the middle of it" ] ||
		fail "$LINE"
	[ "$(field ms)" -ge 600 ] && [ "$(field ms)" -lt 1045 ] || fail "$LINE"
	# A client that says nothing and one that reads nothing.
	answers " EOF"
	log_has 3
	[ "$(field end)" = "method list: client did not go on in time" ] || fail "$LINE"
}

@test "SEC-5 --max-sessions: one more is closed at once, and room comes back" {
	local first
	start_target mute
	start_server --max-sessions 2 --workers 2 --log -
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" "$HELLO"
	first=$PID
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" "$HELLO$(request $IP4 "$TARGET_PORT")"
	wait_until 5 has_lines 2 "$TARGET_OUT"
	PATIENCE=2 answers " @(EOF|RST)"
	PATIENCE=2 answers " @(EOF|RST)" wait:20 05 wait:20 01 wait:20 00
	has_line "2 sessions: further clients are turned away" "$SERVER_LOG" ||
		fail "$(cat "$SERVER_LOG")"
	kill "$first" "$PID"
	log_has 2
	asks "$OK4" $IP4 "$TARGET_PORT"
}

ticks() {
	sed 's/.*) //' "/proc/$SERVER_PID/stat" | awk '{ print $12 + $13 }'
}

@test "SEC-6 descriptors run out: no busy loop, one warning, and it goes on by itself" {
	local before used
	start_target echo
	SERVE_WITH=(prlimit --nofile=30)
	start_server --workers 1 --handshake-timeout 30 --drain 0
	spawn_saying "$PYTHON" -c 'import socket, sys, signal
held = [socket.create_connection(("127.0.0.1", sys.argv[1])) for _ in range(60)]
print(len(held), flush=True)
signal.pause()' "$PROXY_PORT"
	wait_until 5 has_line 'cannot accept' "$SERVER_LOG"
	before=$(ticks)
	sleep 1
	used=$(($(ticks) - before))
	[ "$used" -le 5 ] || fail "$used of 100 ticks while nothing can be done"
	[ "$(grep -c 'cannot accept clients: Too many open files' "$SERVER_LOG")" = 1 ] ||
		fail "$(cat "$SERVER_LOG")"
	kill "$PID"
	wait_until 5 asks "$OK4" $IP4 "$TARGET_PORT"
	stop_server
}

@test "SEC-6 at the limit clients come and go: it is not told for each" {
	start_target echo
	SERVE_WITH=(prlimit --nofile=30)
	start_server --workers 1 --drain 0 --log -
	"$PYTHON" - "$PROXY_PORT" "$HELLO" <<-'END'
		import socket, sys
		port, hello = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
		held = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(60)]
		for sock in held:
		    sock.sendall(hello)
		for sock in held: # answered once those before it are gone
		    sock.settimeout(10)
		    assert sock.recv(2) == b"\5\0"
		    sock.close()
	END
	log_has 60
	[ "$(grep -c 'cannot accept clients' "$SERVER_LOG")" -le 2 ] || fail "$(cat "$SERVER_LOG")"
	has_line 'cannot accept clients' "$SERVER_LOG"
}

@test "SEC-6 a low limit of descriptors is raised as far as it may be" {
	SERVE_WITH=(prlimit --nofile=64:256)
	start_server
	[ "$(awk '/open files/ { print $4 }' "/proc/$SERVER_PID/limits")" = 256 ]
}

@test "SEC-13 a client that resets in any phase does not end the server" {
	local all i
	start_target echo
	start_server -u joe:x --auth userpass,none --log -
	all=$HELLO_USER$(login joe x)$(request $IP4 "$TARGET_PORT")6869
	for ((i = 0; i <= ${#all}; i += 4)); do
		talk ${all::i} rst
	done
	log_has $((${#all} / 4 + 1))
	grep -q '^SigIgn:.*1...$' "/proc/$SERVER_PID/status" || fail "SIGPIPE is not ignored"
	answers "05020100${OK4}6869 EOF" "$all" eof
	stop_server
}

@test "SEC-14 every descriptor but the first three is close-on-exec; nothing is started" {
	local fd flags inherited
	spawn sleep 5
	inherited=" $(ls "/proc/$PID/fd" | tr '\n' ' ')"
	start_target echo
	start_dns good.test=A:127.0.0.1,AAAA:SILENT
	LISTEN=unix:$BATS_TEST_TMPDIR/s start_server 127.0.0.1:0 --log "$BATS_TEST_TMPDIR/log" \
		--resolver "$DNS" --workers 2 --drain 0
	PROXY=$(sed -n 's/^socks5 serve: listening on \(127.*\)/\1/p' "$SERVER_LOG")
	spawn "$PYTHON" "$LIB/load.py" both "$PROXY" 2 $((1 << 30))
	spawn "$PYTHON" "$LIB/rawclient.py" "$PROXY" \
		"$HELLO$(request "$(name_of good.test)" "$TARGET_PORT")" wait:5000
	wait_until 5 has_pipes
	for fd in "/proc/$SERVER_PID/fdinfo"/*; do
		[[ $inherited != *" ${fd##*/} "* ]] || continue
		flags=$(awk '/^flags:/ { print $2 }' "$fd" 2>/dev/null) || continue
		((8#${flags:-02000000} & 8#2000000)) ||
			fail "$(readlink "/proc/$SERVER_PID/fd/${fd##*/}") has flags $flags"
	done
	[ -z "$(cat /proc/"$SERVER_PID"/task/*/children)" ]
}

# Two flows in bulk have borrowed their pipes.
has_pipes() {
	[ "$(readlink /proc/"$SERVER_PID"/fd/* | grep -c '^pipe:')" -gt 3 ]
}
