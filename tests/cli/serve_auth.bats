#!/usr/bin/env bats
# socks5 serve: who may come: the choice of a method, RFC 1929, users and their hashes.

load ../lib/helper
load ../lib/serve

umask 077 # for users files

# refused SEGMENT...: these credentials, behind the hello, get 01 01 and the end.
refused() {
	answers "05020101 EOF" $HELLO_USER "$@"
}

accepted() {
	answers "05020100 EOF" $HELLO_USER "$@" eof
}

# over_unix OPTION...: on a Unix socket, whose clients wait for no answer.
over_unix() {
	LISTEN=unix:$BATS_TEST_TMPDIR/socket start_server "$@"
}

login_with() {
	"$PYTHON" "$LIB/login.py" "$@"
}

# between LOW NUMBER HIGH, in milliseconds or the like; fractions do not count.
between() {
	[ "${2%.*}" -ge "$1" ] && [ "${2%.*}" -lt "$3" ] || fail "$2 is not from $1 to $3"
}

@test "R1928-3.12 3.13 of what is offered the server's first: 00 01 02 gets 02 with users" {
	start_server -u joe:secret
	answers "0502 EOF" 0503000102 eof
	answers "0502 EOF" 0503020100 eof
	answers "05ff EOF" 050100
	stop_server
	start_server
	answers "0500 EOF" 0503020100 eof
	answers "05ff EOF" 050102
}

@test "R1928-3.13 --auth is the order" {
	start_server --auth none,userpass -u joe:secret
	answers "0500 EOF" 0503000102 eof
	answers "0500 EOF" 0503020100 eof
	answers "0502 EOF" 05020102 eof
	stop_server
	start_server --auth userpass,none -u joe:secret
	answers "0502 EOF" 0503000102 eof
	answers "0500 EOF" 05020100 eof
	stop_server
	start_server --auth userpass -u joe:secret
	answers "05ff EOF" 05020100
}

@test "R1928-3.11 a build without GSSAPI does not promise it" {
	SOCKS5=${BUILD:-$REPO/build}/bare/socks5
	[ -x "$SOCKS5" ] || fail "$SOCKS5 is not built"
	run "$SOCKS5" serve --auth gssapi,none 127.0.0.1:0
	[ "$status" = 2 ] || fail "status $status: $output"
	[[ $output == *gssapi* ]]
	run "$SOCKS5" version
	[[ $output == *"gssapi: not built in"* ]] || fail "$output"
	start_server
	answers "05ff EOF" 050101
}

@test "R1929-4 the right password: 01 00, and the request is served" {
	start_target echo
	start_server -u joe:secret -u 'jim:with:colon é' --log -
	answers "05020100${OK4}6869 EOF" $HELLO_USER recv:2 "$(login joe secret)" recv:4 \
		"$(request $IP4 "$TARGET_PORT")6869" eof
	accepted "$(login jim 'with:colon é')"
	log_has 2
	LINE=$(head -n 1 "$SERVER_OUT")
	[ "$(field user) $(field method)" = "joe userpass" ] || fail "$LINE"
}

@test "R1929-4 6 9 whatever is wrong: 01 01 and the end" {
	local many
	many=$(printf '61%.0s' {1..255})
	over_unix -u joe:secret
	refused "$(login joe wrong)"
	refused "$(login jim secret)"
	refused "$(login joe '')"
	refused "$(login joe secre)"
	refused "$(login joe secrets)"
	refused "$(login JOE secret)"
	refused 01046a6f6500"$(login '' secret | cut -c 5-)"
	refused 01056a6f650078"$(login '' secret | cut -c 5-)"
	refused 01036a6f6507"$(hex_of secret)00"
	refused "01ff${many}ff${many}"
	accepted "$(login joe secret)"
}

@test "R1929-5 an empty name or password is read, and wrong unless it is somebody's" {
	over_unix -u joe:secret
	refused 010000
	refused 0100"$(login x secret | cut -c 7-)"
	refused "$(login joe '')"
	stop_server
	over_unix -u joe:
	accepted "$(login joe '')"
	refused "$(login joe x)"
	refused 010000
}

