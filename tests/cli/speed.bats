#!/usr/bin/env bats
# socks5 speed: what is measured and what is told, not how much that is.
# check: waits

load ../lib/helper
load ../lib/serve

bats_require_minimum_version 1.5.0

# speeds [OPTION]... : a short run through $PROXY. LINES of stdout are bats's, stderr its own.
speeds() {
	run --separate-stderr timeout 60 "$SOCKS5" speed -x "$PROXY" --seconds 0.1 "$@"
}

# measures JQ [OPTION]...: the run is good, and what it says in JSON fits the filter, line by line.
measures() {
	local filter=$1
	shift
	need jq
	speeds --json "$@"
	[ "$status" = 0 ] || fail "status $status: $stderr"
	[ -z "$stderr" ] || fail "it said: $stderr"
	jq -e -s "$filter" <<<"$output" >"$BATS_TEST_TMPDIR/jq" || fail "$filter does not fit: $output"
}

# fails STATUS PATTERN [OPTION]...: so, with one line on stderr, and no figures.
fails() {
	local want=$1 pattern=$2
	shift 2
	speeds "$@"
	[ "$status" = "$want" ] || fail "status $status, not $want: $stderr"
	[ -z "$output" ] || fail "figures: $output"
	# shellcheck disable=SC2053,SC2154 # a pattern is meant; bats sets stderr
	[[ $stderr == $pattern ]] || fail "it said: $stderr"
}

@test "each measure, one object a line: what it is, what was done, how long each phase took" {
	local phases='(.us | .connect, .negotiate, .request, .first_octet)'
	local good='.count >= 1 and .min <= .p50 and .p50 <= .p90 and .p90 <= .p99 and .p99 <= .p999
		and .p999 <= .max and .min > 0'
	start_server
	measures '[.[] | .measure] == ["bulk", "conn", "rr", "udp", "idle"]' --streams 3 \
		bulk conn rr udp idle
	jq -e -s 'all(.[]; .streams == 3 and .seconds >= 0.1 and .failed == 0 and
		.own_cpu_seconds >= 0 and (has("server") | not))' <<<"$output"
	jq -e -s 'all(.[]; .measure == "idle" or (.done > 0 and .per_second > 0))' <<<"$output"
	jq -e -s "all(.[] | select(.measure != \"udp\") | $phases; $good)" <<<"$output"
	jq -e -s 'all(.[] | select(.measure != "conn") | .us.connect; .count == 3)' <<<"$output"
	jq -e -s ".[1].us.in_all | $good" <<<"$output"
	jq -e -s "all(.[2, 3].us.round_trip; $good)" <<<"$output"
	jq -e -s '.[3] | .sent > 0 and .lost <= .sent' <<<"$output"
	jq -e -s '.[0] | .direction == "down" and .unit == "octet"' <<<"$output"
}

@test "without a name: all of them, bulk both ways" {
	start_server
	measures '[.[] | [.measure, .direction]] == [["bulk", "down"], ["bulk", "up"], ["conn", null],
		["rr", null], ["udp", null], ["idle", null]]' --streams 2
}

@test "--upload: the target gets it" {
	start_server --log -
	measures '.[0].direction == "up" and .[0].done > 0' --upload --streams 2 bulk
	wait_until 5 has_lines 2 "$SERVER_OUT"
	grep -qE 'up=[0-9]{6,} down=0 ' "$SERVER_OUT" || fail "$(cat "$SERVER_OUT")"
}

@test "--bytes: round trips and datagrams of that size, large ones too" {
	start_server --log -
	measures 'all(.[]; .bytes == 200000 and .done > 0 and .failed == 0)' --bytes 200000 \
		--streams 2 rr conn
	measures '.[0].bytes == 1400 and .[0].done > 0' --bytes 1400 --window 3 udp
	measures '.[0].bytes == 65497 and .[0].done > 0' --bytes 65497 --window 1 udp
	fails 2 '*: a datagram takes at most 65497 octets there (--bytes)' --bytes 65498 udp
}

@test "--associations: idle ones" {
	start_server
	measures '.[0].stream == "association" and .[0].streams == 20' --associations --streams 20 idle
}

@test "userpass" {
	start_server -u joe:secret
	measures 'length == 3 and all(.[]; .failed == 0)' -u joe:secret --streams 2 bulk conn udp
}

@test "through a chain of two, datagrams too, and over a Unix socket" {
	local last
	start_server
	last=$PROXY
	start_server
	measures 'all(.[]; .failed == 0 and .done > 0)' -x "$last" --streams 2 rr conn udp
	LISTEN=unix:$BATS_TEST_TMPDIR/socket start_server
	measures 'all(.[]; .failed == 0 and .done > 0)' --streams 2 rr udp
}

