#!/usr/bin/env bats
# socks5 probe with a ticket: our own server passes every case within a security context; each lie of
# another one (gssproxy.py says what the steps are) is found out; without a ticket it says so.
# check: waits

load ../lib/helper
load ../lib/serve
load ../lib/realm

REPLY=050000017f0000010009
# What a proxy does up to the level, and to the request.
AGREED=(hello context asked) ASKED=(hello context level request)

setup() {
	need_module gssapi
	in_realm
}

# probe STATUS OPTION...: sets output, standard error in it.
probe() {
	local want=$1
	shift
	run timeout 60 "$SOCKS5" probe "$@"
	[ "$status" = "$want" ] || fail "status $status: $output"
}

# says NAME ANSWER: the table has this row.
says() {
	grep -qE "^  $1 +$2" <<<"$output" || fail "no '$1 $2' in: $output"
}

# skips PATTERN: no case is skipped but for this reason.
skips() {
	! grep '^skip' <<<"$output" | grep -vE "\((not without )?($1)\)$" || fail "$output"
}

start_proxy() {
	spawn_saying "$PYTHON" "$LIB/gssproxy.py" "$@"
	LOCAL=localhost:${SAID##*:}
}

# lies CASE,CASE... STEP...: a proxy that does this fails each of these cases of RFC 1961, and ends the
# probe with status 1, behind the context. WHY is a pattern for the reason that each of them tells.
lies() {
	local cases=$1 case only=
	shift
	start_proxy "$@"
	for case in ${cases//,/ }; do
		only+=${only:+,}rfc1961/$case
	done
	probe 1 --conformance --strict -w "${WAIT:-2s}" --format json --only "$only" "$LOCAL"
	[ "$(jq -r 'select(.verdict == "fail") | .case' <<<"$output" | sed 's|rfc1961/||' | sort)" = \
		"$(tr , '\n' <<<"$cases" | sort)" ] || fail "others than $cases fail: $output"
	! jq -r .wanted <<<"$output" | grep -E '^(tokens, and a context|a method choice )' ||
		fail "not so far: $output"
	[ "$(jq -r '.why // ""' <<<"$output" | grep -c "${WHY:-.*}")" = "$(wc -w <<<"${cases//,/ }")" ] ||
		fail "not '$WHY': $output"
}

@test "our own server passes every case, entered by a ticket alone: then all is sealed" {
	local protect
	for protect in confidentiality integrity; do
		start_gss_server
		probe 0 --conformance --strict --gssapi-protect $protect "$LOCAL"
		[[ $output == *", 0 failed (0 of them MUST), "* ]] || fail "$output"
		skips 'method none|credentials|sealed it would be too long'
		[ "$(grep -c '^pass  rfc1961' <<<"$output")" = "$("$SOCKS5" probe --list --only rfc1961 | wc -l)" ] ||
			fail "$output"
		stop_server
	done
}

@test "our own server passes every case, entered by credentials, or by neither" {
	start_gss_server -u us:pw --auth userpass,gssapi
	probe 0 --conformance --strict "us:pw@$LOCAL"
	skips 'method none'
	stop_server
	start_gss_server --auth none,gssapi
	probe 0 --conformance --strict "$LOCAL"
	skips credentials
}

@test "-v shows what is in a sealed message, too" {
	start_gss_server
	probe 0 --conformance -v --only rfc1961/5/8,rfc1961/5/39 "$LOCAL"
	grep -qx '        in it:  050100017f000001....' <<<"$output" || fail "$output"
	grep -qx '        in it:  050000017f000001....' <<<"$output" || fail "$output"
	grep -qx '        in it:  02' <<<"$output" || fail "$output"
	grep -qx '        in it:  000000017f000001....61' <<<"$output" || fail "$output"
}

@test "a server with one level, and one by NEC's manner" {
	start_gss_server --gssapi-protect integrity
	probe 0 --conformance --strict --only rfc1961 "$LOCAL"
	skips 'confidentiality|selective protection'
	stop_server
	start_gss_server --gssapi-protect confidentiality
	probe 0 --conformance --strict --only rfc1961 "$LOCAL"
	skips 'integrity|selective protection'
	stop_server
	start_gss_server --gssapi-nec
	probe 0 --conformance --strict --only rfc1961 --gssapi-nec "$LOCAL"
	skips 'a level that is wrapped'
	probe 1 --conformance --only rfc1961/4/11 "$LOCAL"
	stop_server
	start_gss_server --gssapi-protect none
	probe 1 --conformance --only rfc1961/4/4,rfc1961/4/8,rfc1961/5/4 "$LOCAL"
	skips 'a level of protection'
	[ "$(grep -c '^fail .* rfc1961/4/' <<<"$output")" = 2 ] || fail "$output"
}

@test "findings: the context, each level, and what is reached through it" {
	local name
	start_gss_server
	probe 0 "$LOCAL"
	[[ ${lines[0]} == "$LOCAL: SOCKS5, with a ticket" ]] || fail "$output"
	for name in 'method gssapi' 'gssapi context' 'gssapi integrity' 'gssapi confidentiality' \
		'gssapi selective' 'gssapi connect ipv4' 'connect ipv4' 'connect name' bind 'udp ipv4' \
		'puts fragments together' 'bound address is true'; do
		says "$name" yes
	done
	says 'then to the token' '[0-9.]+ ms'
	says 'then to the level' '[0-9.]+ ms'
	says 'then to the first octet' '[0-9.]+ ms'
	probe 0 --gssapi-service socks "$LOCAL"
	says 'gssapi context' yes
	probe 3 --quick "$LOCAL"
	probe 0 --quick --gssapi-service rcmd/localhost@SOCKS.TEST "$LOCAL"
	stop_server
	start_gss_server --gssapi-protect integrity
	probe 0 "$LOCAL"
	says 'gssapi integrity' yes
	says 'gssapi confidentiality' no
	says 'gssapi connect ipv4' yes
}

@test "without a ticket, with an old one, for nobody: unknown, skipped, and the reason is told" {
	start_gss_server
	ticket alice
	probe 3 -v --gssapi-service nobody "$LOCAL"
	says 'gssapi context' 'unknown \(no such service: .*nobody/localhost@SOCKS.TEST not found'
	says 'gssapi connect ipv4' 'unknown \(not without: gssapi context\)'
	ticket alice -l 1s
	sleep 2
	probe 3 "$LOCAL"
	says 'gssapi context' 'unknown \(the ticket has expired: .*'
	KRB5CCNAME=FILE:$BATS_TEST_TMPDIR/none probe 3 "$LOCAL"
	says 'method gssapi' yes
	says 'gssapi context' 'unknown \(no ticket: No Kerberos credentials available.*'
	KRB5CCNAME=FILE:$BATS_TEST_TMPDIR/none probe 3 --conformance --strict --only rfc1961 "$LOCAL"
	grep -q '^skip  72 cases (no ticket: No Kerberos credentials' <<<"$output" || fail "$output"
	[ "$(grep -c '^pass' <<<"$output")" = 28 ] || fail "$output"
	skips 'no ticket: .*'
}

# another_kdc ADDRESS: the realm's key distribution centre is there, and our ticket is for nobody yet.
another_kdc() {
	sed "s/kdc = .*/kdc = $1/" "$REALM_DIR/krb5.conf" >"$BATS_TEST_TMPDIR/krb5.conf"
	KRB5_CONFIG=$REALM_DIR/krb5.conf ticket alice
	export KRB5_CONFIG=$BATS_TEST_TMPDIR/krb5.conf
}

@test "a key distribution centre that is not there, and one that does not answer: others do not wait" {
	local silent
	start_gss_server
	another_kdc 127.0.0.1:1
	probe 3 "$LOCAL"
	says 'gssapi context' "unknown \\(no KDC answers: Cannot contact any KDC for realm 'SOCKS.TEST'\\)"
	spawn_saying "$PYTHON" "$LIB/target.py" mute
	silent=$SAID
	another_kdc "$silent"
	local other=$LOCAL
	start_server
	SECONDS=0
	probe 0 -w 1s --json --gssapi-service rcmd "$other" "$PROXY"
	[ "$SECONDS" -lt 5 ] || fail "it took $SECONDS seconds"
	[[ ${lines[0]} == *"\"proxy\":\"$PROXY\""* ]] || fail "$output"
	[[ ${lines[1]} == *'"gssapi context":{"is":null,"why":"no KDC answers: no answer in time"}'* ]] ||
		fail "$output"
}

@test "a server that does not take our ticket: no, and not unknown" {
	KEYTAB=$REALM_DIR/other.keytab start_gss_server
	probe 3 -v "$LOCAL"
	says 'gssapi context' 'no \(it refuses, by the abort\)'
	says 'gssapi integrity' 'unknown \(not without: gssapi context\)'
	start_proxy hello accept:a flip:a put:a end
	probe 3 -w 1s "$LOCAL"
	says 'gssapi context' 'no \(no context comes of the token that came\)'
	start_proxy hello accept:a clear:0102000100 end
	probe 3 -w 1s "$LOCAL"
	says 'gssapi context' no
}

@test "a lie: every level is refused, or answered by none, by more, in clear, encrypted, damaged" {
	WHY='something else came' lies 3/20 hello context clear:01ff end
	WHY='it refuses, by the abort' lies 4/4 "${AGREED[@]}" clear:01ff end
	WHY='the level came bare' lies 4/4,4/5,4/6,4/7 "${AGREED[@]}" bare:2 end
	WHY='the level came encrypted, not signed' lies 4/4,4/5,4/6,4/7 "${AGREED[@]}" crypt:a=02 \
		edit:a=1,02 put:a end
	WHY='a sealed message was tampered with' lies 4/4 "${AGREED[@]}" sign:a=02 edit:a=1,02 flip:a \
		put:a end
	WHY='the level is not one octet' lies 4/4 "${AGREED[@]}" sign:a=0202 edit:a=1,02 put:a end
	WHY='something else came' lies 4/4 "${AGREED[@]}" sign:a=02 edit:a=1,02 put:a put:a end
}

@test "a lie: a level is granted that there is not, or that protects nothing" {
	WHY='it grants another level' lies 4/8,4/9,4/10 hello context level end
	WHY='it grants another level' lies 4/4,4/5,4/6,4/7 "${AGREED[@]}" grant:0 end
	WHY='it grants another level' lies 4/4,4/5,4/6,4/7 "${AGREED[@]}" grant:4 end
}

@test "a lie: it agrees to whatever comes: in clear, bare, damaged, again, in part, of another type" {
	WHY='something else came' lies 3/23,3/24,3/25,3/26,4/11,4/12,4/14,4/15,4/16,4/19,4/20 \
		hello context agree
	WHY='something else came' lies 5/12,5/13,5/14,5/15,5/16,5/17,5/18,5/22,5/23,5/24,5/25,5/26,5/27 \
		hello context agree
	WHY='something else came' lies 6/9,6/12 hello context agree
}

@test "a lie: what is answered is in clear" {
	WHY='what came is no sealed message' lies 5/4,5/5,5/6,5/8,5/9,5/10,5/11,5/20,5/21 \
		"${ASKED[@]}" clear:$REPLY end
	WHY='what came is no sealed message' lies 5/28,5/29,5/30,5/31,5/32,6/10,6/11,6/13 \
		"${ASKED[@]}" clear:$REPLY end
	WHY='what came is no sealed message' lies 5/4,6/10 "${ASKED[@]}" "say:$REPLY" clear:68656c6c6f end
}

@test "a lie: what is answered is protected otherwise than agreed, damaged, again, late, or cut" {
	WHY='a message came signed, but not encrypted' lies 5/6 "${ASKED[@]}" "sign:a=$REPLY" put:a end
	WHY='a message came encrypted where only signed ones were agreed' lies 5/5 "${ASKED[@]}" \
		"crypt:a=$REPLY" put:a end
	WHY='a sealed message was tampered with' lies 5/4,5/8 "${ASKED[@]}" "make:a=$REPLY" flip:a put:a end
	WHY='a sealed message came twice' lies 5/4,6/10 "${ASKED[@]}" "make:a=$REPLY" put:a put:a end
	WHY='a sealed message is missing' lies 5/4 "${ASKED[@]}" make:a=00 "say:$REPLY" end
	WHY='a sealed message without a token' lies 5/4 "${ASKED[@]}" clear:01030000 end
	WHY='it ended in the middle of a sealed message' lies 5/4 "${ASKED[@]}" "make:a=$REPLY" cut:a=1 put:a
}

@test "a lie: datagrams in clear, damaged, cut, signed alone, again, of another type are taken" {
	WHY='something else came' lies 5/34,5/35,5/36,5/37,5/38,5/39 "${ASKED[@]}" relay blind:3
}

@test "a lie: datagrams do not come back, or come back in clear" {
	local case
	for case in 5/31 5/32 5/33 5/40 5/41; do
		WAIT=500ms WHY='nothing came in time' lies $case "${ASKED[@]}" relay end
	done
	WHY='what came is no sealed message' lies 5/31,5/32 "${ASKED[@]}" relay clear_back:1
}

# --- under sanitizers --------------------------------------------------------------------------

BUILD=${BUILD:-$REPO/build}

# The cases again, with both sides built so.
under() {
	SOCKS5=$BUILD/$1/socks5
	[ -x "$SOCKS5" ] || fail "$SOCKS5 is not built"
	start_gss_server --workers 2
	probe 0 --conformance --strict -w 10s --only rfc1961,rfc1928/7 "$LOCAL"
	probe 0 -w 10s "$LOCAL"
	stop_server
}

@test "every case in a context: address, undefined" {
	under address-undefined
}

@test "every case in a context: threads" {
	under thread
}