@test "R1929-6 255 octets each, any octets" {
	local user password
	user=$(printf 'u%.0s' {1..255})
	password=$(printf '\xff%.0s' {1..255})
	over_unix -u "$user:$password"
	accepted "$(LC_ALL=C login "$user" "$password")"
	refused "$(LC_ALL=C login "$user" "${password%?}")"
	refused "$(LC_ALL=C login "${user%?}" "$password")"
	run "$SOCKS5" serve -u "${user}u:x" 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"longer than 255"* ]] || fail "$output"
}

@test "R1929-3 another version than 01: 01 01 and the end" {
	over_unix -u us:pw
	refused 05027573027077
	refused 00
	refused "$(request $IP4 1)"
}

@test "R1929-4 10 one attempt a connection: nothing behind a failure is read" {
	start_target echo
	over_unix -u joe:secret
	refused "$(login joe wrong)$(login joe secret)$(request $IP4 "$TARGET_PORT")6869"
	refused "$(login joe wrong)" recv:4 "$(login joe secret)$(request $IP4 "$TARGET_PORT")6869"
	came 0
}

@test "R1929-14 every segmentation; what is cut off ends with the handshake's time" {
	local all part begin
	all=$HELLO_USER$(login us pw)
	start_server -u us:pw --handshake-timeout 600ms --log -
	for part in 6 8 10 12 14 16 18; do
		answers "05020100 EOF" "${all::part}" wait:20 "${all:part}" eof
	done
	begin=$(date +%s%3N)
	for part in 8 10 12 14 16 18; do
		raw "$PROXY" "${all::part}" >"$BATS_TEST_TMPDIR/$part" 3>&- &
	done
	# shellcheck disable=SC2046 # a list of them
	wait $(jobs -p | grep -vx "$SERVER_PID")
	between 500 $(($(date +%s%3N) - begin)) 5000
	for part in 8 10 12 14 16 18; do
		[ "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/$part")" = "0502 EOF " ]
	done
	log_has 13
	[[ $(field end) == *"did not go on in time in the middle of it" ]] || fail "$LINE"
	between 600 "$(field ms)" 1600
}

@test "R1929-9 an unknown user costs as much as a wrong password: the same octets, the same time" {
	local good wrong unknown clear
	printf 'joe:%s\n' "$("$SOCKS5" passwd --password pass:secret joe | cut -d : -f 2)" \
		>"$BATS_TEST_TMPDIR/users"
	start_server --users "$BATS_TEST_TMPDIR/users" -u jim:clear --workers 1
	read -r good wrong unknown clear < <(login_with times "$PROXY" joe secret joe wrong \
		nobody secret jim wrong)
	echo "right $good, wrong $wrong, unknown $unknown, in clear $clear ms"
	between 3 "$wrong" 2000
	between $((${wrong%.*} / 2)) "$unknown" $((${wrong%.*} * 2 + 2))
	between $((${wrong%.*} / 2)) "$clear" $((${wrong%.*} * 2 + 2))
	between $((${wrong%.*} / 2)) "$good" $((${wrong%.*} * 2 + 2))
}

@test "R1929-9 the log says the same of an unknown user and a wrong password" {
	over_unix -u joe:secret --log -
	refused "$(login joe wrong)"
	refused "$(login jim secret)"
	log_has 2
	[ "$(sed 's/^.* method=/method=/; s/ms=[0-9]*/ms=/' "$SERVER_OUT" | sort -u | wc -l)" = 1 ]
	[ "$(field user) $(field end)" = "jim credentials refused" ] || fail "$LINE"
}

