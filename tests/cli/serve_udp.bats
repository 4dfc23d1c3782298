#!/usr/bin/env bats
# socks5 serve: UDP ASSOCIATE. associate.py says what the steps are.
# check: waits

load ../lib/helper
load ../lib/serve

REPLY=05000001'7f000001'
TO_T=(sock:t=127.0.0.2) # a destination, told as {t}

# associates LINES OPTION-OR-STEP...: what a client with $PROXY must see, line by line.
associates() {
	local want=$1 got
	shift
	got=$(timeout 60 "$PYTHON" "$LIB/associate.py" "$@" 2>&1) || true
	[ "$got" = "$want" ] || fail "sent $*: got
$got
-- not
$want"
}

# sees LINE...: the same after a success, and with $PROXY; steps are in the array STEPS.
sees() {
	local want
	want=$(printf '%s\n' "$REPLY" "$@")
	associates "$want" "${OPTIONS[@]}" "$PROXY" "${STEPS[@]}"
}

# ended WHY: the one line of the log says so.
ended() {
	log_has 1
	[ "$(field end)" = "$1" ] || fail "$LINE"
}

# in_net_sees LINE...: as sees, from within the network of need_net.
in_net_sees() {
	cat >"$BATS_TEST_TMPDIR/python" <<-END
		#!/bin/sh
		exec ${IN_NET[*]} $PYTHON "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/python"
	PYTHON=$BATS_TEST_TMPDIR/python sees "$@"
	log_has 1
}

@test "R1928-U.1 U.11 U.13 datagrams there and back, vectors 13 and 56" {
	start_server
	STEPS=("${TO_T[@]}" send:000000{t}70696e67 get@t poke@t:706f6e67 get)
	sees "t 70696e67" "c 000000{t}706f6e67"
}

@test "R1928-U.1 BND is the address of the client's connection, also on a wildcard listener" {
	LISTEN=0.0.0.0:0 start_server --open
	associates 050000017f000003 "127.0.0.3:$PROXY_PORT"
	need_ipv6
	LISTEN=[::]:0 start_server --open
	associates 0500000400000000000000000000000000000001 "[::1]:$PROXY_PORT"
}

@test "R1928-U.1 --advertise: the address of the client's family is told" {
	local both=(--open --advertise 2001:db8::7 --advertise 192.0.2.7)
	LISTEN=0.0.0.0:0 start_server "${both[@]}"
	associates "05000001c0000207
t 61" --relay 127.0.0.1 "127.0.0.1:$PROXY_PORT" "${TO_T[@]}" send:000000{t}61 get@t
	need_ipv6
	LISTEN=[::]:0 start_server "${both[@]}"
	associates "0500000420010db8000000000000000000000007
t 61" --relay ::1 "[::1]:$PROXY_PORT" "${TO_T[@]}" send:000000{t}61 get@t
}

@test "R1928-U.1 --advertise with an address of this machine: datagrams may go there" {
	start_server --advertise 127.0.0.3
	REPLY=050000017f000003
	STEPS=("${TO_T[@]}" send:000000{t}61 get@t poke@t:62 get)
	sees "t 61" "c 000000{t}62"
}

@test "R1928-U.1 a client of a link-local address" {
	need_net
	net ip address add fe80::5/64 dev lo nodad
	LISTEN=[::]:0 start_server --open --allow to=loopback --log -
	PROXY=[fe80::5%lo]:$PROXY_PORT
	REPLY=05000004fe800000000000000000000000000005
	OPTIONS=(--relay fe80::5%lo)
	STEPS=("${TO_T[@]}" send:000000{t}61 get@t poke@t:62 get fin end)
	in_net_sees "t 61" "c 000000{t}62" EOF
}

@test "R1928-U.1 --udp-ports: the client's port is one of those, and REP 01 when there is none" {
	local port
	port=$(free_port)
	start_server --udp-ports "$port-$port"
	spawn "$PYTHON" "$LIB/associate.py" --ports "$port-$port" "$PROXY" wait:60000
	wait_until 5 has_line '^in the range$' "$OUT" || fail "$(cat "$OUT")"
	associates 0501000100000000 "$PROXY"
}