@test "--direct: the floor, without any proxy's phases" {
	need jq
	run --separate-stderr "$SOCKS5" speed --direct --seconds 0.1 --json --streams 2
	[ "$status" = 0 ] || fail "$stderr"
	jq -e -s 'length == 6 and all(.[].us; (has("negotiate") or has("request")) | not)' <<<"$output"
	jq -e -s 'all(.[] | select(.measure != "idle"); .done > 0)' <<<"$output"
}

@test "--target: it is loaded, and told nothing" {
	start_target echo
	start_server --log -
	measures '.[0].done > 0 and .[0].failed == 0' --target "$TARGET" --streams 2 rr
	wait_until 5 has_line "target=$TARGET " "$SERVER_OUT" || fail "$(cat "$SERVER_OUT")"
	measures '.[0].done > 0 and .[0].failed == 0' --target "$TARGET" --streams 2 conn
}

@test "--pid: what each unit of work costs the server" {
	start_server
	measures '(.[0].server | .cpu_seconds_per_gib > 0 and .cpu_seconds > 0) and
		(.[1].server.cpu_us_per_unit > 0) and (.[2].server | has("memory_kib_per_stream")) and
		all(.[].server; .pid == '"$SERVER_PID"' and .memory_kib > 0 and .processes == 1)' \
		--pid "$SERVER_PID" --streams 4 bulk rr idle
	speeds --pid "$SERVER_PID" --streams 4 bulk conn rr idle
	[[ $output == *"server's CPU "*" s a GiB, "*" us a connection, "*" us a round trip, "* ]] ||
		fail "$output"
	[[ $output == *"server's memory "*" KiB more for a tunnel"* ]] ||
		fail "$output"
}

@test "--pid: children are charged, too" {
	local parent
	start_server
	spawn sh -c '"$0" serve -q 127.0.0.1:0 & wait' "$SOCKS5"
	parent=$PID
	# It is not this one that is loaded: what counts is who belongs to it.
	wait_until 5 pgrep -P "$parent" >/dev/null
	measures '.[0].server.processes == 2' -q --pid "$parent" --streams 1 rr
	# So it takes nothing, which is told.
	speeds --pid "$parent" --streams 1 rr
	[ "$status" = 0 ]
	[ "$stderr" = "socks5 speed: rr: process $parent took no CPU; is it the server?" ] || fail "$stderr"
	pkill -P "$parent"
}

@test "a process that is not there, or ours: status 2" {
	start_server
	fails 2 'socks5 speed: option --pid: 2147483646: there is no such process, or it is ours' \
		--pid 2147483646
}

@test "a table: title, heads, a row for each phase" {
	start_server
	speeds --streams 12 rr
	[ "$status" = 0 ]
	[[ ${lines[0]} =~ ^rr,\ 12\ tunnels,\ 64\ octets,\ 0\.[0-9]\ s:\ [0-9,]+\ round\ trips/s$ ]] ||
		fail "${lines[0]}"
	[[ ${lines[1]} =~ ^\ +p50\ +p90\ +p99\ +p99\.9\ +max$ ]] || fail "${lines[1]}"
	fits "$(printf '%s\n' "${lines[@]:2}")" "  connect *" "  negotiate *" "  request *" \
		"  first octet *" "  round trip *" "  our own CPU * processors"
	! grep -q '.\{81\}' <<<"$output" || fail "wider than 80 columns: $output"
}

@test "--histogram: drawn, and no wider than the terminal; none elsewhere" {
	start_server
	speeds --streams 2 --histogram rr
	grep -qE '^ +[0-9.]+ [um]?s - [0-9.]+ [um]?s +[0-9.]+ %  #+$' <<<"$output" || fail "$output"
	! grep -q '.\{81\}' <<<"$output" || fail "wider than 80 columns: $output"
	speeds --streams 2 rr
	! grep -q '#' <<<"$output" || fail "$output"
}

@test "progress on a terminal, and nowhere else" {
	local tty=$BATS_TEST_TMPDIR/tty
	start_server
	"$LIB/terminal.py" "$tty" -- "$SOCKS5" speed -x "$PROXY" --seconds 1 rr \
		>"$BATS_TEST_TMPDIR/figures"
	grep -qE 'socks5 speed: rr, 0\.[0-9] of 1\.0 s: [0-9,]+ round trips/s' "$tty" || fail "$(cat "$tty")"
	grep -q '^rr, ' "$BATS_TEST_TMPDIR/figures"
	speeds rr
	[ -z "$stderr" ]
}