@test "R1929-10 failures of one source are held back, more each time; nobody else is" {
	local taken
	start_server -u joe:secret --workers 4
	read -ra taken < <(login_with delays "$PROXY" 4 127.0.0.5 joe wrong)
	echo "${taken[*]}"
	between 0 "${taken[0]}" 200
	# 250, 500 and 1000 ms from when the server's turn began, which is a little before.
	between 230 "${taken[1]}" 480
	between 480 "${taken[2]}" 980
	between 980 "${taken[3]}" 1900
	read -ra taken < <(login_with delays "$PROXY" 1 127.0.0.6 joe wrong)
	between 0 "${taken[0]}" 200
	read -ra taken < <(login_with delays "$PROXY" 1 127.0.0.5 joe secret)
	between 0 "${taken[0]}" 200
}

@test "R1929-10 after ten failures an address is refused for a while, with right ones too" {
	start_server -u joe:secret --workers 2 --handshake-timeout 100ms --log -
	login_with delays "$PROXY" 10 127.0.0.5 joe wrong
	log_has 10
	FROM=127.0.0.5 talk $HELLO_USER "$(login joe secret)" eof
	[ "$GOT $END" = "05020101 EOF" ] || fail "$GOT $END"
	log_has 11
	[ "$(field end)" = "credentials refused: not looked at, too many were wrong" ] || fail "$LINE"
	accepted "$(login joe secret)"
}

# refusals: lines of the log that tell of wrong credentials.
refusals() {
	grep -c 'end="credentials refused' "$SERVER_OUT"
}

# hang_up_until_refused COUNT MSEC: wrong credentials and a reset so long after them, until so many
# were refused. A reset that comes before they are read takes them away: those do not count.
hang_up_until_refused() {
	local tries
	for ((tries = 1; tries <= 4 * $1; tries++)); do
		FROM=127.0.0.5 talk $HELLO_USER "$(login joe wrong)" "wait:$2" rst
		log_has $tries
		[ "$(refusals)" -lt "$1" ] || return 0
	done
	fail "$(cat "$SERVER_OUT")"
}

@test "R1929-10 who does not wait for the answer is told, and counted, all the same" {
	start_server -u joe:secret --log -
	hang_up_until_refused 10 20
	FROM=127.0.0.5 talk $HELLO_USER "$(login joe secret)" eof
	[ "$GOT $END" = "05020101 EOF" ] || fail "$GOT $END"
}

@test "R1929-10 who leaves while his password is hashed is told, and counted, too" {
	umask 077
	"$SOCKS5" passwd --cost 5 --password pass:secret joe >"$BATS_TEST_TMPDIR/users"
	start_server --users "$BATS_TEST_TMPDIR/users" --log -
	hang_up_until_refused 12 5
	has_line 'not looked at' "$SERVER_OUT" || FROM=127.0.0.5 talk $HELLO_USER "$(login joe secret)" eof
	has_line 'not looked at' "$SERVER_OUT" || [ "$GOT $END" = "05020101 EOF" ] || fail "$GOT $END"
}

@test "R1929-10 a hundred guesses at once: few are looked at, and a right one among the last is not" {
	local accepted refused closed
	umask 077
	"$SOCKS5" passwd --cost 1 --password pass:secret joe >"$BATS_TEST_TMPDIR/users"
	start_server --users "$BATS_TEST_TMPDIR/users" --log - --handshake-timeout 60
	login_with guess "$PROXY" 60
	FROM=127.77.0.1 talk $HELLO_USER "$(login joe secret)" eof
	[ "$GOT $END" = "05020101 EOF" ] || fail "$GOT $END"
	log_has 61
	# Ten are wrong, and as many more as there are checkers may be under way then.
	[ "$(grep -c 'not looked at' "$SERVER_OUT")" -ge 49 ] || fail "$(cat "$SERVER_OUT")"
}

@test "R1929-10 SEC-4 what is held back still keeps to the handshake's time" {
	local taken
	start_server -u joe:secret --workers 1 --handshake-timeout 400ms
	read -ra taken < <(login_with delays "$PROXY" 4 127.0.0.5 joe wrong)
	between 300 "${taken[3]}" 900
}