@test "R1928-U.4 R1928-U.5 a stranger's address takes nothing over, before and after" {
	start_server
	STEPS=("${TO_T[@]}" sock:s=127.0.0.3 send@s:000000{t}01 send:000000{t}02 get@t
		send@s:000000{t}03 send:000000{t}04 get@t poke@t:05 get)
	sees "t 02" "t 04" "c 000000{t}05"
}

@test "R1928-U.4 DST.ADDR is not the client's address: it means nothing" {
	start_server
	STEPS=("${TO_T[@]}" sock:s=127.0.0.3 send@s:000000{t}01 send:000000{t}02 get@t)
	OPTIONS=(--dst 017f0000030050)
	sees "t 02"
	OPTIONS=(--dst 01c00002010050)
	sees "t 02"
}

@test "R1928-U.6 the first valid datagram pins the port, not one that makes no sense" {
	start_server
	STEPS=("${TO_T[@]}" sock:d=127.0.0.1 send@d:000100{t}01 send:000000{t}02 get@t
		send@d:000000{t}03 send:000000{t}04 get@t poke@t:05 get)
	sees "t 02" "t 04" "c 000000{t}05"
}

@test "R1928-U.7 DST.PORT counts just where DST.ADDR is the client's own" {
	start_server
	STEPS=("${TO_T[@]}" sock:d=127.0.0.1 send@d:000000{t}01 send:000000{t}02 get@t)
	OPTIONS=(--dst {c})
	sees "t 02"
	STEPS=("${TO_T[@]}" sock:d=127.0.0.1 send@d:000000{t}01 get@t)
	OPTIONS=(--dst 017f0000010001)
	sees "nothing came"
	OPTIONS=(--dst 01000000000001)
	sees "t 01"
	OPTIONS=(--dst 017f0000090001)
	sees "t 01"
}

@test "R1928-U.8 a name in the request is no address, and not looked up" {
	start_dns localhost=A:127.0.0.9
	start_server --resolver "$DNS"
	STEPS=("${TO_T[@]}" send:000000{t}01 get@t)
	OPTIONS=(--dst 0301300050)
	sees "t 01"
	OPTIONS=(--dst "$(name_of localhost)0050")
	sees "t 01"
	! grep -q query "$DNS_OUT"
}

@test "R1928-U.9 FIN ends the association within a second" {
	start_server --log -
	STEPS=("${TO_T[@]}" send:000000{t}01 get@t fin gone end poke@t:02)
	sees "t 01" gone EOF
	ended closed
}

@test "R1928-U.9 RST ends the association within a second" {
	start_server --log -
	STEPS=("${TO_T[@]}" send:000000{t}01 get@t rst gone)
	sees "t 01" gone
	ended "Connection reset by peer"
}

@test "R1928-U.10 octets on the control connection mean nothing" {
	start_server
	STEPS=("${TO_T[@]}" tcp:05010001+00*300000 send:000000{t}01 get@t tcp:ff send:000000{t}02 get@t
		fin end)
	sees "t 01" "t 02" EOF
}

@test "R1928-U.12 R1928-U.14 what makes no sense is dropped without a word" {
	start_server --log -
	STEPS=("${TO_T[@]}" send: send:00 send:000000 send:00000001 send:000000017f00000200 send:010000{t}01
		send:000100{t}02 send:00000005{t}03 send:00000000 send:000000017f000002000004
		send:00000003000050ff send:00000003ff6162 send:000000030461006200005001
		send:00000004{t} send:000000{t}aa get@t poke@t:bb get fin end)
	sees "t aa" "c 000000{t}bb" EOF
	log_has 1
	[ "$(field dropped) $(field datagrams_up) $(field datagrams_down)" = "14 1 1" ] || fail "$LINE"
}

@test "R1928-U.15 an empty payload is a datagram, both ways" {
	start_server
	STEPS=("${TO_T[@]}" send:000000{t} get@t send:000000{t} send:000000{t}01 get@t get@t poke@t: get
		poke@t: poke@t:02 get get)
	sees "t " "t " "t 01" "c 000000{t}" "c 000000{t}" "c 000000{t}02"
}