@test "a dead proxy: status 1, said once" {
	PROXY=127.0.0.1:$(free_port)
	fails 1 "socks5 speed: proxy $PROXY: connect: *refused*"
}

@test "a wrong password: status 3, and asked once" {
	start_server -u joe:secret --log -
	fails 3 "socks5 speed: proxy $PROXY: credentials: *'joe'*" -u joe:wrong
	log_has 1
}

@test "a target that refuses: status 15, and the next measure is tried" {
	local port
	port=$(free_port)
	start_server
	speeds --target "127.0.0.1:$port" rr conn
	[ "$status" = 15 ] || fail "$status: $stderr"
	[ -z "$output" ]
	[ "$(grep -c 'REP 05' <<<"$stderr")" = 2 ] || fail "$stderr"
}

@test "some fail: counted, the first told, the status is its, the figures are of the others" {
	start_server --max-sessions 3
	speeds --json --streams 8 rr
	[ "$status" != 0 ]
	[[ $stderr == "socks5 speed: rr: 5 of 8 tunnels failed; the first: proxy $PROXY: "* ]] ||
		fail "$stderr"
	jq -e '.streams == 3 and .failed == 5 and .done > 0 and (.failure | length > 0)' <<<"$output"
}

# dies SIGNAL MEASURE...: the proxy, while it is being measured.
dies() {
	local signal=$1 status=0
	shift
	start_server
	spawn timeout 60 "$SOCKS5" speed -x "$PROXY" --seconds 30 -w 2 "$@"
	sleep 0.7
	kill "-$signal" "$SERVER_PID"
	wait_until 20 is_gone "$PID" || fail "it goes on"
	wait "$PID" || status=$?
	# In the middle of a dialogue that is a breach of the protocol.
	[ "$status" = 1 ] || [ "$status" = 4 ] || fail "status $status: $(cat "$ERR")"
	grep -qE "^socks5 speed: $1( down)?: .* failed(; the first)?: proxy $PROXY: " "$ERR" || fail "$(cat "$ERR")"
}

@test "a proxy that dies in the middle ends it, with what is known" {
	local measure
	for measure in bulk conn rr udp; do
		dies KILL $measure
		grep -q "^$measure" "$OUT" || fail "no figures of $measure: $(cat "$OUT")"
	done
}

@test "Ctrl-C: what is known is told, and it dies by the signal" {
	local status=0
	start_server
	spawn "$SOCKS5" speed -x "$PROXY" --seconds 30 rr conn
	sleep 0.7
	kill -INT "$PID"
	wait_until 10 is_gone "$PID" || fail "it goes on"
	wait "$PID" || status=$?
	[ "$status" = 130 ] || fail "status $status: $(cat "$ERR")"
	grep -q '^rr, 16 tunnels, 64 octets, ' "$OUT" || fail "$(cat "$OUT")"
	! grep -q '^conn' "$OUT" || fail "$(cat "$OUT")"
	! pgrep -P "$PID" || fail "the target is still there"
	grep -qE '^socks5 speed: rr: stopped after [0-9.]+ of 30.0 s$' "$ERR" || fail "$(cat "$ERR")"
	grep -qx 'socks5 speed: not measured: conn' "$ERR" || fail "$(cat "$ERR")"
}

# stalls TEXT [OPTION]...: the server stands still while that is measured, which is told.
stalls() {
	local text=$1 status=0
	shift
	spawn "$SOCKS5" speed -x "$PROXY" --seconds 5 --json "$@"
	sleep 1.2
	kill -STOP "$SERVER_PID"
	wait_until 20 is_gone "$PID" || fail "it goes on"
	kill -CONT "$SERVER_PID"
	wait "$PID" || status=$?
	[ "$status" = 1 ] || fail "status $status: $(cat "$ERR")"
	[ "$(cat "$ERR")" = "socks5 speed: $text had no answer for a second or longer" ] || fail "$(cat "$ERR")"
}

@test "a proxy that stalls is told, and what is waited for counts" {
	start_server
	stalls 'rr: 16 of 16 tunnels' rr
	jq -e '.stalled == 16 and .us.round_trip.max > 1000000' "$OUT" || fail "$(cat "$OUT")"
}

@test "a stall is seen in bulk, both ways, and before a tunnel rests" {
	start_server
	stalls 'bulk down: 1 of 1 tunnel' bulk
	jq -e '.stalled == 1' "$OUT" || fail "$(cat "$OUT")"
	stalls 'bulk up: 1 of 1 tunnel' --upload bulk
	start_fake hello send:0500 request send:05000001000000000000 stall
	run -1 --separate-stderr "$SOCKS5" speed -x "$FAKE" --seconds 1 --streams 1 --json idle
	[ "$stderr" = "socks5 speed: idle: 1 of 1 tunnel had no answer for a second or longer" ] || fail "$stderr"
}

