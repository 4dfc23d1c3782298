#!/usr/bin/env bats
# socks5 serve --metrics: counters for Prometheus, and /healthz.

load ../lib/helper
load ../lib/serve

# start_counted OPTION...: a server; METRICS is where its counters are.
start_counted() {
	start_server --metrics 0 "$@"
	METRICS=$(sed -n 's/^socks5 serve: metrics: listening on //p' "$SERVER_LOG")
	[ -n "$METRICS" ] || fail "$(cat "$SERVER_LOG")"
}

# counts NAME[{LABELS}] VALUE: so it says, by and by.
counts() {
	wait_until 5 says "$@" || fail "not $*: $(curl -s "http://$METRICS/metrics")"
}

says() {
	curl -s "http://$METRICS/metrics" | grep -qxF -- "socks5_$1 $2"
}

setup() {
	need curl
}

@test "sessions and octets are counted, those of a session that goes on, too" {
	start_target echo
	start_counted --workers 2
	counts sessions 0
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" "$HELLO$(request $IP4 "$TARGET_PORT")" recv:12 3131313131
	counts 'octets_total{direction="up"}' 5
	counts 'octets_total{direction="down"}' 5
	counts sessions 1
	counts 'requests_total{command="connect",reply="00"}' 0
	kill "$PID"
	counts sessions 0
	counts 'requests_total{command="connect",reply="00"}' 1
	# What came with the request counts as well.
	answers "0500${OK4}3132 EOF" "$HELLO$(request $IP4 "$TARGET_PORT")3132" eof
	counts 'octets_total{direction="up"}' 7
	counts clients_total 2
}

@test "refusals of every kind are counted" {
	start_counted -u joe:x --deny to=10.0.0.0/8 --max-sessions 1
	answers "05020101 EOF" $HELLO_USER "$(login joe wrong)" eof
	counts credentials_refused_total 1
	counts sessions 0
	answers "05020100$(error 02) EOF" $HELLO_USER "$(login joe x)$(request 010a000001 80)" eof
	counts 'requests_total{command="connect",reply="02"}' 1
	counts sessions 0
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" $HELLO_USER recv:20
	counts sessions 1
	answers ' @(EOF|RST)' eof
	counts 'turned_away_total{limit="max-sessions"}' 1
	counts 'turned_away_total{limit="max-per-client"}' 0
}

@test "datagrams are counted" {
	start_counted
	"$PYTHON" "$LIB/associate.py" "$PROXY" sock:t=127.0.0.1 "send:000000{t}010203" get@t \
		'send:00000001e000000100090102' fin
	counts 'datagrams_total{direction="up"}' 1
	counts 'octets_total{direction="up"}' 3
	counts datagrams_dropped_total 1
	counts 'requests_total{command="udp",reply="00"}' 1
}

@test "each line is one that Prometheus takes, each name explained once" {
	start_counted
	curl -s "http://$METRICS/metrics" >"$BATS_TEST_TMPDIR/text"
	! grep -vE '^(# (HELP socks5_[a-z_]+ [A-Z].*\.|TYPE socks5_[a-z_]+ (counter|gauge))|socks5_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9]+)$' \
		"$BATS_TEST_TMPDIR/text" || fail "what is that?"
	diff <(sed -n 's/^# HELP \([a-z0-9_]*\) .*/\1/p' "$BATS_TEST_TMPDIR/text" | sort) \
		<(sed -n 's/^\(socks5_[a-z_]*\).*/\1/p' "$BATS_TEST_TMPDIR/text" | sort -u)
	curl -sI "http://$METRICS/metrics" | grep -q '^Content-Type: text/plain; version=0.0.4'
}

@test "/healthz says ok, other pages what there is" {
	start_counted
	[ "$(curl -s "http://$METRICS/healthz")" = ok ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$METRICS/")" = 404 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -X POST -d x "http://$METRICS/metrics")" = 405 ]
}

@test "who reads nothing, or says nothing, holds neither the proxy nor the counters up" {
	start_target echo
	start_counted
	for _ in 1 2 3 4 5 6 7 8; do
		spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$METRICS" recv:1
	done
	asks "$OK4" $IP4 "$TARGET_PORT"
	counts 'requests_total{command="connect",reply="00"}' 1
	stop_server
}

# Clients of the proxy take all descriptors; one of the counters finds none.
@test "no descriptor left: it does not spin, and ends at SIGTERM" {
	local before used
	plain_only
	SERVE_WITH=(prlimit --nofile=40)
	start_counted --workers 1 --drain 100ms --handshake-timeout 60
	spawn "$PYTHON" -uc 'import socket, sys, time
host, port = sys.argv[1].split(":")
held = [socket.create_connection((host, int(port))) for _ in range(40)]
print("held")
time.sleep(20)' "$PROXY"
	wait_until 10 has_line held "$OUT"
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$METRICS" recv:1
	sleep 0.3
	before=$(sed 's/.*) //' "/proc/$SERVER_PID/stat" | awk '{ print $12 + $13 }')
	sleep 1.5
	used=$(($(sed 's/.*) //' "/proc/$SERVER_PID/stat" | awk '{ print $12 + $13 }') - before))
	[ "$used" -lt 30 ] || fail "it spins: $used ticks in 1.5 s"
	stop_server
}

@test "SEC-2 nobody is connected to it through the proxy" {
	start_counted --log -
	asks "$(error 02)" $IP4 "${METRICS##*:}"
	log_has 1
	[ "$(field end)" = "denied: the proxy itself" ] || fail "$LINE"
}

@test "an address that is none, or taken" {
	run timeout 10 "$SOCKS5" serve --metrics x:y 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"option --metrics: x:y: "* ]] || fail "$output"
	start_counted
	run timeout 10 "$SOCKS5" serve --metrics "$METRICS" 127.0.0.1:0
	[ "$status" = 1 ]
	[[ $output == *"option --metrics: cannot listen on $METRICS: Address already in use"* ]] || fail "$output"
}