@test "R1928-U.16 the rules are asked for each destination" {
	local port
	port=$(free_port)
	start_dns "no.example=A:127.0.0.3" "yes.example=A:127.0.0.2"
	start_server --resolver "$DNS" --log - --deny "to=127.0.0.3 command=udp" --deny "to=127.0.0.2:$port"
	STEPS=("${TO_T[@]}" sock:s=127.0.0.3 send:000000{s}01
		"send:000000017f000002$(printf %04x "$port")02"
		"send:000000$(name_of no.example)005003" send:000000{t}04 get@t fin end)
	sees "t 04" EOF
	log_has 1
	[ "$(field datagrams_up)" = 1 ] || fail "$LINE"
}

@test "R1928-U.16 command=udp denied: REP 02" {
	start_server --deny command=udp
	associates 0502000100000000 "$PROXY"
}

@test "R1928-U.16 multicast and broadcast are refused, and allowed by a rule" {
	need_net
	net ip link set lo multicast on
	net ip route add 224.0.0.0/4 dev lo
	start_server --log -
	STEPS=(sock:t=127.0.0.1 send:00000001e0000001000901 send:00000001ffffffff000902
		send:00000004ff020000000000000000000000000001000903 send:000000{t}04 get@t fin end)
	in_net_sees "t 04" EOF
	[ "$(field dropped) $(field datagrams_up)" = "3 1" ] || fail "$LINE"
	stop_server
	start_server --log - --allow to=multicast --allow to=loopback
	in_net_sees "t 04" EOF
	[ "$(field datagrams_up)" = 3 ] || fail "$LINE"
}

@test "R1928-U.17 --udp-filter none: anyone's datagrams come" {
	start_server --udp-filter none
	STEPS=("${TO_T[@]}" sock:s=127.0.0.3 send:000000{t}01 get@t poke@s:02 get)
	sees "t 01" "c 000000{s}02"
}

@test "R1928-U.17 --udp-filter address, the default: any port of an address sent to" {
	local option
	for option in --udp-filter=address --workers=1; do
		start_server "$option"
		STEPS=("${TO_T[@]}" sock:u=127.0.0.2 sock:s=127.0.0.3 send:000000{t}01 get@t poke@s:02
			poke@u:03 get poke@t:04 get send:000000{s}05 get@s poke@s:06 get)
		sees "t 01" "c 000000{u}03" "c 000000{t}04" "s 05" "c 000000{s}06"
	done
}

@test "R1928-U.17 --udp-filter port: just the address and port sent to" {
	start_server --udp-filter port
	STEPS=("${TO_T[@]}" sock:u=127.0.0.2 sock:s=127.0.0.3 send:000000{t}01 get@t poke@s:02
		poke@u:03 poke@t:04 get send:000000{u}05 get@u poke@u:06 get)
	sees "t 01" "c 000000{t}04" "u 05" "c 000000{u}06"
}

@test "R1928-U.17 whom the rules deny may not answer either" {
	local filter
	for filter in address port; do
		start_server --udp-filter $filter --deny to=127.0.0.3
		STEPS=("${TO_T[@]}" sock:s=127.0.0.3 send:000000{s}01 send:000000{t}02 get@t poke@s:03
			poke@t:04 get)
		sees "t 02" "c 000000{t}04"
	done
}

@test "R1928-U.17 one source port for all destinations, of both families" {
	local filter
	need_ipv6
	for filter in none address port; do
		start_server --udp-filter $filter
		STEPS=("${TO_T[@]}" sock:u=127.0.0.2 sock:s=127.0.0.3 sock:v=::1 send:000000{t}01
			send:000000{u}02 send:000000{s}03 send:000000{v}04 get@t get@u get@s get@v poke@v:05 get
			poke@s:06 get)
		sees "t 01" "u 02" "s 03" "v 04" "c 000000{v}05" "c 000000{s}06"
	done
}

@test "R1928-U.17 an IPv6 client reaches IPv4, also as a mapped address" {
	need_ipv6
	LISTEN=[::1]:0 start_server
	REPLY=0500000400000000000000000000000000000001
	STEPS=("${TO_T[@]}" sock:v=::1 send:000000{t}01 get@t poke@t:02 get send:000000{v}03 get@v poke@v:04
		get)
	sees "t 01" "c 000000{t}02" "v 03" "c 000000{v}04"
}

