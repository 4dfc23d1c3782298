#!/usr/bin/env bats
# socks5 probe: what it finds out of proxies, good and bad ones.
# check: waits

bats_require_minimum_version 1.5.0
load ../lib/helper
load ../lib/serve

# probe STATUS OPTION...: sets output and stderr.
probe() {
	local want=$1
	shift
	run --separate-stderr "$SOCKS5" probe "$@"
	[ "$status" = "$want" ] || fail "status $status: $output $stderr"
}

# says NAME ANSWER: the table has this row.
says() {
	grep -qE "^  $1 +$2" <<<"$output" || fail "no '$1 $2' in: $output"
}

@test "our own server has all of it, and each row says so" {
	start_server
	probe 0 "$PROXY"
	[[ ${lines[0]} == "$PROXY: SOCKS5, open to anyone" ]] || fail "$output"
	local name
	for name in 'method none' 'refuses an unknown method' 'connect ipv4' 'connect ipv6' 'connect name' \
		'connect ipv4 as name' 'takes early data' 'passes half-close on' 'takes split messages' \
		'says that a connection is refused' 'says that a name does not exist' 'says that a net is unreachable' \
		'refuses an unknown command' 'refuses an unknown address type' 'bind' 'udp ipv4' 'udp ipv6' \
		'udp name' 'udp ipv4, 8 KiB' 'puts fragments together' 'bound address is true'; do
		says "$name" yes
	done
	says 'all methods' 'yes \(prefers none\)'
	says 'method userpass' 'no \(it answers ff, no acceptable method\)'
	says 'takes the credentials' 'unknown \(not without: method userpass\)'
	! grep -q '^  gssapi' <<<"$output" || fail "$output"
	says 'connects to itself by loopback' 'no \(reply 02, not allowed by ruleset\)'
	says 'then to the first octet' '[0-9.]+ ms'
	says 'exit address' 127.0.0.1
	[ -z "$stderr" ] || fail "$stderr"
	[ "$(wc -L <<<"$output")" -le 80 ] || fail "$(awk 'length > 80' <<<"$output")"
}

@test "credentials: right, wrong, none" {
	start_server -u us:pw
	probe 0 "us:pw@$PROXY"
	[[ ${lines[0]} == "$PROXY: SOCKS5, with credentials" ]] || fail "$output"
	says 'all methods' 'yes \(prefers userpass\)'
	says 'takes the credentials' yes
	says 'refuses wrong credentials' yes
	says 'method none' no
	says 'udp name' yes
	says 'then to the status' '[0-9.]+ ms'
	[[ $output$stderr != *pw* ]] || fail "$output"
	probe 0 --quick -u us --password pass:pw "$PROXY"
	probe 3 "us:xx@$PROXY"
	says 'all else' 'unknown \(not without what is missing above; -v lists it\)'
	[[ $output != *'connect ipv4'* ]] || fail "$output"
	probe 3 -v "us:xx@$PROXY"
	[[ ${lines[0]} == "$PROXY: SOCKS5, it wants other credentials" ]] || fail "$output"
	says 'takes the credentials' no
	says 'connect ipv4' 'unknown \(not without: lets us in\)'
	probe 3 "$PROXY"
	[[ ${lines[0]} == "$PROXY: SOCKS5, it wants credentials" ]] || fail "$output"
	says 'takes the credentials' 'unknown \(no credentials; -u gives them\)'
}

@test "a proxy that takes GSSAPI alone wants GSSAPI" {
	local steps=() i
	for i in {1..8}; do
		steps+=(hello send:0501 close next)
	done
	start_fake "${steps[@]}" hello send:0501 close
	probe 3 --quick "$FAKE"
	[[ ${lines[0]} == "$FAKE: SOCKS5, it wants GSSAPI" ]] || fail "$output"
	probe 3 "$FAKE"
	[[ ${lines[0]} == "$FAKE: SOCKS5, it wants GSSAPI" ]] || fail "$output"
	says 'all methods' 'yes \(prefers gssapi\)'
	says 'method gssapi' yes
}

