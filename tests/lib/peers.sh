#!/bin/sh
# peers.sh SOCKS5: how servers and clients that this machine has keep the RFCs, by `probe`, as the tables of
# the README. Those that are not installed are left out. Ends what it starts.
set -u
socks5=$1
lib=$(dirname "$0")
work=$(mktemp -d)
pids=
# shellcheck disable=SC2154 # pid is set there
trap 'for pid in $pids; do kill "$pid" 2>/dev/null; done; rm -rf "$work"' EXIT

# A port that nobody has, in $port.
pick_port() {
	port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
}

# score NAME: the last line of a report as a row.
score() {
	tail -n 1 |
		sed -nE "s/.*: ([0-9]+) passed, ([0-9]+) failed \(([0-9]+) of them MUST\), ([0-9]+) skipped/| $1 | \1 | \3 | \2 | \4 |/p"
}

# row NAME: the server that listens on $port.
row() {
	i=0
	while [ $i -lt 50 ] && ! "$socks5" probe --quick -q "127.0.0.1:$port" >/dev/null 2>&1; do
		sleep 0.1
		i=$((i + 1))
	done
	"$socks5" probe --conformance "127.0.0.1:$port" | score "$1"
}

# client_row NAME COMMAND
client_row() {
	"$socks5" probe --client --exec "$2" | score "$1"
}

has() {
	command -v "$1" >/dev/null
}

servers() {
	pick_port
	"$socks5" serve -q "127.0.0.1:$port" 2>/dev/null &
	pids="$pids $!"
	row 'socks5 serve'
	if has danted; then
		pick_port
		cat >"$work/danted.conf" <<-END
			logoutput: $work/log
			internal: 127.0.0.1 port = $port
			external: 127.0.0.1
			clientmethod: none
			socksmethod: none
			client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
			socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
		END
		danted -f "$work/danted.conf" -p "$work/pid" &
		pids="$pids $!"
		row Dante
	fi
	if has microsocks; then
		pick_port
		microsocks -i 127.0.0.1 -p "$port" 2>/dev/null &
		pids="$pids $!"
		row microsocks
	fi
	if has ssh && has /usr/sbin/sshd && mkdir -p /run/sshd 2>/dev/null; then
		ssh_server
	fi
}

# ssh -D, through a server of our own that takes one key, made here.
ssh_server() {
	ssh-keygen -q -t ed25519 -N '' -f "$work/key"
	pick_port
	sshd_port=$port
	/usr/sbin/sshd -D -f /dev/null -h "$work/key" -p "$sshd_port" -o ListenAddress=127.0.0.1 \
		-o AuthorizedKeysFile="$work/key.pub" -o StrictModes=no -o UsePAM=no -o PidFile=none \
		2>/dev/null &
	pids="$pids $!"
	sleep 1
	pick_port
	ssh -N -D "127.0.0.1:$port" -i "$work/key" -F none -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile="$work/known" -o BatchMode=yes -p "$sshd_port" 127.0.0.1 2>/dev/null &
	pids="$pids $!"
	row 'OpenSSH, ssh -D'
}

clients() {
	client_row 'socks5 connect' "$socks5 connect -w 5 -x {proxy} {target}"
	if has curl; then
		client_row curl 'curl -sS -m 8 -x socks5h://{proxy} http://{target}/'
	fi
	if has ncat; then
		client_row 'ncat (Nmap)' 'echo hi | ncat --proxy {proxy} --proxy-type socks5 {host} {port}'
	fi
	if has nc.openbsd; then
		client_row 'nc (OpenBSD)' 'echo hi | nc.openbsd -X 5 -x {proxy} {host} {port}'
	fi
	for how in python3-socks proxychains4; do
		if [ $how = python3-socks ] && python3 -c 'import socks' 2>/dev/null || has $how; then
			client_row $how "python3 $lib/anyclient.py $how {proxyhost} {proxyport} {host} {port}"
		fi
	done
}

head='passed | MUST failed | all failed | skipped |
|---|---|---|---|---|'
echo "| server | $head"
servers
echo
echo "| client | $head"
clients