@test "R1929-10 a guesser who hangs up while he is held back leaves nothing behind" {
	start_server -u joe:secret --workers 1 --log -
	login_with delays "$PROXY" 2 127.0.0.1 joe wrong
	talk $HELLO_USER "$(login joe wrong)" wait:50 rst
	log_has 3
	between 0 "$(field ms)" 400
	accepted "$(login joe secret)"
	stop_server
}

# Made by others than this program.
# shellcheck disable=SC2016
YESCRYPT='joe:$y$j9T$w9enDwilsIjaWKG8/fmQW.$v0PnzhRsZ0B7U0L4IDb8LsoC/zaC9OGL6/oI2YoxMuA'
# shellcheck disable=SC2016
SHA512='jim:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5kn'
SHA512+=V8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1

@test "a users file: yescrypt, sha512, and what socks5 passwd prints" {
	printf '# users\n\n%s\n%s\n' "$YESCRYPT" "$SHA512" >"$BATS_TEST_TMPDIR/users"
	"$SOCKS5" passwd --password pass:third jack >>"$BATS_TEST_TMPDIR/users"
	over_unix --users "$BATS_TEST_TMPDIR/users" -u june:clear
	accepted "$(login joe secret)"
	accepted "$(login jim secret)"
	accepted "$(login jack third)"
	accepted "$(login june clear)"
	refused "$(login joe third)"
	refused 01036a696d07"$(hex_of secret)00"
	[[ $(cat "$SERVER_LOG") == *"4 users on this machine may use it"* ]]
}

@test "SIGHUP: the users file is read again; a bad one changes nothing and is told" {
	local users=$BATS_TEST_TMPDIR/users
	"$SOCKS5" passwd --password pass:one --cost 1 joe >"$users"
	start_server --users "$users" -u june:clear --workers 2
	accepted "$(login joe one)"
	"$SOCKS5" passwd --password pass:two --cost 1 joe >"$users"
	"$SOCKS5" passwd --password pass:new --cost 1 jim >>"$users"
	reload "read again: 3 users"
	accepted "$(login joe two)"
	accepted "$(login jim new)"
	accepted "$(login june clear)"
	refused "$(login joe one)"
	echo nonsense >>"$users"
	reload "option --users: $users: line 3: .*" "$UNCHANGED"
	accepted "$(login joe two)"
	rm "$users"
	reload "No such file"
	accepted "$(login joe two)"
	stop_server
}

@test "SIGHUP: a session goes on, also while the server drains; and nothing is lost" {
	local path=$BATS_TEST_TMPDIR/s
	start_target echo
	LISTEN=unix:$path start_server --drain 60 --log -
	reload "read again: 0 users, 0 rules"
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" \
		"$HELLO$(request $IP4 "$TARGET_PORT")3131"
	wait_until 5 has_lines 2 "$TARGET_OUT"
	kill -TERM "$SERVER_PID"
	wait_until 5 test ! -e "$path"
	kill -HUP "$SERVER_PID"
	wait_until 5 has_line stopping "$SERVER_LOG"
	! is_gone "$SERVER_PID" || fail "SIGHUP ended it"
	kill "$PID"
	wait_until 5 is_gone "$SERVER_PID"
	[ "$(wc -l <"$SERVER_OUT")" = 1 ]
	has_line 'up=2 down=2' "$SERVER_OUT"
}

@test "a bad users file: exit 2, its name and the line" {
	local users=$BATS_TEST_TMPDIR/users bad
	for bad in secret joe:secret ':$6$saltsalt$x' "$YESCRYPT" 'jack:$6$sa:lt' 'jack:'; do
		printf '#\n%s\n\n%s\n' "$YESCRYPT" "$bad" >"$users"
		run "$SOCKS5" serve --users "$users" 127.0.0.1:0
		[ "$status" = 2 ] || fail "$bad: status $status: $output"
		[[ $output == *"option --users: $users: line 4: "* ]] || fail "$bad: $output"
		[[ $output != *secret* ]] || fail "it tells the password: $output"
	done
	run "$SOCKS5" serve --users "$users" -u joe:x 127.0.0.1:0
	[ "$status" = 2 ]
	printf '%s\n' "$YESCRYPT" >"$users"
	run "$SOCKS5" serve --users "$users" -u joe:hunter2 127.0.0.1:0
	[ "$status" = 2 ] || fail "the same user twice: $output"
	[[ $output != *hunter2* ]] || fail "it tells the password: $output"
}