@test "what is no SOCKS5 is told by what it answers" {
	start_fake recv:5 send:485454502f312e3020343030 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: HTTP, no SOCKS" ] || fail "$output"
	start_fake recv:5 send:15030100020228 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: TLS, no SOCKS" ] || fail "$output"
	start_fake recv:5 send:005b000000000000 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: SOCKS4 alone" ] || fail "$output"
	start_fake recv:5 send:7777 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: no SOCKS" ] || fail "$output"
	start_fake recv:5 close
	probe 1 "$FAKE"
	[ "${lines[0]}" = "$FAKE: it accepts and closes" ] || fail "$output"
	start_fake recv:5 stall
	probe 1 -w 300ms "$FAKE"
	[ "${lines[0]}" = "$FAKE: it accepts and says nothing" ] || fail "$output"
	start_fake recv:5 send:05ff close
	probe 3 "$FAKE"
	[ "${lines[0]}" = "$FAKE: SOCKS5, with no method that we have" ] || fail "$output"
	says 'all methods' 'no \(it answers ff, no acceptable method\)'
}

@test "a reset right after it accepts is no refusal to accept" {
	local i
	start_fake rst
	for i in {1..100}; do
		echo "$FAKE"
	done >"$BATS_TEST_TMPDIR/list"
	probe 1 --quick -j 100 -f "$BATS_TEST_TMPDIR/list"
	[ "$(grep -c "^$FAKE: it accepts and closes$" <<<"$output")" = 100 ] ||
		fail "$(grep ^127 <<<"$output" | sort | uniq -c)"
}

@test "what is not there: refused, unknown names, a socket that is none" {
	probe 1 127.0.0.1:1
	[ "$output" = "127.0.0.1:1: not reachable"$'\n'"  Connection refused" ] || fail "$output"
	probe 1 "unix:$BATS_TEST_TMPDIR/none"
	[ "${lines[1]}" = "  No such file or directory" ] || fail "$output"
	probe 1 no.such.name.invalid
	[[ $output == "no.such.name.invalid:1080: "* ]] || fail "$output"
}

@test "a proxy on a Unix socket, and by IPv6" {
	start_server "unix:$BATS_TEST_TMPDIR/socket"
	probe 0 "unix:$BATS_TEST_TMPDIR/socket"
	says 'udp ipv4' '.*'
	says 'connect ipv6' yes
	stop_server
	start_server '[::1]:0'
	probe 0 "$PROXY"
	says 'connect ipv4' yes
	says 'bound address is true' yes
}

@test "--json is an object a proxy" {
	start_server
	probe 0 --json "$PROXY" 127.0.0.1:1
	[ "${#lines[@]}" = 2 ] || fail "$output"
	[ "$(jq -r 'select(.usable) | .facts["udp name"].is, .facts["method userpass"].is, .facts["takes the credentials"].is' \
		<<<"$output" | tr '\n' ' ')" = "true false null " ] || fail "$output"
	[ "$(jq -r 'select(.usable | not) | .is, .error' <<<"$output" | tr '\n' ',')" = \
		"not reachable,Connection refused," ] || fail "$output"
	jq -e 'select(.usable) | .ms | .connect >= 0 and .first_octet > 0' <<<"$output" || fail "$output"
	jq -e 'select(.usable) | .facts["bound address is true"] | .is and (.why | startswith("127.0.0.1:"))' \
		<<<"$output" || fail "$output"
}

@test "a list: comments, standard input, --alive, wrong lines" {
	start_server
	printf '# ours\n%s\n\n  127.0.0.1:1 # dead\n' "$PROXY" >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick --json -f "$BATS_TEST_TMPDIR/list"
	[ "${#lines[@]}" = 2 ] || fail "$output"
	run --separate-stderr "$SOCKS5" probe --quick --alive -f - <"$BATS_TEST_TMPDIR/list"
	[[ $output == "$PROXY: SOCKS5, open to anyone"* && $output != *127.0.0.1:1:* ]] || fail "$output"
	echo 'http://x' >>"$BATS_TEST_TMPDIR/list"
	probe 0 --quick -f "$BATS_TEST_TMPDIR/list"
	[[ $stderr == "socks5 probe: $BATS_TEST_TMPDIR/list: line 5: "* ]] || fail "$stderr"
	probe 1 -f "$BATS_TEST_TMPDIR/none"
	[[ $stderr == "socks5 probe: $BATS_TEST_TMPDIR/none: No such file or directory" ]] || fail "$stderr"
}

