#!/usr/bin/env bats
# socks5 serve: config files, rules files, and both again at SIGHUP.

load ../lib/helper
load ../lib/serve

umask 077 # for files with passwords

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# config LINE...: the file "conf".
config() {
	printf '%s\n' "$@" >conf
}

# bad TEXT LINE...: with such a file it does not start.
bad() {
	local text=$1
	shift
	config "$@"
	run timeout 10 "$SOCKS5" serve -c conf 127.0.0.1:0
	[ "$status:$output" = "2:socks5 serve: option --config: conf: $text" ] ||
		fail "$status: $output"
}

@test "a file of options: names with and without dashes, values, comments, listeners" {
	start_target echo
	config '# a proxy' '' 'user us:pw' '  --allow from=127.0.0.0/8 to=any  # all' \
		'deny = "to=10.0.0.0/8 # no comment"' 'listen 127.0.0.1:0' 'listen=127.0.0.2:0' 'open' \
		'handshake-timeout   5s'
	sed -i 's/ # no comment//' conf
	spawn "$SOCKS5" serve --config conf
	SERVER_PID=$PID SERVER_LOG=$ERR
	wait_until 10 has_line 'everything else is denied' "$ERR" || fail "$(cat "$ERR")"
	[ "$(grep -c 'listening on 127.0.0.[12]:' "$ERR")" = 2 ]
	has_line 'one user on this machine may use it, with a password' "$ERR"
	has_line 'rule 1: allow from=127.0.0.0/8 to=any$' "$ERR"
	has_line 'rule 2: deny to=10.0.0.0/8$' "$ERR"
	PROXY=$(sed -n 's/.*listening on //p' "$ERR" | head -n 1)
	answers "05020100$OK4 EOF" 050102 "$(login us pw)$(request $IP4 "$TARGET_PORT")" eof
}

@test "LISTEN on the line replaces the file's; what is behind -c replaces what it says" {
	local idle
	config 'listen 127.0.0.1:1' 'handshake-timeout 2s' 'max-sessions 3'
	start_server -c conf --max-sessions 1 -v
	[ "$(grep -c 'listening on' "$SERVER_LOG")" = 1 ]
	idle=$(sockets)
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" 05
	wait_until 5 has_sockets $((idle + 1))
	answers ' @(EOF|RST)' 050100
	wait_until 5 has_line 'did not go on in time' "$SERVER_LOG"
}

sockets() {
	find "/proc/$SERVER_PID/fd" -lname 'socket:*' | wc -l
}

has_sockets() {
	[ "$(sockets)" = "$1" ]
}

@test "errors name file, line and the nearest option" {
	bad "line 2: unknown option lisen; did you mean listen?" "" "lisen 1080"
	bad "line 2: listen needs a value: [HOST:]PORT or unix:PATH" "" listen
	bad "line 2: unknown option --handshake-timout; did you mean --handshake-timeout?" \
		'open' 'handshake-timout 3s'
	bad "line 1: option --workers: 'x' is not a whole number from 1 to 256" 'workers x'
	bad "line 3: option --udp-filter: 'all' is unknown, it must be none, address or port" '' '' \
		'udp-filter all'
	bad "line 1: option --users needs a value: --users FILE" 'users'
	bad "line 1: option --open: 'maybe' is unknown, it must be yes or no" 'open maybe'
	bad "line 1: a config file names no other" 'config conf'
	bad "line 1: --check stands on the command line only" 'check'
	bad "line 2: --help stands on the command line only" 'open' '--help'
	bad 'line 1: option allow: a quote is not closed, or something stands behind it' 'allow "to=any'
	bad 'line 1: option allow: a quote is not closed, or something stands behind it' 'allow "to=any"x'
	bad 'line 1: option allow: a quote is not closed, or something stands behind it' 'allow "user=joe" to=10.0.0.1'
	bad 'line 1: option allow: a quote is not closed, or something stands behind it' 'allow "to=any"#x'
	bad "line 1: option user: a blank or '=' stands before the value, no colon" 'user:joe:hush'
	bad 'line 1: option --user: NAME: no password; write NAME:PASSWORD' 'user joe hush'
	run "$SOCKS5" serve -c nosuch
	[ "$status:$output" = "2:socks5 serve: option --config: nosuch: No such file or directory" ]
	config open
	run "$SOCKS5" serve -c conf -c conf
	[ "$status:$output" = "2:socks5 serve: option --config: one is enough" ]
	printf 'open\0' >conf
	run "$SOCKS5" serve -c conf
	[ "$status" = 2 ]
}

