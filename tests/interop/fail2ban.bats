#!/usr/bin/env bats
# The filter for fail2ban: which lines of our log it takes for a failure, and of whom.

load ../lib/helper
load ../lib/serve

FILTER=$REPO/man/examples/fail2ban.conf
FAIL2BAN=$BUILD/unpacked/fail2ban

setup() {
	[ -x "$FAIL2BAN/usr/bin/fail2ban-regex" ] || missing fail2ban-regex
	cd "$BATS_TEST_TMPDIR" || return
}

# found: the addresses that the filter finds in the file log.
found() {
	PYTHONPATH=$FAIL2BAN/usr/lib/python3/dist-packages "$PYTHON" \
		"$FAIL2BAN/usr/bin/fail2ban-regex" -c "$FAIL2BAN/etc/fail2ban" -o ip log "$FILTER"
}

# from ADDRESS USER PASSWORD [SEGMENT]...
from() {
	local FROM=$1 user=$2 password=$3
	shift 3
	talk $HELLO_USER "$(login "$user" "$password")" "$@" eof
}

@test "wrong passwords are found with their address, and nothing else is" {
	start_target echo
	start_server -u joe:secret --deny to=10.0.0.0/8 --log log
	from 127.0.0.2 joe wrong
	from 127.0.0.3 nobody secret
	from 127.0.0.4 joe secret "$(request $IP4 "$TARGET_PORT")"
	from 127.0.0.5 joe secret "$(request 010a000001 80)"
	from 127.0.0.6 joe secret 00
	FROM=127.0.0.7 talk 050100 eof
	FROM=127.0.0.8 talk $HELLO_USER 01 rst
	wait_until 5 has_lines 7 log
	diff <(printf '127.0.0.2\n127.0.0.3\n') <(found)
}

@test "an address that is refused for a while is found as well" {
	local i
	start_server -u joe:secret --handshake-timeout 50ms --log log
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		from 127.0.0.2 joe wrong
	done
	wait_until 5 has_lines 12 log
	[ "$(grep -c 'not looked at' log)" = 2 ] || fail "$(cat log)"
	[ "$(found | grep -cx 127.0.0.2)" = 12 ] || fail "$(found)"
}

@test "IPv6 addresses are found" {
	has_ipv6 || skip "no IPv6 on this machine"
	start_server -u joe:secret --log log '[::1]:0'
	talk $HELLO_USER "$(login joe wrong)" eof
	wait_until 5 has_lines 1 log
	[ "$(found)" = ::1 ] || fail "$(found)"
}

@test "SEC-7 what a client sends cannot look like a failure of somebody else" {
	local name='x client=[192.0.2.1]:1 user=y method=userpass end="credentials refused"'
	start_server -u joe:secret --log log
	from 127.0.0.2 joe secret "$(request "$(name_of "$name")" 80)"
	from 127.0.0.3 "$name" secret
	from 127.0.0.4 $'x\n2026-11-25T18:00:00.000Z id=1 client=192.0.2.1:1 user=y' secret
	wait_until 10 has_lines 3 log
	[ "$(wc -l <log)" = 3 ]
	diff <(printf '127.0.0.3\n127.0.0.4\n') <(found) || fail "$(cat log)"
}
