#!/usr/bin/env bats
# What the server costs, and how it bears more than it can take.
# check: alone

load ../lib/helper

load_with() {
	"$PYTHON" "$LIB/load.py" "$@"
}

# The server's resident memory in KiB, and its open descriptors.
memory() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$SERVER_PID/status"
}

descriptors() {
	ls "/proc/$SERVER_PID/fd" | wc -l
}

has_descriptors() {
	[ "$(descriptors)" -le "$1" ]
}

# Clock ticks (100 a second) of processor time that the server has used.
ticks() {
	# The name, in brackets, may hold blanks: count from behind it.
	sed 's/.*) //' "/proc/$SERVER_PID/stat" | awk '{ print $12 + $13 }'
}

# start_held COMMAND...: load.py in the background until let_go; SAID is its first line.
start_held() {
	mkfifo "$BATS_TEST_TMPDIR/held"
	exec 9<>"$BATS_TEST_TMPDIR/held"
	STDIN=$BATS_TEST_TMPDIR/held spawn "$PYTHON" "$LIB/load.py" "$@" 9>&-
	HELD=$PID
	wait_until 60 has_line . "$OUT" || fail "$* said nothing: $(cat "$ERR")"
	read -r SAID <"$OUT"
}

let_go() {
	echo >&9
	wait "$HELD"
}

@test "memory is given back: 5,000 sessions cost no more than 500" {
	local before after
	plain_only
	start_echo
	start_server
	load_with sessions "$PROXY" "$ECHO" 500
	sleep 0.5
	before=$(memory)
	load_with sessions "$PROXY" "$ECHO" 4500
	sleep 0.5
	after=$(memory)
	echo "$before KiB after 500 sessions, $after KiB after 5,000"
	[ "$after" -le $((before + 256)) ] || fail "it grew by $((after - before)) KiB"
	stop_server
}

@test "descriptors are given back: as many after 1,000 sessions as before" {
	local before
	start_echo
	start_server
	load_with sessions "$PROXY" "$ECHO" 10
	sleep 0.5
	before=$(descriptors)
	load_with sessions "$PROXY" "$ECHO" 1000
	wait_until 5 has_descriptors "$before" || fail "$before before, $(descriptors) after"
}

@test "1,000 slow handshakes at once: a good client is served in under 100 ms" {
	start_echo
	start_server --handshake-timeout 60
	load_with slow "$PROXY" "$ECHO" 1000 100
	load_with sessions "$PROXY" "$ECHO" 10
}

@test "5,000 slowloris: a good client is served, and they end in the handshake's time" {
	[ "$(ulimit -Hn)" -ge 6000 ] || skip "the hard limit of descriptors is $(ulimit -Hn)"
	start_server -u joe:secret --handshake-timeout 8 --log "$BATS_TEST_TMPDIR/log"
	start_held drip "$PROXY" 5000
	[ "$SAID" = "dripping: 5000" ] || fail "$SAID"
	"$PYTHON" "$LIB/login.py" good "$PROXY" joe secret 50
	wait_until 20 has_line 'method list: client did not go on in time' "$BATS_TEST_TMPDIR/log"
	let_go
	wait_until 20 has_descriptors 100 || fail "$(descriptors) are still open"
}

@test "1,000 wrong passwords: a good client is let in meanwhile" {
	umask 077
	"$SOCKS5" passwd --cost 1 --password pass:secret joe >"$BATS_TEST_TMPDIR/users"
	start_server --users "$BATS_TEST_TMPDIR/users" --handshake-timeout 60
	spawn "$PYTHON" "$LIB/login.py" guess "$PROXY" 1000
	local guesser=$PID said=$OUT
	"$PYTHON" "$LIB/login.py" good "$PROXY" joe secret 50
	wait "$guesser" || fail "$(cat "$said" "$ERR")"
	[ "$(cat "$said")" = "1000 answers, 1000 refusals" ] || fail "$(cat "$said")"
}

# What SIGHUP reads is now good, now bad.
@test "SIGHUP under load: 200 tunnels and 500 new sessions a second lose nothing" {
	local rules=$BATS_TEST_TMPDIR/rules n=0
	start_echo
	echo 'deny to=10.0.0.0/8' >"$rules"
	start_server --rules "$rules"
	spawn "$PYTHON" "$LIB/load.py" steady "$PROXY" "$ECHO" 200 500 4
	local load=$PID said=$OUT
	wait_until 20 has_line steady "$said"
	while ! is_gone "$load"; do
		n=$((n + 1))
		case $((n % 3)) in
		0) echo nonsense ;;
		*) echo "deny to=10.$((n % 256)).0.0/16" ;;
		esac >"$rules"
		kill -HUP "$SERVER_PID"
		sleep 0.03
	done
	wait "$load" || fail "$(cat "$said")"
	grep -q '200 tunnels and 2000 sessions, 0 lost' "$said" || fail "$(cat "$said")"
	echo "read again $(grep -c 'read again' "$SERVER_LOG") times, refused $(grep -c 'as it was before' "$SERVER_LOG")"
	[ "$(grep -c 'read again' "$SERVER_LOG")" -ge 20 ] || fail "$(tail -n 5 "$SERVER_LOG")"
	[ "$(grep -c 'as it was before' "$SERVER_LOG")" -ge 10 ] || fail "$(tail -n 5 "$SERVER_LOG")"
	stop_server
}

@test "no descriptor left for clients: it neither spins nor dies, and goes on by itself" {
	local before used
	start_echo
	SERVE_WITH=(prlimit --nofile=64)
	start_server --handshake-timeout 60 --workers 2
	start_held crowd "$PROXY" 200
	sleep 0.5
	before=$(ticks)
	sleep 3
	used=$(($(ticks) - before))
	echo "$used ticks of 300, $(descriptors) descriptors of 64"
	[ "$(descriptors)" -ge 64 ] || fail "it has $(descriptors) descriptors, not all 64"
	[ "$used" -lt 15 ] || fail "it spins: $used ticks in 3 s"
	is_gone "$SERVER_PID" && fail "it died: $(cat "$SERVER_LOG")"
	let_go
	wait_until 10 load_with sessions "$PROXY" "$ECHO" 10 5
	stop_server
}

@test "no descriptor left for targets: the client is told, and it goes on by itself" {
	start_echo
	SERVE_WITH=(prlimit --nofile=64)
	start_server --workers 1
	run load_with hold "$PROXY" "$ECHO" 60
	[ "$status" = 1 ] || fail "60 tunnels within 64 descriptors: $output"
	[[ $output == *"answer 0500"* ]] || fail "no reply, but $output"
	wait_until 10 load_with sessions "$PROXY" "$ECHO" 10 5
	stop_server
}

@test "20,000 descriptors carry 9,900 tunnels" {
	local before
	[ "$(ulimit -Hn)" -ge 20000 ] || skip "the hard limit of descriptors is $(ulimit -Hn)"
	start_echo
	SERVE_WITH=(prlimit --nofile=20000)
	start_server --workers 2
	before=$(descriptors)
	start_held hold "$PROXY" "$ECHO" 9900
	[ "$SAID" = "held 9900 tunnels" ] || fail "$SAID"
	echo "$(descriptors) descriptors, $(memory) KiB"
	[ "$(descriptors)" -ge 19800 ] || fail "$(descriptors) descriptors for 9,900 tunnels"
	let_go
	wait_until 20 has_descriptors $((before + 10)) || fail "$(descriptors) are still open"
	load_with sessions "$PROXY" "$ECHO" 10
	stop_server
}