@test "SEC-11 a file with passwords that others may read is refused; one without is not" {
	config 'user us:pw' 'listen 127.0.0.1:0'
	chmod 644 conf
	run timeout 10 "$SOCKS5" serve -c conf
	[ "$status:$output" = "2:socks5 serve: option --config: conf holds passwords and others may read it; chmod 600 it" ]
	config 'open'
	chmod 644 conf
	start_server -c conf
}

@test "a rules file, in its place among the other rules" {
	start_target echo
	printf '%s\n' '# first' 'deny to=10.0.0.0/8  # no' '' '	allow   to=any' >rules
	start_server --deny to=192.0.2.0/24 --rules rules --deny to=any
	wait_until 5 has_line 'rule 4: deny to=any' "$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
	has_line 'rule 1: deny to=192.0.2.0/24' "$SERVER_LOG"
	has_line 'rule 2: deny to=10.0.0.0/8$' "$SERVER_LOG"
	asks "$OK4" $IP4 "$TARGET_PORT"
	asks "$(error 02)" 010a000001 80
	for bad in 'permit to=any' 'allow too=any' 'deny'; do
		printf '%s\n' '' "$bad" >rules
		run timeout 10 "$SOCKS5" serve --rules rules 127.0.0.1:0
		[ "$status" = 2 ] || fail "$bad: $output"
		[[ $output == "socks5 serve: option --rules: rules: line 2: "* ]] || fail "$output"
	done
	run timeout 10 "$SOCKS5" serve --rules nosuch 127.0.0.1:0
	[ "$status:$output" = "2:socks5 serve: option --rules: nosuch: No such file or directory" ]
}

@test "SIGHUP reads config, rules and users again, all or nothing; sessions go on" {
	start_target echo
	"$SOCKS5" passwd --cost 1 --password pass:pw us >users
	echo 'deny to=10.0.0.0/8' >rules
	config 'users users' 'rules rules'
	start_server -c conf --log -
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" 050102 "$(login us pw)" \
		"$(request $IP4 "$TARGET_PORT")" 3131
	wait_until 5 has_lines 2 "$TARGET_OUT"
	echo 'deny to=127.0.0.0/8' >>rules
	reload 'read again: 1 user, 2 rules'
	answers "05020100$(error 02) EOF" 050102 "$(login us pw)$(request $IP4 "$TARGET_PORT")" eof
	echo 'handshake-timout 3' >>conf
	reload 'option --config: conf: line 3: unknown option --handshake-timout' "$UNCHANGED"
	config 'users users'
	echo nonsense >>users
	reload 'option --users: users: line 2: '
	answers "05020100$(error 02) EOF" 050102 "$(login us pw)$(request $IP4 "$TARGET_PORT")" eof
	! is_gone "$PID" || fail "the session ended"
	"$SOCKS5" passwd --cost 1 --password pass:new us >users
	reload 'read again: 1 user, 0 rules'
	answers "05020100$OK4 EOF" 050102 "$(login us new)$(request $IP4 "$TARGET_PORT")" eof
	! is_gone "$PID" || fail "the session ended"
}

@test "SIGHUP reads a password from the line again, though it was masked there" {
	start_target echo
	echo 'deny to=10.0.0.0/8' >rules
	start_server -u us:pw --rules rules
	reload 'read again: 1 user, 1 rule$'
	! tr '\0' ' ' <"/proc/$SERVER_PID/cmdline" | grep -q 'us:pw' || fail "it is shown"
	answers "05020100$OK4 EOF" 050102 "$(login us pw)$(request $IP4 "$TARGET_PORT")" eof
}