# in_memory TEXT: is it anywhere in the server's memory?
in_memory() {
	"$PYTHON" - "$SERVER_PID" "$1" <<-'END'
		import re, sys
		found = False
		with open(f"/proc/{sys.argv[1]}/maps") as maps, \
		     open(f"/proc/{sys.argv[1]}/mem", "rb", 0) as mem:
		    for low, high in re.findall(r"^(\w+)-(\w+) rw", maps.read(), re.M):
		        try:
		            mem.seek(int(low, 16))
		            found |= sys.argv[2].encode() in mem.read(int(high, 16) - int(low, 16))
		        except OSError:
		            pass
		sys.exit(not found)
	END
}

@test "R1929-11 no password in the log, on stderr or in the process list" {
	"$SOCKS5" passwd --password pass:hush-file joe >"$BATS_TEST_TMPDIR/users"
	over_unix -u jim:hush-option --user=jack:hush-long -ujune:hush-short --log - \
		--users "$BATS_TEST_TMPDIR/users"
	accepted "$(login joe hush-file)"
	accepted "$(login jim hush-option)"
	accepted "$(login jack hush-long)"
	accepted "$(login june hush-short)"
	refused "$(login joe hush-wrong)"
	refused "$(login jane hush-unknown)"
	answers "050201 EOF" $HELLO_USER "$(login joe hush-cut)" eof || true
	! tr '\0' ' ' <"/proc/$SERVER_PID/cmdline" | grep hush || fail "the process list tells it"
	grep -q -- --log "/proc/$SERVER_PID/cmdline"
	stop_server
	! grep hush "$SERVER_OUT" "$SERVER_LOG" || fail "the log tells it"
}

@test "R1929-11 a password that was sent is wiped from memory" {
	case $SOCKS5 in
	*build/address-undefined* | *build/thread*) skip "a sanitizer keeps copies of its own" ;;
	esac
	"$SOCKS5" passwd --password pass:known joe >"$BATS_TEST_TMPDIR/users"
	start_target echo
	start_server -u jim:in-clear-and-kept --users "$BATS_TEST_TMPDIR/users" --workers 1
	refused "$(login joe telltale-one)"
	answers "0502 EOF" $HELLO_USER "0108$(hex_of telltale)10$(hex_of telltale-two)" eof
	answers "05020101 EOF" "$HELLO_USER$(login joe telltale-three)$(hex_of telltale-four)"
	in_memory in-clear-and-kept || fail "this test does not see the server's memory"
	! in_memory telltale- || fail "it is still there"
}

@test "hashing does not stall the loop: others are served meanwhile" {
	local median left
	"$SOCKS5" passwd --password pass:x --method yescrypt --cost 6 joe >"$BATS_TEST_TMPDIR/users"
	start_server --users "$BATS_TEST_TMPDIR/users" --auth none,userpass --workers 1 --drain 0
	read -r median left < <(login_with stall "$PROXY" 20)
	echo "$median ms, $left under way"
	[ "$left" -ge 5 ] || fail "only $left of 20 were still under way: it shows nothing"
	between 0 "$median" 60
	stop_server
}

@test "clients that go while their passwords are checked leave nothing behind" {
	local i
	"$SOCKS5" passwd --password pass:x --cost 7 joe >"$BATS_TEST_TMPDIR/users"
	start_server --users "$BATS_TEST_TMPDIR/users" --workers 1 --max-sessions 4 --log -
	for i in 1 2 3 4; do
		talk $HELLO_USER recv:2 "$(login joe x)" wait:30 rst
	done
	log_has 4
	[ "$(grep -c 'user=joe method=userpass .* end="client went away"' "$SERVER_OUT")" = 4 ] ||
		fail "$(cat "$SERVER_OUT")"
	for i in 1 2 3 4; do
		wait_until 5 accepted "$(login joe x)"
	done
	log_has 8
	stop_server
}