@test "R1928-U.18 a destination that refuses and a client that is deaf end nothing" {
	start_server
	STEPS=("${TO_T[@]}" sock:d=127.0.0.2 close@d send:000000{d}01 send:000000{d}02 send:000000{t}03 get@t
		poke@t:04 get)
	sees "t 03" "c 000000{t}04"
	STEPS=("${TO_T[@]}" send:000000{t}03 get@t close poke@t:04 poke@t:05 fin end)
	sees "t 03" EOF
}

@test "R1928-U.19 --udp-timeout ends both, whatever strangers send" {
	start_server --udp-timeout 1 --log -
	STEPS=("${TO_T[@]}" sock:s=127.0.0.3 nag@s:000000{t}02 gone)
	sees EOF gone
	ended idle
	[ "$(field ms)" -ge 1000 ] || fail "$LINE"
}

@test "R1928-U.19 --udp-timeout: datagrams keep it, each way" {
	local steps=() i
	start_server --udp-timeout 1
	for i in 1 2 3; do
		steps+=(wait:600 send:000000{t}01 get@t wait:600 poke@t:02 get)
	done
	STEPS=("${TO_T[@]}" send:000000{t}01 get@t "${steps[@]}")
	sees "t 01" "t 01" "c 000000{t}02" "t 01" "c 000000{t}02" "t 01" "c 000000{t}02"
}

@test "R1928-U.22 65,497 octets go through, one more does not, and it goes on" {
	start_server --log -
	STEPS=("${TO_T[@]}" send:000000{t}+61*65497 get@t poke@t:62*65497 get poke@t:63*65498 poke@t:64 get
		fin end)
	sees "t +61*65497" "c 000000{t}+62*65497" "c 000000{t}64" EOF
	log_has 1
	[ "$(field up) $(field datagrams_up) $(field dropped)" = "65497 1 1" ] || fail "$LINE"
}

@test "R1928-U.24 names are resolved while others go on, and limited in number" {
	start_dns slow.example=A:127.0.0.2@1000ms fast.example=A:127.0.0.2
	start_server --resolver "$DNS"
	STEPS=("${TO_T[@]}" "send:000000$(name_of slow.example){:t}01" "send:000000$(name_of slow.example){:t}02"
		"send:000000$(name_of fast.example){:t}03" send:000000{t}04 get@t get@t get@t get@t poke@t:05 get)
	sees "t 04" "t 03" "t 01" "t 02" "c 000000{t}05"
}

@test "R1928-U.24 silent name servers hold up sixteen names of an association at the most" {
	start_dns localhost=A:127.0.0.2
	start_server --resolver "$DNS" --prefer 4
	STEPS=("${TO_T[@]}" fill@t:100 send:000000{t}01 get@t)
	sees "t 01"
}

@test "R1928-U.24 a name goes to the family that has an address" {
	need_ipv6
	start_dns only6.example=AAAA:::1 none.example=NODATA
	start_server --resolver "$DNS"
	STEPS=(sock:v=::1 "send:000000$(name_of none.example){:v}01" "send:000000$(name_of gone.example){:v}02"
		"send:000000$(name_of only6.example){:v}03" get@v poke@v:04 get)
	sees "v 03" "c 000000{v}04"
}

@test "R1928-F.1 F.2 two and three fragments become one datagram" {
	start_server
	STEPS=("${TO_T[@]}" send:000001{t}61 send:000082{t}62 get@t send:000001{t}63 send:000002{t}64
		send:000083{t}65 get@t)
	sees "t 6162" "t 636465"
}

@test "R1928-F.3 F.4 F.5 resets, gaps and repetitions" {
	start_server
	STEPS=("${TO_T[@]}" send:000001{t}01 send:000002{t}02 send:000001{t}03 send:000082{t}04 get@t)
	sees "t 0304"
	STEPS=("${TO_T[@]}" send:000001{t}01 send:000000{t}02 send:000082{t}03 get@t send:000000{t}04 get@t)
	sees "t 02" "t 04"
	STEPS=("${TO_T[@]}" send:000001{t}01 send:000083{t}02 send:000080{t}03 send:000000{t}04 get@t)
	sees "t 04"
	STEPS=("${TO_T[@]}" send:000001{t}01 send:000001{t}02 send:000082{t}03 get@t)
	sees "t 0103"
}