@test "SIGHUP opens the log again" {
	start_target echo
	start_server --log log
	asks "$OK4" $IP4 "$TARGET_PORT"
	wait_until 5 has_lines 1 log
	mv log log.1
	reload 'read again'
	asks "$OK4" $IP4 "$TARGET_PORT"
	wait_until 5 has_lines 1 log
	[ "$(wc -l <log.1)" = 1 ]
}

# from ADDRESS PATTERN: a client of that address says which methods it has; PATTERN as in answers.
from() {
	run "$PYTHON" "$LIB/rawclient.py" --timeout 5 --from "$1" "$PROXY" 050100 eof
	# shellcheck disable=SC2053 # a pattern is meant
	[[ "${lines[*]}" == $2 ]] || fail "from $1: '${lines[*]}', not '$2'"
}

@test "SEC-5 --max-per-client: no more of one address, others come; a reload changes it" {
	local held idle
	config 'max-per-client 2'
	start_server -c conf --workers 2 --log log
	idle=$(sockets)
	for held in 1 2; do
		spawn "$PYTHON" "$LIB/rawclient.py" --timeout 30 --from 127.0.0.5 "$PROXY" 05 wait:30000
		wait_until 5 has_sockets $((idle + held))
	done
	from 127.0.0.5 '@(EOF|RST)'
	from 127.0.0.6 '0500 EOF'
	has_line 'as many sessions as one may: it is turned away (--max-per-client)$' "$SERVER_LOG" ||
		fail "$(cat "$SERVER_LOG")"
	config 'max-per-client 3'
	reload 'read again'
	from 127.0.0.5 '0500 EOF'
	config 'max-per-client 1' 'allow to=any'
	reload 'read again.* 1 rule'
	from 127.0.0.5 '@(EOF|RST)'
	kill "$PID"
	wait_until 5 has_lines 3 log
	from 127.0.0.5 '@(EOF|RST)'
	from 127.0.0.6 '0500 EOF'
}

check() {
	timeout 10 "$SOCKS5" serve --check "$@" 2>"$BATS_TEST_TMPDIR/said"
}

# checks TEXT OPTION...: that is what --check prints; what it says goes to the file said.
checks() {
	local text=$1
	shift
	run check "$@"
	[ "$status:$output" = "0:$text" ] || fail "$status: $output"
}

# said TEXT: by the last of those.
said() {
	grep -qxF "socks5 serve: $1" "$BATS_TEST_TMPDIR/said" || fail "$(cat "$BATS_TEST_TMPDIR/said")"
}

@test "--check: the rules as they are understood, and no listener" {
	config 'listen 127.0.0.1:1' 'deny to=10.1.2.3/8' 'allow command=udp,connect to=[fd00::1/8]:53'
	checks "rule 1: deny to=10.0.0.0/8
rule 2: allow command=connect,udp to=[fd00::/8]:53
otherwise: deny" -c conf
	said 'the configuration is good'
	checks "otherwise: allow; but to clients from elsewhere than this machine not
           to=loopback to=private to=link-local to=multicast to=metadata"
	said 'any program on this machine may use it, without a password'
	run timeout 10 "$SOCKS5" serve --check --users nosuch
	[ "$status" = 2 ]
}

