#!/usr/bin/env bats
# socks5 serve: what it gives up before it serves: --sandbox and --run-as.

load ../lib/helper
load ../lib/serve

umask 077

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	chmod 755 .
}

# every_thread FIELD VALUE: of the server has that in its status.
every_thread() {
	local status
	for status in "/proc/$SERVER_PID/task"/*/status; do
		grep -q "^$1:[[:space:]]*$2" "$status" || fail "$status: $(grep "^$1:" "$status")"
	done
}

need_landlock() {
	has_line 'files and system calls' "$SERVER_LOG" || skip "this kernel has no Landlock"
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "only root can become another user"
}

@test "SEC-11 the sandbox is on by itself, in every thread, and told" {
	"$SOCKS5" passwd --cost 1 --password pass:pw joe >users
	start_server --users users --workers 3
	has_line '^socks5 serve: sandbox: .* out of reach' "$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
	every_thread Seccomp 2
	every_thread NoNewPrivs 1
}

@test "--sandbox off: nothing is given up, and nothing told" {
	start_server --sandbox off
	! has_line sandbox "$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
	every_thread Seccomp 0
	every_thread NoNewPrivs 0
	stop_server
	run timeout 10 "$SOCKS5" serve --sandbox of 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"'of' is unknown, it must be on or off" ]] || fail "$output"
}

@test "--sandbox on: as by itself" {
	start_server --sandbox on
	has_line 'files and system calls' "$SERVER_LOG"
}

# Users of another folder than it was started with: the sandbox and nothing else forbids that.
@test "SEC-11 a file that it was not started with cannot be opened" {
	local sandbox
	mkdir here elsewhere
	"$SOCKS5" passwd --cost 1 --password pass:pw joe | tee here/users >elsewhere/users
	for sandbox in on off; do
		echo 'users here/users' >here/conf
		start_server -c here/conf --sandbox $sandbox
		echo 'users elsewhere/users' >here/conf
		case $sandbox in
		on) need_landlock
			reload 'elsewhere/users: Permission denied' "$UNCHANGED" ;;
		off) reload 'read again: 1 user' ;;
		esac
		stop_server
	done
}

@test "inside, files that are replaced are read at SIGHUP, and the log is opened anew" {
	start_target echo
	mkdir etc var
	"$SOCKS5" passwd --cost 1 --password pass:pw joe >etc/users
	echo 'deny to=10.0.0.0/8' >etc/rules
	printf 'users etc/users\nrules etc/rules\n' >etc/conf
	start_server -c etc/conf --log var/log
	answers "05020100$OK4 EOF" $HELLO_USER "$(login joe pw)$(request $IP4 "$TARGET_PORT")" eof
	wait_until 5 has_lines 1 var/log
	"$SOCKS5" passwd --cost 1 --password pass:new joe >etc/users2
	mv etc/users2 etc/users
	echo 'deny to=127.0.0.0/8' >etc/rules2
	mv etc/rules2 etc/rules
	mv var/log var/log.1
	reload 'read again: 1 user, 1 rule'
	answers "05020100$(error 02) EOF" $HELLO_USER \
		"$(login joe new)$(request $IP4 "$TARGET_PORT")" eof
	wait_until 5 has_lines 1 var/log
	has_line reply=02 var/log
	[ "$(wc -l <var/log.1)" = 1 ]
}

@test "inside, a log that is a FIFO or a device is opened anew as well" {
	mkfifo fifo
	start_server --log fifo
	exec 8<fifo
	reload 'read again'
	exec 8<&-
	stop_server
	start_server --log /dev/null
	reload 'read again'
}

@test "a log that became a FIFO, or another kind, is told at SIGHUP and left" {
	start_server --log log --sandbox off
	rm log
	mkfifo log
	reload 'option --log: log: a regular file before; that takes a restart'
	stop_server
	echo 'log -' >conf
	start_server -c conf
	echo 'log log2' >conf
	reload 'SIGHUP: log is another: that takes a restart'
	[ ! -e log2 ]
}

@test "inside, files behind links are read at SIGHUP, and the log is written where the link leads" {
	mkdir etc real
	"$SOCKS5" passwd --cost 1 --password pass:pw joe >real/users
	echo 'deny to=10.0.0.0/8' >real/rules
	ln -s ../real/users etc/users
	ln -s ../real/rules etc/rules
	ln -s ../real/log etc/log
	start_target echo
	start_server --users etc/users --rules etc/rules --log etc/log
	"$SOCKS5" passwd --cost 1 --password pass:new joe >real/users2
	mv real/users2 real/users
	mv real/log real/log.1
	reload 'read again: 1 user, 1 rule'
	answers "05020100$OK4 EOF" $HELLO_USER "$(login joe new)$(request $IP4 "$TARGET_PORT")" eof
	wait_until 5 has_lines 1 real/log
}

@test "inside, three hundred files are as well within reach as one" {
	local i options=()
	mkdir var
	for i in {1..300}; do
		mkdir "d$i"
		echo 'deny to=10.0.0.0/8' >"d$i/rules"
		options+=(--rules "d$i/rules")
	done
	start_server "${options[@]}" --log var/log
	mv var/log var/log.1
	reload 'read again: 0 users, 300 rules'
	[ -e var/log ]
}

@test "inside, names of /etc/hosts are found" {
	local name
	name=$(awk '$1 ~ /^[0-9.]+$/ && $2 != "localhost" { print $2; exit }' /etc/hosts)
	start_server --log -
	asks '05*' "$(name_of "${name:-localhost}")" 1
	log_has 1
	[ "$(field actual)" != - ] || fail "$LINE"
}

@test "inside, an /etc/hosts that was replaced is told at SIGHUP" {
	need unshare
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "no mounts of its own are to be had"
	cp /etc/hosts hosts
	# shellcheck disable=SC2016
	SERVE_WITH=(unshare -m sh -c 'mount --bind hosts /etc/hosts && exec "$@"' sh)
	start_server
	need_landlock
	cp hosts hosts2
	nsenter -m -t "$SERVER_PID" mount --bind "$PWD/hosts2" /etc/hosts
	reload '/etc/hosts is another file than at the start'
}

@test "SEC-11 --run-as: it is another user once its port and files are open" {
	local field
	need_root
	"$SOCKS5" passwd --cost 1 --password pass:pw joe >users
	chown nobody users
	LISTEN=127.0.0.1:1007 start_server --run-as nobody --users users --log log
	has_line '^socks5 serve: running as nobody$' "$SERVER_LOG" || fail "$(cat "$SERVER_LOG")"
	for field in Uid Gid; do
		every_thread $field $'[1-9][0-9]*\t[1-9][0-9]*\t[1-9][0-9]*\t[1-9]'
	done
	every_thread CapEff 0000000000000000
	every_thread Groups "$(id -g nobody)"
	answers "05020100 EOF" $HELLO_USER "$(login joe pw)" eof
	wait_until 5 has_lines 1 log
	# A log that it made is the user's, and can be opened anew.
	[ "$(stat -c %U log)" = nobody ]
	reload 'read again'
	stop_server
	chown root log
	LISTEN=127.0.0.1:1007 start_server --run-as nobody --users users --log log
	has_line 'option --log: log: nobody may not write it, and SIGHUP will not open it anew; chown it' "$SERVER_LOG"
}

@test "--run-as: files that SIGHUP could not read are told at the start" {
	need_root
	"$SOCKS5" passwd --cost 1 --password pass:pw joe >users
	echo 'deny to=10.0.0.0/8' >rules
	start_server --run-as nobody --users users --rules rules
	has_line 'option --users: users: nobody may not read it, and SIGHUP will not; chown it' "$SERVER_LOG"
	has_line 'option --rules: rules: nobody may not read it' "$SERVER_LOG"
	answers "05020100 EOF" $HELLO_USER "$(login joe pw)" eof
	reload 'option --users: users: Permission denied'
	answers "05020100 EOF" $HELLO_USER "$(login joe pw)" eof
}

@test "--run-as: a user who is not there, and one who is not root" {
	run timeout 10 "$SOCKS5" serve --run-as nosuch 127.0.0.1:0
	[ "$status" = 2 ]
	[[ $output == *"socks5 serve: option --run-as: nosuch: there is no such user" ]] || fail "$output"
	need_root
	cp "$SOCKS5" socks5
	chmod 755 socks5
	run timeout 10 setpriv --reuid nobody --regid nogroup --clear-groups \
		./socks5 serve --run-as daemon 127.0.0.1:0
	[ "$status" = 2 ] || fail "$status: $output"
	[[ $output == *"option --run-as: daemon: only root can become another user" ]] || fail "$output"
}