@test "datagrams that come twice count once, and hide no loss" {
	spawn_saying "$PYTHON" -u -c 'import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 0))
print("%s:%d" % sock.getsockname())
n = 0
while True:
    data, peer = sock.recvfrom(65536)
    n += 1
    for _ in range(2 * (n % 2)):
        sock.sendto(data, peer)'
	run --separate-stderr timeout 60 "$SOCKS5" speed --direct --target "$SAID" --seconds 0.5 --json udp
	[ "$status" = 0 ] || fail "$stderr"
	jq -e '.done <= .sent / 2 * 1.1 and .lost >= .sent / 2 * 0.9' <<<"$output" || fail "$output"
}

@test "a target that says more than it was told is no echo" {
	local kind
	spawn_saying "$PYTHON" -u -c 'import socket
listener = socket.create_server(("127.0.0.1", 0))
print("%s:%d" % listener.getsockname())
while True:
    client, _ = listener.accept()
    try:
        while data := client.recv(65536):
            client.sendall(data + data)
    except OSError:
        pass'
	for kind in rr conn; do
		run --separate-stderr timeout 60 "$SOCKS5" speed --direct --target "$SAID" --seconds 0.1 --streams 1 "$kind"
		[ "$status:$output" = 1: ] || fail "$status: $output"
		[[ $stderr == *"the tunnel gives back what was not said: it is no echo"* ]] || fail "$stderr"
	done
}

@test "a full disk is told with its cause, and ends the measures" {
	start_server
	run --separate-stderr sh -c '"$SOCKS5" speed -x "$PROXY" --seconds 0.1 rr conn >/dev/full'
	[ "$status" = 1 ]
	[ "$stderr" = "socks5 speed: standard output: No space left on device
socks5 speed: not measured: conn" ] || fail "$stderr"
}

@test "what a server's ended process took is unknown, not less than nothing" {
	local server status=0
	start_server
	cd "$BATS_TEST_TMPDIR"
	# A process of this one has burnt before it is measured, and ends meanwhile where nobody waits for it.
	spawn "$PYTHON" -c 'import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    open("burnt", "w")
    while not os.path.exists("end"):
        time.sleep(0.01)
    os._exit(0)
time.sleep(60)'
	wait_until 20 test -e burnt
	server=$PID
	spawn "$SOCKS5" speed -x "$PROXY" --seconds 3 --json --pid "$server" --streams 1 rr
	sleep 1.5
	touch end
	wait "$PID" || status=$?
	[ "$status" = 0 ] || fail "$(cat "$ERR")"
	jq -e '.server.cpu_seconds == null and .server.cpu_us_per_unit == null' "$OUT" || fail "$(cat "$OUT")"
}

@test "mistakes: status 2, and what to do" {
	PROXY=127.0.0.1:1
	fails 2 "socks5 speed: measure 'blk' is unknown (did you mean bulk?), it must be bulk, conn, rr, udp or idle" blk
	fails 2 'socks5 speed: an address is no measure: a proxy stands behind -x, a target behind --target' 127.0.0.1:1
	fails 2 'socks5 speed: option --streams: *' --streams 0 rr
	fails 2 'socks5 speed: option --bytes: udp takes 4 to 65507 octets' --bytes 3 udp
	fails 2 'socks5 speed: option --bytes: udp takes 4 to 65507 octets' --bytes 70000
	fails 2 'socks5 speed: option --bytes: *' --bytes 0 rr
	fails 2 'socks5 speed: option --bytes: idle carries nothing' --bytes 5 idle
	fails 2 'socks5 speed: option --window: it is for udp' --window 5 rr
	fails 2 'socks5 speed: option --histogram: it is for conn, rr and udp' --histogram bulk idle
	fails 2 'socks5 speed: option --upload: it is for bulk' --upload rr
	fails 2 'socks5 speed: option --associations: it is for idle' --associations rr
	fails 2 'socks5 speed: option --histogram: *' --json --histogram rr
	fails 2 'socks5 speed: option --target: PORT is missing' --target host
	fails 2 'socks5 speed: option --seconds: *' --seconds 0
	fails 2 'socks5 speed: options --direct and --proxy exclude each other' --direct
	ulimit -n 100
	fails 2 'socks5 speed: option --streams: only 100 files may be open at a time, *' --streams 101 rr
}