@test "--explain: which rule decides, and why not the others" {
	config 'deny user=joe' 'allow from=192.0.2.0/24 to=.example.org' 'allow to=10.0.0.0/8:22' \
		'user ann:x' 'user joe:x'
	checks "rule 1: user= does not match (deny user=joe)
rule 2: from= does not match (allow from=192.0.2.0/24 to=.example.org)
rule 3: it matches, and decides (allow to=10.0.0.0/8:22)
allowed: rule 3, allow to=10.0.0.0/8:22" -c conf --explain 'from=198.51.100.1 to=10.0.0.9:22'
	checks "rule 1: it matches, and decides (deny user=joe)
denied: rule 1, deny user=joe" -c conf --explain 'user=joe to=example.org:80'
	said 'without from= the client is a program on this machine'
	checks "rule 1: user= does not match (deny user=joe)
rule 2: it matches, and decides (allow from=192.0.2.0/24 to=.example.org)
allowed: rule 2, allow from=192.0.2.0/24 to=.example.org; each address, when it is known" -c conf \
		--explain 'from=192.0.2.1 to=www.example.org:443'
	checks "rule 1: user= does not match (deny user=joe)
rule 2: to= does not match (allow from=192.0.2.0/24 to=.example.org)
rule 3: to= does not match (allow to=10.0.0.0/8:22)
denied: no rule matches, and there are rules that allow" -c conf \
		--explain 'from=192.0.2.1 to=203.0.113.1:80'
	checks "denied: link-local addresses are guarded; a rule that allows names them, as to=link-local does" \
		--explain 'from=192.0.2.1 to=169.254.169.254:80'
	checks "allowed: no rule matches, and it is not guarded" --explain 'to=169.254.169.254:80'
	run "$SOCKS5" serve --check --explain 'to=any'
	[ "$status:$output" = "2:socks5 serve: option --explain: to=any: to= is one HOST or ADDRESS here, with one :PORT" ]
	run "$SOCKS5" serve --explain 'to=a.b'
	[ "$status:$output" = "2:socks5 serve: option --explain: it is for --check; add that" ]
	checks "rule 1: user= does not match (deny user=joe)
rule 2: from= does not match (allow from=192.0.2.0/24 to=.example.org)
rule 3: to= does not match (allow to=10.0.0.0/8:22)
denied: no rule matches, and there are rules that allow" -c conf \
		--explain 'from=198.51.100.1 user=jo to=203.0.113.1:80'
	said 'there is no user jo: the client would not be let in'
}

@test "to=any in a rule for others opens what is within: that is told" {
	local text='to=any opens addresses within'
	checks "rule 1: allow from=192.0.2.0/24 to=any:80
otherwise: deny" --allow 'from=192.0.2.0/24 to=any:80' 0.0.0.0:1
	said "rule 1: $text (loopback, private, link-local, metadata) to clients from elsewhere, too; deny those in a rule before it, unless that is meant"
	checks "rule 1: deny to=private
rule 2: deny to=loopback
rule 3: allow from=192.0.2.0/24 to=any
otherwise: deny" --deny to=private --deny to=loopback --allow 'from=192.0.2.0/24 to=any' 0.0.0.0:1
	said "rule 3: $text (link-local, metadata) to clients from elsewhere, too; deny those in a rule before it, unless that is meant"
	checks "rule 1: allow to=any
otherwise: deny" --allow to=any 127.0.0.1:1
	! grep -F "$text" "$BATS_TEST_TMPDIR/said" || fail "it is told"
	checks "rule 1: allow from=127.0.0.0/8 to=any
otherwise: deny" --allow 'from=127.0.0.0/8 to=any' 0.0.0.0:1
	! grep -F "$text" "$BATS_TEST_TMPDIR/said" || fail "it is told"
}

@test "what is wrong in a line of many is told with that line" {
	config 'deny to=10.0.0.0/8' '' 'deny comand=bind'
	checks_not "option --config: conf: line 3: option --deny: comand=bind: unknown word; did you mean command? "
	config 'user joe'
	checks_not "option --config: conf: line 1: option --user: joe: no password"
	config '' 'listen 127.0.0.1:99999'
	checks_not "that LISTEN is line 2 of conf"
}

checks_not() {
	run timeout 10 "$SOCKS5" serve --check -c conf
	[ "$status" = 2 ] && [[ $output == *"socks5 serve: $1"* ]] || fail "$status: $output"
}

