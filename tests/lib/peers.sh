#!/bin/sh
# peers.sh SOCKS5: how servers that this machine has keep the RFCs, by `probe --conformance`, as a table
# for the README. Those that are not installed are left out. Ends what it starts.
set -u
socks5=$1
work=$(mktemp -d)
pids=
# shellcheck disable=SC2154 # pid is set there
trap 'for pid in $pids; do kill "$pid" 2>/dev/null; done; rm -rf "$work"' EXIT

port=21080

# row NAME: the server that listens on $port.
row() {
	i=0
	while [ $i -lt 50 ] && ! "$socks5" probe --quick -q "127.0.0.1:$port" >/dev/null 2>&1; do
		sleep 0.1
		i=$((i + 1))
	done
	"$socks5" probe --conformance "127.0.0.1:$port" | tail -n 1 |
		sed -nE "s/.*: ([0-9]+) passed, ([0-9]+) failed \(([0-9]+) of them MUST\), ([0-9]+) skipped/| $1 | \1 | \3 | \2 | \4 |/p"
	port=$((port + 1))
}

has() {
	command -v "$1" >/dev/null
}

echo '| server | passed | MUST failed | all failed | skipped |'
echo '|---|---|---|---|---|'
"$socks5" serve -q "127.0.0.1:$port" 2>/dev/null &
pids="$pids $!"
row 'socks5 serve'
if has danted; then
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
	microsocks -i 127.0.0.1 -p "$port" 2>/dev/null &
	pids="$pids $!"
	row microsocks
fi
