#!/usr/bin/env bats
# What BIND was made for: the data connection of FTP in active mode comes in through the proxy.

load ../lib/helper

# start_ftp ADDRESS: with a file of 2 MB and two more. FTP is "ADDRESS PORT".
start_ftp() {
	need_module pyftpdlib
	DIRECTORY=$BATS_TEST_TMPDIR/directory
	mkdir -p "$DIRECTORY"
	head -c 2000000 /dev/urandom >"$DIRECTORY/big"
	echo hello >"$DIRECTORY/greeting"
	: >"$DIRECTORY/empty"
	spawn_saying "$PYTHON" "$LIB/ftp.py" serve "$1" "$DIRECTORY"
	FTP=$SAID
}

# ftp WHAT [NAME]: through `socks5 bind` with the words of WITH.
ftp() {
	# shellcheck disable=SC2086 # two words
	BIND="$SOCKS5 bind ${WITH[*]}" timeout 60 "$PYTHON" "$LIB/ftp.py" "$1" $FTP "${@:2}"
}

# moves_files: a listing, files fetched, a file stored.
moves_files() {
	local name
	run ftp list </dev/null
	[ "$status" = 0 ] || fail "$output"
	diff <(echo "$output" | tr -d '\r' | sort) <(ls "$DIRECTORY") || fail "$output"
	for name in big greeting empty; do
		ftp get "$name" </dev/null >"$BATS_TEST_TMPDIR/got"
		cmp "$BATS_TEST_TMPDIR/got" "$DIRECTORY/$name"
	done
	WITH+=(-N)
	ftp put stored <"$DIRECTORY/big"
	cmp "$DIRECTORY/stored" "$DIRECTORY/big"
}

@test "R1928-B.1 PORT: a listing and files over IPv4" {
	start_ftp 127.0.0.1
	start_server
	WITH=(-x "$PROXY")
	moves_files
}

@test "R1928-B.1 EPRT: a listing and files over IPv6" {
	need_ipv6
	start_ftp ::1
	LISTEN='[::1]:0' start_server
	WITH=(-x "$PROXY")
	moves_files
}

@test "R1928-B.1 a listing and files through two proxies" {
	start_ftp 127.0.0.1
	start_server
	local first=$PROXY
	start_server -u joe:secret
	WITH=(-x "$first" -x "joe:secret@$PROXY")
	moves_files
}