@test "SIGTERM does not wait for a password check that takes long" {
	# shellcheck disable=SC2016 # no shell expands it
	printf '%s\n' 'joe:$6$rounds=99999999$saltsalt$'"$(printf 'a%.0s' {1..86})" >"$BATS_TEST_TMPDIR/users"
	start_server --users "$BATS_TEST_TMPDIR/users" --workers 1 --drain 0 --log -
	talk $HELLO_USER recv:2 "$(login joe x)" wait:200 rst
	kill -TERM "$SERVER_PID"
	wait_until 10 is_gone "$SERVER_PID" || fail "it is still there"
	has_line '^socks5 serve: stopped$' "$SERVER_LOG"
	has_line 'user=joe .* end="client went away"' "$SERVER_OUT"
}

# start_slow OPTION...: a server that takes tens of milliseconds for joe's password, which is x.
start_slow() {
	"$SOCKS5" passwd --password pass:x --method sha512 --cost 50000 joe \
		>"$BATS_TEST_TMPDIR/users"
	start_server --users "$BATS_TEST_TMPDIR/users" --workers 2 --log - "$@"
}

pending_refused() {
	grep -c 'user=joe .* end="credentials: too many password checks pending"' "$SERVER_OUT"
}

@test "R1929-4 more passwords than can be checked in time: a right one is never called wrong" {
	local accepted refused silent other
	start_slow
	read -r accepted refused silent other < <(login_with flood "$PROXY" 400 joe x)
	echo "$accepted accepted, $refused refused, $silent unanswered, the last: $other"
	[ "$refused" = 0 ] && [ "$other" != 0101 ]
	[ "$accepted" -ge 256 ] && [ "$silent" -ge 1 ]
	[ $((accepted + silent)) = 400 ]
	wait_until 5 has_lines 401 "$SERVER_OUT"
	[ "$(pending_refused)" -ge "$silent" ] || fail "$(tail "$SERVER_OUT")"
	accepted "$(login joe x)"
	stop_server
}

@test "R1929-10 a check that was never made is no failure: nobody is held back for it" {
	local taken
	start_slow
	login_with flood "$PROXY" 200 joe x 127.0.0.5
	[ "$(pending_refused)" -ge 3 ] || fail "$(tail "$SERVER_OUT")"
	read -ra taken < <(login_with delays "$PROXY" 1 127.0.0.5 joe wrong)
	between 0 "${taken[0]}" 2000
}

@test "R1929-10 one source's passwords do not fill the queue for others" {
	local accepted refused silent other
	start_slow
	read -r accepted refused silent other < <(login_with flood "$PROXY" 400 joe x 127.0.0.5)
	echo "$accepted accepted, $refused refused, $silent unanswered, another source: $other"
	[ "$other" = 0100 ] && [ "$refused" = 0 ] && [ "$accepted" -ge 64 ] && [ "$silent" -ge 100 ]
}

@test "the passwords of clients that are gone are in nobody's way" {
	local accepted refused silent other
	start_slow
	login_with leave "$PROXY" 300 joe x
	wait_until 5 has_lines 300 "$SERVER_OUT" || fail "$(cat "$SERVER_OUT")"
	read -r accepted refused silent other < <(login_with flood "$PROXY" 200 joe x)
	[ "$accepted $refused $silent $other" = "200 0 0 0100" ] ||
		fail "$accepted accepted, $refused refused, $silent unanswered, the last: $other"
	stop_server
}

@test "SEC-3 a file without a user is refused, not taken for no authentication" {
	printf '# nobody yet\n\n' >"$BATS_TEST_TMPDIR/users"
	run timeout 10 "$SOCKS5" serve --users "$BATS_TEST_TMPDIR/users" 127.0.0.1:0
	[ "$status" = 2 ] && [[ $output == *"no user in it"* ]] || fail "$status: $output"
}
