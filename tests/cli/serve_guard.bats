#!/usr/bin/env bats
# SEC-1: the ways to what is within (127.0.0.1, 169.254.169.254 and their like) for a client from
# elsewhere: none leads there, and each is in the log. In a network of its own, so that who listens
# at those addresses is ours and would tell.

load ../lib/helper
load ../lib/serve

CLIENT=203.0.113.7

# Traps at a port of loopback and of the metadata address, TCP and UDP; a target outside.
setup() {
	need_net
	net ip address add $CLIENT/32 dev lo
	net ip address add 198.51.100.9/32 dev lo
	net ip address add 169.254.169.254/32 dev lo
	net ip address add 10.0.0.5/32 dev lo
	net ip -6 address add fd00:ec2::254/128 dev lo nodad || skip "no IPv6"
	trap_at loopback greet 127.0.0.1
	PORT=$TARGET_PORT
	trap_at loopback6 greet ::1 "$PORT"
	trap_at metadata greet 169.254.169.254 "$PORT"
	trap_at metadata6 greet fd00:ec2::254 "$PORT"
	trap_at private greet 10.0.0.5 "$PORT"
	trap_at udp datagrams 127.0.0.1 "$PORT"
	trap_at udp_metadata datagrams 169.254.169.254 "$PORT"
	start_target greet 198.51.100.9 "$PORT"
	spawn_saying "${IN_NET[@]}" "$PYTHON" "$LIB/dns.py" home.example=A:127.0.0.1 \
		home6.example=AAAA:::1 mapped.example=AAAA:::ffff:127.0.0.1 \
		nat64.example=AAAA:64:ff9b::7f00:1 meta.example=A:169.254.169.254 \
		meta6.example=AAAA:fd00:ec2::254 zero.example=A:0.0.0.0 \
		mixed.example=A:198.51.100.9,A:127.0.0.1,AAAA:::1 \
		'rebound.example=A:198.51.100.9;A:127.0.0.1' inner.example=A:10.0.0.5
	LISTEN=$CLIENT:0 start_server --open --resolver "$SAID" --log - -v
}

# trap_at NAME TARGET...
trap_at() {
	start_target "${@:2}"
	eval "TRAP_$1=\$TARGET_OUT"
}

# Nobody came to any trap.
teardown() {
	local trap
	for trap in "${!TRAP_@}"; do
		[ "$(wc -l <"${!trap}")" = 1 ] || echo "$trap: $(cat "${!trap}")" >>"$BATS_TEST_TMPDIR/caught"
	done
	stop_all
	[ ! -e "$BATS_TEST_TMPDIR/caught" ] || fail "$(cat "$BATS_TEST_TMPDIR/caught")"
}

# refused WAY ADDRESS [COMMAND]: REP 02, and a line in the log with the reason.
refused() {
	local lines
	lines=$(wc -l <"$SERVER_OUT")
	FROM=$CLIENT talk "$HELLO" "$(request "$2" "$PORT" "${3:-01}")"
	[ "$GOT $END" = "0500$(error 02) EOF" ] || fail "$1: $GOT $END"
	log_has $((lines + 1))
	[ "$(field reply)" = 02 ] || fail "$1: $LINE"
	[[ $(field end) == denied:* ]] || fail "$1: $LINE"
}

# goes_nowhere WAY ADDRESS: a name of no address: some failure, told and logged.
goes_nowhere() {
	local lines
	lines=$(wc -l <"$SERVER_OUT")
	FROM=$CLIENT talk "$HELLO" "$(request "$2" "$PORT")" eof
	[[ "$GOT" == 05000504* || "$GOT" == "0500$(error 02)" || "$GOT" == "0500$(error 04)" ||
		"$GOT" == "0500$(error 01)" ]] || fail "$1: $GOT $END"
	log_has $((lines + 1))
	[ "$(field reply)" != 00 ] || fail "$1: $LINE"
}