@test "a config or rules file that anybody may write is refused" {
	config 'deny to=10.0.0.0/8'
	chmod 666 conf
	checks_not 'option --config: conf: anybody may write it; chmod o-w it'
	echo 'deny to=10.0.0.0/8' >rules
	chmod 602 rules
	run timeout 10 "$SOCKS5" serve --check --rules rules
	[ "$status:$output" = "2:socks5 serve: option --rules: rules: anybody may write it; chmod o-w it" ]
}

@test "several users files are one" {
	"$SOCKS5" passwd --cost 1 --password pass:x joe >one
	"$SOCKS5" passwd --cost 1 --password pass:x ann >two
	start_server --users one --users two
	has_line '2 users on this machine may use it' "$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
	: >two
	run timeout 10 "$SOCKS5" serve --check --users one --users two
	[ "$status:$output" = "2:socks5 serve: option --users: two: no user in it; socks5 passwd makes one" ]
}

@test "--check: who it cannot be is told before it listens" {
	run timeout 10 "$SOCKS5" serve --check --run-as nosuch
	[ "$status:$output" = "2:socks5 serve: option --run-as: nosuch: there is no such user" ]
}

@test "SEC-3 SIGHUP does not bring a balancer's clients in without authentication" {
	start_target echo
	config
	start_server -c conf
	config accept-proxy
	reload 'SIGHUP refused: it would serve other machines without authentication' "$UNCHANGED"
	asks "$OK4" $IP4 "$TARGET_PORT"
}

@test "SIGHUP brings another time to drain" {
	start_target echo
	printf 'drain 20s\n' >conf
	start_server -c conf
	spawn "$PYTHON" "$LIB/rawclient.py" --timeout 20 "$PROXY" 050100 "$(request $IP4 "$TARGET_PORT")" \
		hex:68 recv:20
	printf 'drain 0\n' >conf
	reload 'read again'
	kill -TERM "$SERVER_PID"
	wait_until 5 is_gone "$SERVER_PID" || fail "it drains still"
}

@test "--check makes no log" {
	run timeout 10 "$SOCKS5" serve --check --log log 127.0.0.1:1
	[ "$status" = 0 ] && [ ! -e log ]
	run timeout 10 "$SOCKS5" serve --check --log nosuch/log 127.0.0.1:1
	[ "$status:$output" = "2:socks5 serve: option --log: nosuch/log: No such file or directory" ]
}

@test "--check: an upstream that is this server itself" {
	run timeout 10 "$SOCKS5" serve --check -x 127.0.0.1:4599 127.0.0.1:4598 127.0.0.1:4599
	[ "$status" = 2 ]
	[[ $output == *"option --proxy: 127.0.0.1:4599: that is this server itself" ]] || fail "$output"
}

@test "SIGHUP says what takes a restart, and what is out of reach" {
	mkdir here there
	printf 'workers 1\nlisten 127.0.0.1:0\n' >here/conf
	LISTEN= spawn "$SOCKS5" serve -c here/conf
	SERVER_PID=$PID SERVER_LOG=$ERR
	wait_until 5 has_line 'listening on' "$SERVER_LOG"
	printf 'workers 2\nlisten 127.0.0.1:1\nsandbox on\nverbose\n' >here/conf
	reload 'SIGHUP: listen is another: that takes a restart'
	has_line 'SIGHUP: workers is another: that takes a restart' "$SERVER_LOG"
	has_line 'SIGHUP: sandbox is another: that takes a restart' "$SERVER_LOG"
	has_line 'SIGHUP: verbose is another: that takes a restart' "$SERVER_LOG"
	! has_line 'SIGHUP: udp-ports' "$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
	echo 'deny to=10.0.0.0/8' >there/rules
	echo 'rules there/rules' >here/conf
	has_line 'files and system calls' "$SERVER_LOG" || return 0 # no Landlock
	reload 'option --rules: there/rules: out of reach in the sandbox'
	has_line 'all is as it was before' "$SERVER_LOG"
}
