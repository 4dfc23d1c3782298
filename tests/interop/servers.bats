#!/usr/bin/env bats
# socks5 connect against servers that others wrote.

load ../lib/helper
load ../lib/sshd

REQUEST='GET / HTTP/1.0\r\n\r\n'

# until_listening PORT COMMAND...: starts a server on a port that was free a moment ago.
until_listening() {
	local port=$1
	shift
	spawn "$@"
	wait_for_port 127.0.0.1 "$port"
	PROXY=127.0.0.1:$port
}

start_microsocks() {
	local port
	need microsocks
	port=$(free_port)
	until_listening "$port" microsocks -i 127.0.0.1 -p "$port" "$@"
}

start_ssh_proxy() {
	local port
	start_sshd
	port=$(free_port)
	until_listening "$port" "${SSH[@]}" -N -D "127.0.0.1:$port" "$(id -un)@127.0.0.1"
}

# fetch [OPTION]... HOST PORT: a page by hand.
fetch() {
	run "$SOCKS5" connect -w 20 "$@" < <(printf "$REQUEST")
	[ "$status" = 0 ] || fail "status $status: $output"
	[ "${lines[-1]}" = "hello from target" ] || fail "another page: $output"
}

# microsocks tries but one address of a name: localhost has to answer on whichever that is.
fetch_all_ways() {
	if has_ipv6; then
		start_web_beside 127.0.0.1 web ::1
	else
		start_web
	fi
	fetch -x "$PROXY" 127.0.0.1 "$WEB_PORT"
	fetch -x "socks5h://$PROXY" "127.0.0.1:$WEB_PORT"
	fetch -x "$PROXY" localhost "$WEB_PORT"
	ALL_PROXY=socks5://$PROXY fetch 127.0.0.1 "$WEB_PORT"
}

# 8 MiB there and back; the half-close must not cost the answer.
echo_all() {
	local file=$BATS_TEST_TMPDIR/data
	start_echo
	head -c $((8 << 20)) /dev/urandom >"$file"
	timeout 60 "$SOCKS5" connect -N -w 20 -x "$PROXY" "$ECHO" <"$file" >"$file.back"
	cmp "$file" "$file.back"
}

# refused STATUS: what a closed port comes to.
refused() {
	local port
	port=$(free_port)
	run "$SOCKS5" connect -w 20 -x "$PROXY" 127.0.0.1 "$port" </dev/null
	[ "$status" = "$1" ] || fail "status $status instead of $1: $output"
	[ "${#lines[@]}" = 1 ] || fail "more than a line: $output"
	[[ $output == "socks5 connect: "*"$PROXY"* ]] || fail "it does not name the proxy: $output"
}

@test "danted: a page, by address and by name" {
	start_danted
	fetch_all_ways
}

@test "danted: 8 MiB there and back with a half-close" {
	start_danted
	echo_all
}

@test "danted: a closed port is told as such" {
	start_danted
	refused 15
}

@test "microsocks: a page, by address and by name" {
	start_microsocks
	fetch_all_ways
}

@test "microsocks: a closed port is told as such" {
	start_microsocks
	refused 15
}

@test "microsocks: user and password, right, wrong and lacking" {
	start_microsocks -u joe -P 'p@ss:word'
	start_web
	fetch -x "joe:p%40ss:word@$PROXY" "$WEB"
	fetch -x "$PROXY" -u joe --password pass:p@ss:word "$WEB"
	run "$SOCKS5" connect -x "$PROXY" -u joe:wrong "$WEB" </dev/null
	[ "$status" = 3 ] || fail "status $status: $output"
	run "$SOCKS5" connect -x "$PROXY" "$WEB" </dev/null
	[ "$status" = 3 ] || fail "status $status: $output"
}

@test "ssh -D: a page, by address and by name" {
	start_ssh_proxy
	fetch_all_ways
}

@test "ssh -D: 8 MiB there and back with a half-close" {
	start_ssh_proxy
	echo_all
}

@test "ssh -D: it closes instead of an answer, and that is said" {
	start_ssh_proxy
	refused 4
	[[ $output == *clos* ]] || fail "$output"
}

@test "a chain through microsocks, danted and ssh -D" {
	local chain=()
	start_microsocks
	chain+=(-x "$PROXY")
	start_danted
	chain+=(-x "$PROXY")
	start_ssh_proxy
	chain+=(-x "$PROXY")
	start_web
	fetch "${chain[@]}" 127.0.0.1 "$WEB_PORT"
}

@test "scan: an open and a closed port through danted" {
	local port
	start_danted
	start_web
	port=$(free_port)
	run "$SOCKS5" connect -z -v -x "$PROXY" 127.0.0.1 "$WEB_PORT"
	[ "$status" = 0 ] || fail "open: $status: $output"
	run "$SOCKS5" connect -z -v -x "$PROXY" 127.0.0.1 "$port"
	[ "$status" != 0 ] || fail "closed: $status: $output"
}