@test "a comment begins a line, or stands behind a blank" {
	start_server -u 'us:a#b#'
	printf '#%s\nus:a#b#@%s\t#ours\r\n \t# none\n' "$PROXY" "$PROXY" >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick -f "$BATS_TEST_TMPDIR/list"
	[[ $output == "$PROXY: SOCKS5, with credentials"* && -z $stderr ]] || fail "$output $stderr"
}

@test "a list that trickles in: what is done is shown while the rest is awaited" {
	start_server
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	STDIN=$BATS_TEST_TMPDIR/pipe spawn "$SOCKS5" probe --quick --json -f -
	exec 7>"$BATS_TEST_TMPDIR/pipe"
	printf '127.0.0.1:1\n%s' "${PROXY%?}" >&7
	wait_until 5 has_line '"not reachable"' "$OUT" || fail "$(cat "$OUT")"
	printf '%s\n127.0.0.1:2' "${PROXY: -1}" >&7
	wait_until 5 has_line '"usable":true' "$OUT" || fail "$(cat "$OUT")"
	! is_gone "$PID" || fail "it did not wait for the rest"
	exec 7>&-
	wait "$PID" || fail "$(cat "$ERR")"
	[ "$(wc -l <"$OUT")" = 3 ] && [ ! -s "$ERR" ] || fail "$(cat "$OUT" "$ERR")"
	probe 0 --quick --json -f <(printf '127.0.0.1:1\n%s' "$PROXY")
	[ "${#lines[@]}" = 2 ] || fail "$output"
}

@test "a list that is typed, up to Ctrl-D" {
	run --separate-stderr "$PYTHON" "$LIB/terminal.py" "$BATS_TEST_TMPDIR/seen" '' $'127.0.0.1:1\n' \
		127.0.0.1:1 ^D -- "$SOCKS5" probe --json -f -
	[[ $status == 1 && $output == '{"proxy":"127.0.0.1:1",'* ]] || fail "$status $output $stderr"
	grep -q '^echo on' "$BATS_TEST_TMPDIR/seen"
}

@test "a list that is none, and a line that is too long" {
	start_server
	printf '%s\n%2000s\n%s\nhttp://x' "$PROXY" 127.0.0.1:1 "$PROXY" >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick --json -f "$BATS_TEST_TMPDIR/list"
	[ "${#lines[@]}" = 2 ] || fail "$output"
	fits "$stderr" "socks5 probe: *: line 2: longer than 1023 octets" 'socks5 probe: *: line 4: *' ||
		fail "$stderr"
	run --separate-stderr -1 "$SOCKS5" probe -f - < <(cat "$BATS_TEST_TMPDIR/list" | tail -c 10)
	[[ $stderr == "socks5 probe: standard input: line 1: "* ]] || fail "$stderr"
	probe 1 -f "$BATS_TEST_TMPDIR"
	[ "$stderr" = "socks5 probe: $BATS_TEST_TMPDIR: Is a directory" ] || fail "$stderr"
	probe 1 -f /dev/null
	[ -z "$output" ] && [ "$stderr" = "socks5 probe: there is no proxy in /dev/null" ] || fail "$output $stderr"
}

@test "thousands: the dead and the living are told apart, whoever ends first" {
	local i
	start_server
	for i in {1..1000}; do
		echo "$PROXY"
		echo 127.0.0.1:1
	done >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick --json -j 200 -f "$BATS_TEST_TMPDIR/list"
	[ "$(jq -r .usable <<<"$output" | sort | uniq -c | tr -s ' \n' ' ')" = " 1000 false 1000 true " ] ||
		fail "$(jq -r .usable <<<"$output" | sort | uniq -c)"
}

@test "thousands at a time: whose connection came from where is not mixed up" {
	start_server
	for _ in {1..3000}; do
		echo "$PROXY"
	done >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick --json -w 20 -j 2000 -f "$BATS_TEST_TMPDIR/list"
	[ "$(grep -c '"bound address is true":{"is":true' <<<"$output")" = 3000 ] ||
		fail "$(grep -o '"bound address[^}]*"is":[a-z]*' <<<"$output" | sort | uniq -c)"
	[ "$(grep -c '"exit address":{"is":\["127.0.0.1"\]}' <<<"$output")" = 3000 ]
}