@test "R1928-F.6 four seconds between fragments are no end, more than five are" {
	start_server --log -
	STEPS=("${TO_T[@]}" send:000001{t}01 wait:4000 send:000082{t}02 get@t send:000001{t}03 wait:5500
		send:000082{t}04 send:000000{t}05 get@t fin end)
	sees "t 0102" "t 05" EOF
	log_has 1
	[ "$(field dropped)" = 2 ] || fail "$LINE"
}

@test "R1928-F.7 another destination, or too much, ends a sequence" {
	start_server
	STEPS=("${TO_T[@]}" sock:u=127.0.0.2 send:000001{t}01 send:000082{u}02 send:000000{t}03 get@t
		send:000000{u}04 get@u)
	sees "t 03" "u 04"
	STEPS=("${TO_T[@]}" send:000001{t}+61*40000 send:000082{t}+62*40000 send:000000{t}05 get@t)
	sees "t 05"
	STEPS=("${TO_T[@]}" send:000001{t}+61*40000 send:000082{t}+61*25000 get@t)
	sees "t +61*65000"
}

@test "UDP: the log counts payload and datagrams of each way, and what was dropped" {
	start_server --log -
	STEPS=("${TO_T[@]}" sock:s=127.0.0.3 send:000000{t}616263 get@t send:000000{t}64 get@t poke@s:65
		poke@t:6667 get send:000100{t}01 send:000000{t} get@t fin end)
	sees "t 616263" "t 64" "c 000000{t}6667" "t " EOF
	log_has 1
	[ "$(field command) $(field reply) $(field up) $(field down)" = "udp 00 4 2" ] || fail "$LINE"
	[ "$(field datagrams_up) $(field datagrams_down) $(field dropped)" = "3 1 2" ] || fail "$LINE"
}

@test "UDP: a server that stops ends its associations" {
	start_server --log - --drain 1
	spawn "$PYTHON" "$LIB/associate.py" "$PROXY" sock:t=127.0.0.2 send:000000{t}01 get@t end gone
	local out=$OUT
	wait_until 5 has_line '^t 01$' "$out" || fail "$(cat "$out")"
	stop_server
	wait_until 5 has_line '^gone$' "$out" || fail "$(cat "$out")"
	ended "server stopped"
}

@test "UDP: a client of a Unix listener has 127.0.0.1" {
	local path=$BATS_TEST_TMPDIR/s
	LISTEN=unix:$path start_server
	associates "$REPLY
t 01
c 000000{t}02" "unix:$path" "${TO_T[@]}" send:000000{t}01 get@t poke@t:02 get
}

@test "UDP: after a password, with rules for its user" {
	start_server -u joe:x -u ann:y --deny "user=ann command=udp"
	associates "$REPLY
t 01" --user joe:x "$PROXY" "${TO_T[@]}" send:000000{t}01 get@t
	associates 0502000100000000 --user ann:y "$PROXY"
}

# carries COUNT SIZES TARGET...: all of these come back; see udpload.py.
carries() {
	run timeout 60 "${IN_NET[@]}" "$PYTHON" "$LIB/udpload.py" "$1" "$2" "$PROXY" "${@:3}"
	[ "$status" = 0 ] && [ "${lines[-1]}" = "$1" ] || fail "$output"
}

# start_echoes COUNT: TARGETS are so many.
start_echoes() {
	local i
	TARGETS=()
	for ((i = 1; i <= $1; i++)); do
		start_target datagrams "127.0.0.$i"
		TARGETS+=("$TARGET")
	done
}

@test "UDP: 10,000 datagrams of mixed sizes to five destinations, in order and unchanged" {
	start_echoes 5
	start_server --log -
	carries 10000 4-1500 "${TARGETS[@]}"
	log_has 1
	[ "$(field datagrams_up) $(field datagrams_down) $(field dropped)" = "10000 10000 0" ] ||
		fail "$LINE"
}

@test "UDP: datagrams of 60,000 octets, among small ones" {
	start_echoes 2
	start_server
	carries 600 60000,60000,65000,9,1200 "${TARGETS[@]}"
}

@test "UDP: where the kernel does not cut what is larger than the path, all come through" {
	need_net
	net ip link set lo mtu 1500
	start_echoes 2
	start_server --log -
	carries 2000 3000,1200,1600 "${TARGETS[@]}"
	log_has 1
	[ "$(field dropped)" = 0 ] || fail "$LINE"
}
