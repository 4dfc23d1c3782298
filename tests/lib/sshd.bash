# shellcheck shell=bash disable=SC2034 # the tests use what is set here
# An ssh server for one test: keys of its own, on loopback, nothing of /etc/ssh.

# start_sshd: SSHD_PORT is its port, SSH an array with the client and its options.
start_sshd() {
	local dir=$BATS_TEST_TMPDIR/sshd try
	need sshd ssh ssh-keygen
	mkdir -p "$dir"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/user_key"
	make_privsep_dir
	for try in 1 2 3; do
		SSHD_PORT=$(free_port)
		sshd_config "$dir" >"$dir/sshd_config"
		spawn "$(command -v sshd)" -D -e -f "$dir/sshd_config"
		SSHD_PID=$PID SSHD_LOG=$ERR
		wait_until 10 sshd_listens_or_gone || true
		! is_gone "$SSHD_PID" || continue
		break
	done
	has_line "^Server listening on" "$SSHD_LOG" || fail "no sshd: $(cat "$SSHD_LOG")"
	SSH=(ssh -F /dev/null -p "$SSHD_PORT" -i "$dir/user_key" -o IdentitiesOnly=yes
		-o BatchMode=yes -o StrictHostKeyChecking=no -o LogLevel=ERROR
		-o "UserKnownHostsFile=$dir/known_hosts" -o GlobalKnownHostsFile=/dev/null
		-o ConnectTimeout=20)
}

sshd_listens_or_gone() {
	has_line "^Server listening on" "$SSHD_LOG" || is_gone "$SSHD_PID"
}

# Debian's sshd insists on this folder when root starts it; it is made at boot otherwise.
make_privsep_dir() {
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
}

sshd_config() {
	cat <<-END
		Port $SSHD_PORT
		ListenAddress 127.0.0.1
		HostKey $1/host_key
		AuthorizedKeysFile $1/user_key.pub
		PidFile none
		StrictModes no
		UsePAM no
		UseDNS no
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		AllowTcpForwarding yes
	END
}