@test "a bound address that is none of ours, and a target that the proxy plays itself" {
	start_fake hello send:0500 close next hello send:0500 close next hello send:0500 close next \
		hello send:0500 request send:05000001000000000000 echo
	probe 1 --quick "$FAKE"
	[ "${lines[0]}" = "$FAKE: no proxy: it gives back what it hears" ] || fail "$output"
	says 'bound address is true' 'unknown \(not seen by our target\)'
	says 'exit address' 'unknown \(not seen by our target\)'
}

@test "so many at a time as may have files open; the lack of files is no fault of the proxy" {
	local i told=
	need prlimit
	start_server
	for i in {1..400}; do
		echo "$PROXY"
	done >"$BATS_TEST_TMPDIR/list"
	run --separate-stderr prlimit --nofile=40: "$SOCKS5" probe --quick --json -j 100 -f "$BATS_TEST_TMPDIR/list"
	[ "$(grep -c '"usable":true.*"connect ipv4":{"is":true}' <<<"$output")$stderr" = 400 ] || fail "$output $stderr"
	run --separate-stderr prlimit --nofile=60:60 "$SOCKS5" probe --quick --json -j 100 -f "$BATS_TEST_TMPDIR/list"
	[ "$(grep -c '"usable":true.*"connect ipv4":{"is":true}' <<<"$output")" = 400 ] || fail "$output"
	[ "$stderr" = 'socks5 probe: 60 files may be open at most: 7 at a time, not 100' ] || fail "$stderr"
	for i in {10..16}; do
		run prlimit --nofile="$i:$i" "$SOCKS5" probe -w 200ms "$PROXY"
		[[ $output != *'not reachable'* && $output != *'nothing came'* ]] || fail "$i: $output"
		[ "$output" != "$PROXY: trouble on this machine"$'\n''  Too many open files' ] || told=$i
	done
	[ -n "$told" ]
}

@test "--sort latency: once all are done, those that are usable first" {
	start_server
	printf '127.0.0.1:1\n%s\n127.0.0.1:2\n%s\n' "$PROXY" "$PROXY" >"$BATS_TEST_TMPDIR/list"
	probe 0 --quick --json --sort latency -f "$BATS_TEST_TMPDIR/list"
	[ "$(jq -r .usable <<<"$output" | tr '\n' ' ')" = "true true false false " ] || fail "$output"
	jq -se '.[0].ms.connect <= .[1].ms.connect' <<<"$output" >/dev/null
}

@test "Ctrl-C: what is known is shown, and it ends as such" {
	start_server
	start_fake recv:5 stall
	spawn "$SOCKS5" probe --quick --json -w 20 "$PROXY" "$FAKE"
	wait_until 10 has_line '"usable":true' "$OUT"
	kill -INT "$PID"
	wait "$PID" || true
	[ "$(wc -l <"$OUT")" = 1 ]
	grep -q "^socks5 probe: stopped: 1 done, 1 begun$" "$ERR" || fail "$(cat "$ERR")"
}

# progress OPTION...: of a terminal's stderr; sets SEEN.
progress() {
	"$PYTHON" "$LIB/terminal.py" "$BATS_TEST_TMPDIR/tty" -- "$SOCKS5" probe --quick --json \
		"$@" >"$BATS_TEST_TMPDIR/out" || fail "$(cat "$BATS_TEST_TMPDIR/tty")"
	SEEN=$(tr '\r' '\n' <"$BATS_TEST_TMPDIR/tty")
}

@test "progress on a terminal: how many are done and usable, the rate, and the time that is left" {
	local i rate='[0-9]+ done, [0-9]+ usable, [0-9]+ running, [0-9]+ a second'
	start_server
	start_fake stall
	for i in {1..6}; do
		printf '%s\n%s\n' "$PROXY" "$FAKE"
	done >"$BATS_TEST_TMPDIR/list"
	progress -j 2 -w 400ms -f "$BATS_TEST_TMPDIR/list"
	grep -qE "socks5 probe: $rate, [0-9]+ s left" <<<"$SEEN" || fail "$SEEN"
	# Of a pipe nobody knows how much is to come.
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	spawn sh -c 'exec >"$2"; cat "$1" && sleep 2' - "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/pipe"
	progress -j 2 -w 400ms -f "$BATS_TEST_TMPDIR/pipe"
	grep -qE "socks5 probe: $rate(\$|[^,])" <<<"$SEEN" || fail "$SEEN"
}

