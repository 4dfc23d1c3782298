#!/usr/bin/env bats
# socks5 decode and what tcpdump captures of servers and clients, ours and of others.

load ../lib/helper
load ../lib/capture
load ../lib/udp
load ../lib/bind
load ../lib/sshd

HELLO="client method list version=5 auth_method_count=1 auth_method=0"
CHOICE="server method choice version=5 auth_accepted_method=0"
# What curl begins with, who offers GSSAPI, too.
CURL=("client method list version=5 auth_method_count=2 auth_method=0,1" "$CHOICE")
DATA=("client data" "server data")

# request COMMAND ADDRESS...: how a request is told.
request() {
	echo "client request version=5 command=$1 reserved=0 ${*:2}"
}

# reply REP [WHICH]: "second " or none.
reply() {
	echo "server ${2:-}reply version=5 results=$1 reserved=0 address_type=1 dst=*"
}

to4() {
	echo "address_type=1 dst=127.0.0.1 port=$1"
}

to_name() {
	echo "address_type=3 remote_name_length=${#1} remote_name=$1 port=$2"
}

# gets OPTION...: curl, which must end with status $WANT, or else 0.
gets() {
	need curl
	run timeout 30 curl -sS --max-time 20 "$@"
	[ "$status" = "${WANT:-0}" ] || fail "curl ended with status $status: $output"
}

# captured URL PROXY OPTION...: what curl does with our server is in $CAPTURE. % is the server.
captured() {
	start_capture "tcp port $PROXY_PORT"
	gets -x "${2//%/$PROXY}" "${@:3}" "$1"
	stop_capture
}

# Our server with $RELAY for the datagrams, and the target that gives them back.
start_for_datagrams() {
	RELAY=$(free_port)
	start_datagrams
	start_server --udp-ports "$RELAY"
	start_capture "tcp port $PROXY_PORT or udp port $RELAY"
}

datagram() {
	echo "$1 datagram reserved=0 fragment_number=$2 address_type=1 dst=127.0.0.1 dstport=$TARGET_PORT"
}

@test "curl socks5, our server: an IPv4 target" {
	start_web
	start_server
	captured "http://$WEB/" socks5://%
	tells "${CURL[@]}" "$(request 1 "$(to4 "$WEB_PORT")")" "$(reply 0)" "${DATA[@]}"
	agrees
}

@test "curl socks5h: a name" {
	start_web
	start_server
	captured "http://localhost:$WEB_PORT/" socks5h://%
	tells "${CURL[@]}" "$(request 1 "$(to_name localhost "$WEB_PORT")")" "$(reply 0)" "${DATA[@]}"
	agrees
}

@test "curl socks5: IPv6, and a server on it" {
	need_ipv6
	local target="address_type=4 dstV6=::1 port="
	start_web ::1
	LISTEN='[::1]:0' start_server
	captured "http://$WEB/" "socks5://%" --globoff
	tells "${CURL[@]}" "$(request 1 "$target$WEB_PORT")" \
		"server reply version=5 results=0 reserved=0 $target*" "${DATA[@]}"
	agrees
}

@test "curl: a refusal" {
	local port
	port=$(free_port)
	start_server
	WANT=97 captured "http://127.0.0.1:$port/" socks5://%
	tells "${CURL[@]}" "$(request 1 "$(to4 "$port")")" "$(reply 5)"
	agrees
}

@test "curl -U: user and password, right and wrong; the password is hidden" {
	local told=("client method list version=5 auth_method_count=3 auth_method=0,1,2"
		"server method choice version=5 auth_accepted_method=2"
		"client credentials subnegotiation_version=1 username_length=3 username=joe *=(hidden)")
	start_web
	start_server -u joe:secret
	captured "http://$WEB/" socks5h://% -U joe:secret
	tells "${told[@]}" "server status subnegotiation_version=1 auth_status=0" \
		"$(request 1 "$(to4 "$WEB_PORT")")" "$(reply 0)" "${DATA[@]}"
	agrees
	WANT=97 captured "http://$WEB/" socks5h://% -U joe:wrong
	tells "${told[@]}" "server status subnegotiation_version=1 auth_status=1"
	agrees
	[[ $(decode --secrets) == *'"socks.password":"wrong"'* ]] || fail "no password"
}

@test "curl -U where users are not wanted: no method is acceptable" {
	start_server -u joe:secret
	WANT=97 captured http://127.0.0.1:9/ socks5h://%
	tells "${CURL[0]}" "server method choice version=5 auth_accepted_method=255"
	agrees
}

