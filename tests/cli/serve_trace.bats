#!/usr/bin/env bats
# socks5 serve -v: BIND and UDP ASSOCIATE, phase by phase, and what becomes of datagrams.

load ../lib/helper
load ../lib/serve

# traces PATTERN: a line of -v about the first session.
traces() {
	local who='session 1 from 127\.0\.0\.1:[0-9]* at [0-9]* ms'
	wait_until 5 has_line "^socks5 serve: $who: $1\$" "$SERVER_LOG" ||
		fail "no '$1': $(cat "$SERVER_LOG")"
}

# associates STEP...: a client of UDP ASSOCIATE; see associate.py.
associates() {
	run timeout 60 "$PYTHON" "$LIB/associate.py" "$PROXY" "$@"
	[ "$status" = 0 ] || fail "$output"
}

@test "-v says where the datagrams of an association go, and where a BIND waits" {
	start_server -v --workers 1
	answers "0500$OK4 EOF" $HELLO "$(request 0100000000 0 03)" eof
	traces "relays datagrams at 127\.0\.0\.1:$((16#${GOT: -4}))"
	stop_server
	start_server -v --workers 1
	spawn "$PYTHON" "$LIB/rawclient.py" "$PROXY" $HELLO "$(request 0100000000 0 02)"
	traces 'waits for a peer at 127\.0\.0\.1:[1-9][0-9]*'
}

@test "-v and the log say which destination's datagrams are dropped, and why" {
	start_dns no.test=NXDOMAIN denied.test=A:127.0.0.3
	start_server -v --workers 1 --log - --resolver "$DNS" --deny to=127.0.0.3 \
		--allow to=127.0.0.2 --allow to=no.test --allow to=denied.test
	associates sock:t=127.0.0.2 send:000000017f000004000901 send:000000017f000003000901 \
		send:000000017f000004000902 "send:000000$(name_of no.test)000901" \
		"send:000000$(name_of denied.test)000901" send:000000{t}61 get@t wait:1100 \
		send:000000017f000004000903 send:000000{t}62 get@t fin end
	log_has 1
	traces 'datagrams to 127\.0\.0\.4:9 are dropped: denied: no rule allows it'
	traces 'datagrams to 127\.0\.0\.3:9 are dropped: denied by rule 1'
	traces 'datagrams to denied\.test:9 are dropped: denied by rule 1'
	traces 'datagrams to no\.test:9 are dropped: name does not exist'
	traces 'closed; last dropped: 127\.0\.0\.4:9: denied: no rule allows it; .*'
	[ "$(grep -c 'are dropped' "$SERVER_LOG")" = 4 ] || fail "$(cat "$SERVER_LOG")"
	[ "$(field end)" = 'closed; last dropped: 127.0.0.4:9: denied: no rule allows it' ] ||
		fail "$LINE"
}

@test "-v says no more than 100 destinations of an association" {
	local i steps=(sock:t=127.0.0.2)
	start_server -v --workers 1 --log - --deny to=127.0.0.3
	for ((i = 1; i <= 120; i++)); do
		steps+=("send:000000017f000003$(printf %04x "$i")01")
	done
	associates "${steps[@]}" send:000000{t}61 get@t fin end
	log_has 1
	[ "$(field dropped)" = 120 ] && [[ $(field end) == *"127.0.0.3:120: denied by rule 1" ]] ||
		fail "$LINE"
	[ "$(grep -c 'are dropped' "$SERVER_LOG")" = 100 ] || fail "$(cat "$SERVER_LOG")"
}