@test "--target: whether it connects there, too" {
	start_server
	start_target hold
	probe 0 --target "$TARGET" "$PROXY"
	says 'connect to the target' yes
	says 'exit address' 127.0.0.1
	probe 0 --quick --target 127.0.0.1:1 "$PROXY"
	says 'connect to the target' 'no \(reply 05, connection refused\)'
}

@test "--target that tells from where one comes: that is an exit address" {
	start_server
	start_fake 'send:796f757220616464726573733a203230332e302e3131332e370a' eof stall
	probe 0 --json --target "$FAKE" "$PROXY"
	jq -e '.facts["the target speaks"].is and .facts["exit address"].is[-1] == "203.0.113.7"' \
		<<<"$output" || fail "$output"
}

@test "R1929-11 a password of a PROXY is not in the process's title, and not in an error" {
	start_fake stall
	spawn "$SOCKS5" probe "us:hush@$FAKE"
	wait_until 5 grep -q 'us:xxxx@' "/proc/$PID/cmdline"
	! tr '\0' ' ' <"/proc/$PID/cmdline" | grep hush || fail "the process list tells it"
	end_pid "$PID"
	probe 2 us:hush
	[ "$stderr" = "socks5 probe: what follows the colon is no port; with a user and a password it is \
user:password@host:port" ] || fail "$stderr"
	echo us:hush >"$BATS_TEST_TMPDIR/list"
	probe 1 -f "$BATS_TEST_TMPDIR/list"
	[[ $stderr != *hush* ]] || fail "$stderr"
	run -2 "$SOCKS5" connect -x socks5://us:hush 127.0.0.1:1
	[[ $output != *hush* ]] || fail "$output"
}

@test "a result that cannot be written is told with its cause, and ends it" {
	start_server
	run -1 bash -c '"$SOCKS5" probe --conformance "$0" >/dev/full' "$PROXY"
	[ "$output" = "socks5 probe: standard output: No space left on device" ] || fail "$output"
	run -1 --separate-stderr bash -c '"$SOCKS5" probe --conformance --only rfc1928/3/1 --format tap "$0" >/dev/full' "$PROXY"
	[ "$stderr" = "socks5 probe: standard output: No space left on device" ] || fail "$stderr"
	run -1 --separate-stderr bash -c 'echo "$0" | "$SOCKS5" probe -f - "$0" >/dev/full' "$PROXY"
	[ "$stderr" = "socks5 probe: standard output: No space left on device" ] || fail "$stderr"
}

@test "misuse is said" {
	run -2 "$SOCKS5" probe
	[[ $output == *"no PROXY is given"* ]] || fail "$output"
	run -2 "$SOCKS5" probe -x 127.0.0.1
	[ "$output" = "socks5 probe: unknown option -x; the proxy is an argument: socks5 probe HOST:PORT" ]
	run -2 "$SOCKS5" probe --password pass:x 127.0.0.1
	[[ $output == *"--password: it is for a user; add -u NAME"* ]] || fail "$output"
	run -2 "$SOCKS5" probe -u a:b --password pass:x 127.0.0.1
	run -2 "$SOCKS5" probe -u a --password hunter2 127.0.0.1
	[[ $output == "socks5 probe: option --password: it must be pass:TEXT, "* ]] || fail "$output"
	run -2 "$SOCKS5" probe --target nowhere 127.0.0.1
	probe 2 http://127.0.0.1:1
	[[ -z $output && $stderr == "socks5 probe: "*http* ]] || fail "$output $stderr"
	probe 2 127.0.0.1:1 http://127.0.0.1:1
	[ -z "$output" ] || fail "$output"
	probe 2 127.0.0.1:99999
	[ "$stderr" = "socks5 probe: port '99999' is neither a number from 1 to 65535 nor a service" ] ||
		fail "$stderr"
}