@test "SEC-1 CONNECT to an address within, in every form" {
	refused 127.0.0.1 017f000001
	refused 127.255.0.1 017fff0001
	refused 0.0.0.0 0100000000
	refused 0.0.0.1 0100000001
	refused 169.254.169.254 01a9fea9fe
	refused 10.0.0.5 010a000005
	refused 100.64.0.1 0164400001
	refused 224.0.0.1 01e0000001
	refused 255.255.255.255 01ffffffff
	refused ::1 0400000000000000000000000000000001
	refused :: 0400000000000000000000000000000000
	refused ::ffff:127.0.0.1 0400000000000000000000ffff7f000001
	refused ::ffff:0:0 0400000000000000000000ffff00000000
	refused ::127.0.0.1 040000000000000000000000007f000001
	refused 64:ff9b::127.0.0.1 040064ff9b00000000000000007f000001
	refused 64:ff9b:1::127.0.0.1 040064ff9b00010000000000007f000001
	refused 2002:7f00:1:: 0420027f00000100000000000000000000
	refused ::ffff:169.254.169.254 0400000000000000000000ffffa9fea9fe
	refused 64:ff9b::169.254.169.254 040064ff9b0000000000000000a9fea9fe
	refused 2002:a9fe:a9fe:: 042002a9fea9fe00000000000000000000
	refused fd00:ec2::254 04fd000ec2000000000000000000000254
	refused fe80::1 04fe800000000000000000000000000001
}

@test "SEC-1 CONNECT to a name that is an address within" {
	local name
	for name in 127.0.0.1 ::1 ::ffff:127.0.0.1 169.254.169.254 10.0.0.5; do
		refused "the name $name" "$(name_of "$name")"
	done
	for name in localhost LOCALHOST.; do
		refused "the name $name" "$(name_of "$name")"
	done
	for name in a.localhost 127.1 127.0.1 0x7f000001 0x7f.1 2130706433 017700000001 0177.0.0.1 127.0.0.1. \
		'[::1]' 169.16689662 2852039166 '127.0.0.1:80' ; do
		goes_nowhere "the name $name" "$(name_of "$name")"
	done
}

@test "SEC-1 CONNECT to a name that resolves to an address within" {
	local name
	for name in home home6 mapped nat64 meta meta6 zero inner; do
		refused "$name.example" "$(name_of $name.example)"
	done
}

@test "SEC-1 of a name's addresses those within are not tried; each answer is asked for anew" {
	FROM=$CLIENT talk "$HELLO" "$(request "$(name_of mixed.example)" "$PORT")" eof
	[[ $GOT == 050005000001* ]] || fail "mixed: $GOT"
	wait_until 5 has_line 'target=mixed.example:[0-9]* actual=198.51.100.9' "$SERVER_OUT"
	FROM=$CLIENT talk "$HELLO" "$(request "$(name_of rebound.example)" "$PORT")" eof
	[[ $GOT == 050005000001* ]] || fail "rebound, the first time: $GOT"
	wait_until 5 has_line 'target=rebound.example:[0-9]* actual=198.51.100.9' "$SERVER_OUT"
	refused "rebound, the second time" "$(name_of rebound.example)"
}

@test "SEC-2 CONNECT to the proxy itself" {
	PORT=$PROXY_PORT refused "its own address" 01cb007107
	PORT=$PROXY_PORT refused "its own address, mapped" 0400000000000000000000ffffcb007107
}

@test "SEC-1 BIND for a peer within" {
	local name
	refused 127.0.0.1 017f000001 02
	refused ::ffff:169.254.169.254 0400000000000000000000ffffa9fea9fe 02
	for name in localhost home.example meta.example; do
		refused "$name" "$(name_of "$name")" 02
	done
}

# Payloads 01 to 0c go to addresses within, 99 to the target outside.
@test "SEC-1 datagrams to an address within, by address, by name and in fragments" {
	local port steps=() at number=0
	port=$(printf %04x "$PORT")
	for at in 017f000001 0400000000000000000000ffff7f000001 040064ff9b00000000000000007f000001 \
		0420027f00000100000000000000000000 01a9fea9fe 0100000000 \
		0400000000000000000000000000000001 "$(name_of 127.0.0.1)" "$(name_of localhost)" \
		"$(name_of home.example)" "$(name_of meta.example)" "$(name_of nat64.example)"; do
		number=$((number + 1))
		steps+=("send:000000$at$port$(printf %02x $number)")
	done
	steps+=("send:000001017f000001${port}0d" "send:000082017f000001${port}0d" wait:300
		sock:o=198.51.100.9 'send:000000{o}99' get@o wait:300 fin)
	run net "$PYTHON" "$LIB/associate.py" --source $CLIENT "$PROXY" "${steps[@]}"
	[[ $output == *"o 99"* && $number = 12 ]] || fail "$output"
	log_has 1
	[ "$(field datagrams_up)" = 1 ] || fail "$LINE"
	[ "$(field dropped)" -ge "$number" ] || fail "$number sent: $LINE"
	for at in 127.0.0.1 169.254.169.254 0.0.0.0 '\[::1\]' localhost home.example meta.example; do
		has_line "datagrams to $at:$PORT are dropped: " "$SERVER_LOG" || fail "$at: $(cat "$SERVER_LOG")"
	done
}