@test "curl, danted: SOCKS4, SOCKS5" {
	local told="client request version=4 command=1 dstport="
	start_web
	start_danted
	PROXY_PORT=${PROXY##*:}
	captured "http://$WEB/" socks4://joe@%
	tells "$told$WEB_PORT dst=127.0.0.1 username=joe" \
		"server reply version=0 results=90 dstport=* dst=*" "${DATA[@]}"
	agrees
	captured "http://localhost:$WEB_PORT/" socks5h://%
	tells "${CURL[@]}" "$(request 1 "$(to_name localhost "$WEB_PORT")")" "$(reply 0)" "${DATA[@]}"
	agrees
}

# Dante takes SOCKS4a for SOCKS4, and 0.0.0.1 for the target.
@test "curl, ssh -D: SOCKS4a" {
	local told
	start_web
	start_sshd
	PROXY_PORT=$(free_port)
	PROXY=127.0.0.1:$PROXY_PORT
	spawn "${SSH[@]}" -N -D "$PROXY" "$(id -un)@127.0.0.1"
	wait_for_port 127.0.0.1 "$PROXY_PORT"
	captured "http://localhost:$WEB_PORT/" socks4a://joe@%
	told="client request version=4 command=1 dstport=$WEB_PORT dst=0.0.0.* username=joe"
	tells "$told v4a_dns_name=localhost" \
		"server reply version=0 results=90 dstport=0 dst=0.0.0.0" "${DATA[@]}"
	agrees
}

@test "curl, danted: SOCKS4 refused" {
	local port
	port=$(free_port)
	start_danted
	PROXY_PORT=${PROXY##*:}
	WANT=97 captured "http://127.0.0.1:$port/" socks4://%
	tells "client request version=4 command=1 dstport=$port dst=127.0.0.1 username=" \
		"server reply version=0 results=91 dstport=* dst=*"
	agrees
}

@test "socks5 bind: both replies, and the octets behind them" {
	start_server
	start_capture "tcp port $PROXY_PORT"
	STDIN=<(echo up) start_bind -N -x "$PROXY" 127.0.0.1
	echo down | meet
	bind_ends 0
	stop_capture
	tells "$HELLO" "$CHOICE" "$(request 2 "$(to4 0)")" "$(reply 0) port=${BOUND##*:}" \
		"$(reply 0 "second ") remote_host_port=*" "* data" "* data"
}

@test "socks5 udp: datagrams of an association whose request tells no address" {
	start_for_datagrams
	run udp -x "$PROXY" --lines -W 1 -w 10 "$TARGET" <<<hello
	stop_capture
	tells "$HELLO" "$CHOICE" "$(request 3 "address_type=1 dst=0.0.0.0 port=*")" \
		"$(reply 0) port=$RELAY" "$(datagram client 0)" "$(datagram server 0)"
}

@test "socks5 udp --fragment: the fragments, and what they are together" {
	local told
	start_for_datagrams
	run udp -x "$PROXY" --fragment 3 --lines -W 1 -w 10 "$TARGET" <<<together
	[ "$output" = together ] || fail "$output"
	stop_capture
	tells "$HELLO" "$CHOICE" "$(request 3 "address_type=1 dst=0.0.0.0 port=*")" \
		"$(reply 0) port=$RELAY" "$(datagram client 1)" "$(datagram client 2)" \
		"$(datagram client 131)" "client datagram of those fragments" "$(datagram server 0)"
	told=$(decode | jq -r 'select(.message | test("datagram")) | .fields["socks5.data"]')
	fits "$told" 746f67 657468 6572 746f676574686572 746f676574686572 || fail "$told"
}

@test "a capture on standard input says what the file does" {
	start_web
	start_server
	captured "http://$WEB/" socks5://%
	for format in json tree line hex; do
		diff <("$SOCKS5" decode --format "$format" "$CAPTURE") \
			<(cat "$CAPTURE" | "$SOCKS5" decode --format "$format") || fail "$format differs"
	done
}

# timeless FILE: what decode told, but for its clock.
timeless() {
	jq -c 'del(.time)' "$1"
}

@test "decode -i, and tcpdump -w into decode: what the file says, as it happens" {
	local fifo=$BATS_TEST_TMPDIR/fifo told=$BATS_TEST_TMPDIR/told status=0
	local live live_pid piped piped_pid tcpdump
	need_capture
	start_web
	start_server
	spawn "$SOCKS5" decode -i lo -p "$PROXY_PORT" --format json
	live=$OUT live_pid=$PID
	captures
	mkfifo "$fifo"
	STDIN=$fifo spawn "$SOCKS5" decode --format json -
	piped=$OUT piped_pid=$PID
	spawn timeout 60 tcpdump -i lo --immediate-mode -U -w "$fifo" "tcp port $PROXY_PORT"
	tcpdump=$PID
	captures
	captured "http://$WEB/" socks5://%
	decode >"$told"
	[ "$(wc -l <"$told")" = 6 ]
	wait_until 10 has_lines 6 "$live"
	wait_until 10 has_lines 6 "$piped"
	end_pid "$tcpdump"
	wait "$piped_pid"
	kill -TERM "$live_pid"
	wait "$live_pid" || status=$?
	[ "$status" = 143 ] || fail "decode -i ended with status $status"
	diff <(timeless "$told") <(timeless "$live")
	diff <(timeless "$told") <(timeless "$piped")
}
