#!/usr/bin/env bats
# ssh and git through socks5 connect and socks5 serve, to an sshd on loopback.

load ../lib/helper
load ../lib/sshd

setup() {
	need git
	start_sshd
	start_server --log -
	HELPER="'$SOCKS5' connect -x $PROXY"
	ACCOUNT=$(id -un)@127.0.0.1
}

# The session must have gone through the server.
went_to_sshd() {
	stop_server
	wait_until 5 has_line ":$SSHD_PORT" "$SERVER_OUT" || fail "log: $(cat "$SERVER_OUT")"
}

@test "ssh with ProxyCommand socks5 connect" {
	run "${SSH[@]}" -o "ProxyCommand=$HELPER %h %p" "$ACCOUNT" 'echo "there: $((6 * 7))"' </dev/null
	[ "$status:$output" = "0:there: 42" ] || fail "$status: $output"
	went_to_sshd
}

@test "ssh with ProxyUseFdpass and socks5 connect -F" {
	run "${SSH[@]}" -o "ProxyCommand=$HELPER -F %h %p" -o ProxyUseFdpass=yes "$ACCOUNT" \
		'echo "there: $((6 * 7))"' </dev/null
	[ "$status:$output" = "0:there: 42" ] || fail "$status: $output"
	went_to_sshd
}

# As ssh ends it closes the pipe that its helper still writes to: that is how a session ends and
# nothing to complain about, as nc does not.
@test "ssh ends without a word from socks5 connect, time and again" {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		run "${SSH[@]}" -o "ProxyCommand=$HELPER %h %p" "$ACCOUNT" true </dev/null
		[ "$status:$output" = 0: ] || fail "the ${i}th time: $status: $output"
	done
}

@test "ssh hands on the exit status of the far command" {
	run "${SSH[@]}" -o "ProxyCommand=$HELPER %h %p" "$ACCOUNT" 'exit 23' </dev/null
	[ "$status" = 23 ]
}

@test "ssh carries 16 MiB there and back, by ProxyCommand and by ProxyUseFdpass" {
	local file=$BATS_TEST_TMPDIR/data
	head -c $((16 << 20)) /dev/urandom >"$file"
	"${SSH[@]}" -o "ProxyCommand=$HELPER %h %p" "$ACCOUNT" cat <"$file" >"$file.1"
	cmp "$file" "$file.1"
	"${SSH[@]}" -o "ProxyCommand=$HELPER -F %h %p" -o ProxyUseFdpass=yes "$ACCOUNT" cat \
		<"$file" >"$file.2"
	cmp "$file" "$file.2"
}

@test "git clones and pushes over that ssh" {
	local far=$BATS_TEST_TMPDIR/far.git near=$BATS_TEST_TMPDIR/near ssh
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	printf -v ssh '%q ' "${SSH[@]}" -o "ProxyCommand=$HELPER %h %p"
	export GIT_SSH_COMMAND=$ssh

	git init -q --bare -b main "$far"
	git clone -q "ssh://$ACCOUNT$far" "$near"
	cd "$near"
	git checkout -q -b main
	head -c 4000000 /dev/urandom >data
	git add data
	git commit -q -m 'Some data'
	git push -q origin main
	git clone -q "ssh://$ACCOUNT$far" "$near.2"
	cmp "$near/data" "$near.2/data"
	git -C "$near.2" fsck --strict
	went_to_sshd
}
