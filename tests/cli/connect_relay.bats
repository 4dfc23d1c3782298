#!/usr/bin/env bats
# socks5 connect: standard input to the target, the target to standard output.
# check: waits

load ../lib/helper
load ../lib/connect

setup() {
	start_server
	VIA=(-x "$PROXY")
}

start_target() {
	spawn_saying "$PYTHON" "$LIB/target.py" "$@"
	TARGET=$SAID
}

# --- both ways ---------------------------------------------------------------------------------

@test "R1928-R.1 32 MiB there and back, through pipes, files and append-only files" {
	cd "$BATS_TEST_TMPDIR"
	start_echo
	random_file data $((32 << 20))
	cat data | connect -N "${VIA[@]}" "$ECHO" | cat >back.pipes
	connect -N "${VIA[@]}" "$ECHO" <data >back.files
	echo before >back.append
	connect -N "${VIA[@]}" "$ECHO" <data >>back.append
	cmp data back.pipes
	cmp data back.files
	tail -c +8 back.append | cmp data
	[ "$(head -n 1 back.append)" = before ]
}

@test "1 MiB there and back from a file that is begun, to one that has something" {
	cd "$BATS_TEST_TMPDIR"
	start_echo
	random_file data $((1 << 20))
	{
		head -c 1000 >/dev/null # reads ahead: where it stops is where we begin
		connect -N "${VIA[@]}" "$ECHO"
	} <data >back
	{
		echo first
		connect -N "${VIA[@]}" "$ECHO" <data
		echo last
	} >all
	cmp <(tail -c "$(stat -c %s back)" data) back
	[ "$(head -n 1 all):$(tail -c 5 all)" = first:last ]
	tail -c +7 all | head -c $((1 << 20)) | cmp data
}

@test "sockets as standard input and output, their flags untouched" {
	start_echo
	run timeout 20 "$PYTHON" - "$SOCKS5" "$PROXY" "$ECHO" <<-'END'
		import os, socket, subprocess, sys
		data = os.urandom(1 << 20)
		ours, theirs = socket.socketpair()
		child = subprocess.Popen([sys.argv[1], "connect", "-N", "-x", sys.argv[2], sys.argv[3]],
		                         stdin=theirs, stdout=theirs)
		theirs.setblocking(True)
		if os.fork() == 0:
		    ours.sendall(data)
		    ours.shutdown(socket.SHUT_WR)
		    os._exit(0)
		back = b""
		while len(back) < len(data):
		    assert os.get_blocking(theirs.fileno())
		    back += ours.recv(65536)
		assert child.wait() == 0
		assert os.get_blocking(theirs.fileno())
		assert back == data
		print("good")
	END
	[ "$output" = good ] || fail "$output"
}

@test "R1928-R.2 one socket as standard input and output (inetd): the target's end is told to it" {
	local option
	start_target greet
	for option in -n -d; do
		run timeout 20 "$PYTHON" - "$SOCKS5" "$PROXY" "$TARGET" "$option" <<-'END'
			import socket, subprocess, sys
			program, proxy, target, option = sys.argv[1:]
			ours, theirs = socket.socketpair()
			child = subprocess.Popen([program, "connect", option, "-x", proxy, target],
			                         stdin=theirs, stdout=theirs)
			theirs.close()
			ours.settimeout(10)
			got = b""
			while more := ours.recv(100):
			    got += more
			ours.close()
			print(child.wait(), got)
		END
		[ "$output" = "0 b'hello from target\n'" ] || fail "$option: $output"
	done
}

@test "pipes shared with others keep their flags" {
	start_echo
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	run timeout 20 "$PYTHON" - "$SOCKS5" "$PROXY" "$ECHO" <<-'END'
		import os, subprocess, sys
		in_read, in_write = os.pipe()
		out_read, out_write = os.pipe()
		child = subprocess.Popen([sys.argv[1], "connect", "-N", "-x", sys.argv[2], sys.argv[3]],
		                         stdin=in_read, stdout=out_write)
		os.write(in_write, b"hello")
		assert os.read(out_read, 5) == b"hello"
		assert os.get_blocking(in_read) and os.get_blocking(out_write)
		os.close(in_write)
		os.close(in_read)
		assert child.wait() == 0
		print("good")
	END
	[ "$output" = good ] || fail "$output"
}

@test "zero-copy: between pipes and the socket octets are spliced" {
	need strace
	start_echo
	random_file data $((4 << 20))
	cat "$BATS_TEST_TMPDIR/data" |
		ASAN_OPTIONS=detect_leaks=0 timeout 20 strace -f -c -o "$BATS_TEST_TMPDIR/calls" \
			"$SOCKS5" connect -N "${VIA[@]}" "$ECHO" | cat >"$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/back"
	grep -q splice "$BATS_TEST_TMPDIR/calls" || fail "$(cat "$BATS_TEST_TMPDIR/calls")"
}

# --- ends --------------------------------------------------------------------------------------

@test "R1928-R.2 the end of stdin is told to the target, whose answer is awaited" {
	start_target count
	run connect -N "${VIA[@]}" "$TARGET" < <(printf 12345)
	[ "$status:$output" = "0:5 octets" ] || fail "$status: $output"
	run connect "${VIA[@]}" "$TARGET" < <(printf 1234567)
	[ "$status:$output" = "0:7 octets" ] || fail "without -N: $status: $output"
	run connect "${VIA[@]}" "$TARGET" </dev/null
	[ "$status:$output" = "0:0 octets" ] || fail "/dev/null: $status: $output"
}

@test "R1928-R.2 a pipe whose writer left before is at its end" {
	start_target echo
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	: >"$BATS_TEST_TMPDIR/fifo" &
	exec 8<"$BATS_TEST_TMPDIR/fifo"
	wait $!
	timeout 10 "$SOCKS5" connect -N "${VIA[@]}" "$TARGET" <&8
}

@test "without -N the target hears of it only when it was silent" {
	start_target count
	BEGAN=$(ms_now)
	run connect "${VIA[@]}" "$TARGET" </dev/null
	took 500 9000
	start_fake "${HELD[@]}" "send:${OK4}0001" send:61 wait:200 send:62 wait:200 send:63 wait:200 \
		send:64 wait:200 send:0a stall
	BEGAN=$(ms_now)
	run connect -x "$FAKE" 127.0.0.1:9 </dev/null
	took 1250 9000
	[ "$status:$output" = 0:abcd ] || fail "$status: $output"
}

@test "a page from a web server, as in the manual" {
	start_web
	run connect "${VIA[@]}" "$WEB" < <(printf 'GET / HTTP/1.0\r\n\r\n')
	[ "$status:${lines[-1]}" = "0:hello from target" ] || fail "$status: $output"
}

@test "R1928-R.5 a reset of the target: status 1, and that is said" {
	start_target reset
	run connect "${VIA[@]}" "$TARGET" < <(echo x; sleep 5 3>&-)
	[ "$status" = 1 ] || fail "$status: $output"
	[ "$output" = "socks5 connect: $TARGET: Connection reset by peer" ] || fail "$output"
}

@test "-d reads nothing of stdin, sends no end and ends with the target" {
	start_target greet
	{
		run connect -d "${VIA[@]}" "$TARGET"
		read -r left
	} < <(echo mine)
	[ "$status:$output:$left" = "0:hello from target:mine" ] || fail "$status: $output: $left"
	start_fake "${HELD[@]}" "send:${OK4}0001" wait:1000 send:"6c6174650a" eof stall
	run connect -d -x "$FAKE" 127.0.0.1:9
	[ "$status:$output" = 0:late ] || fail "$status: $output"
	got_only "got 050100 got 050100017f0000010009 eof"
}

@test "-q ends so long after stdin, below 0 never" {
	start_fake "${HELD[@]}" "send:${OK4}0001" wait:20000
	BEGAN=$(ms_now)
	run connect -q 1 -x "$FAKE" 127.0.0.1:9 < <(echo x)
	took 1000 9000
	[ "$status:$output" = 0: ] || fail "$status: $output"
	BEGAN=$(ms_now)
	run connect -q 0 -x "$FAKE" 127.0.0.1:9 < <(echo x)
	took 0 9000
	[ "$status:$output" = 0: ] || fail "$status: $output"
	run timeout 1.5 "$SOCKS5" connect -q -1 -x "$FAKE" 127.0.0.1:9 </dev/null
	[ "$status" = 124 ] || fail "$status: $output"
	start_target count
	run connect -q 20 "${VIA[@]}" "$TARGET" < <(echo x)
	[ "$status:$output" = "0:2 octets" ] || fail "$status: $output"
}

@test "-w ends an idle connection, status 1; without it nothing does" {
	start_target mute
	BEGAN=$(ms_now)
	run connect -w 1 "${VIA[@]}" "$TARGET" < <(sleep 0.5; echo x; sleep 5 3>&-)
	took 1000 9000
	[ "$status" = 1 ] || fail "$status: $output"
	[ "$output" = "socks5 connect: $TARGET: nothing came or went for 1 s (-w)" ] || fail "$output"
}

@test "-W ends after so many reads, all delivered" {
	start_fake "${HELD[@]}" "send:${OK4}0001" wait:200 send:61 wait:200 send:62 wait:200 send:63 \
		stall
	run connect -d -W 2 -x "$FAKE" 127.0.0.1:9
	[ "$status:$output" = 0:ab ] || fail "$status: $output"
	start_fake "${HELD[@]}" "send:${OK4}000161" wait:200 send:62 stall
	run connect -W 1 -x "$FAKE" 127.0.0.1:9 < <(sleep 5 3>&-)
	[ "$status:$output" = 0:a ] || fail "glued: $status: $output"
}

@test "SEC-13 a closed pipe as stdout: no signal, no noise, status 1" {
	start_target mute
	set +o pipefail
	{
		status=0
		connect -d "${VIA[@]}" "$TARGET" 2>"$BATS_TEST_TMPDIR/err" || status=$?
		echo "$status" >"$BATS_TEST_TMPDIR/status"
	} | sleep 0.3
	wait_until 10 has_line . "$BATS_TEST_TMPDIR/status"
	[ "$(cat "$BATS_TEST_TMPDIR/status")" = 1 ] || fail "$(cat "$BATS_TEST_TMPDIR/status")"
	[ ! -s "$BATS_TEST_TMPDIR/err" ] || fail "$(cat "$BATS_TEST_TMPDIR/err")"
}

@test "SEC-13 the same through a feed (-i): lost output is status 1 without a word" {
	start_fake "${HELD[@]}" "send:${OK4}0001610a" wait:300 send:620a wait:300 send:630a
	run bash -c "{ '$SOCKS5' connect -d -i 1ms -x $FAKE 127.0.0.1:9 2>&1 1>&3; echo \$?; } \
		3>&1 >'$BATS_TEST_TMPDIR/end' | head -n 1"
	[ "$output" = a ] || fail "$output"
	[ "$(cat "$BATS_TEST_TMPDIR/end")" = 1 ] || fail "$(cat "$BATS_TEST_TMPDIR/end")"
}

@test "closed descriptors, a full disk, a directory" {
	start_target greet
	run bash -c "'$SOCKS5' connect -x $PROXY $TARGET <&- 2>&1"
	[ "$status:$output" = "0:hello from target" ] || fail "no stdin: $status: $output"
	run bash -c "'$SOCKS5' connect -x $PROXY $TARGET </dev/null 2>&1 >&-"
	[ "$status" = 1 ] || fail "no stdout: $status: $output"
	[ "$output" = "socks5 connect: standard output: Bad file descriptor" ] || fail "$output"
	run bash -c "'$SOCKS5' connect -x $PROXY $TARGET </dev/null 2>&1 >/dev/full"
	[ "$status" = 1 ] || fail "/dev/full: $status: $output"
	[ "$output" = "socks5 connect: standard output: No space left on device" ] || fail "$output"
	run connect "${VIA[@]}" "$TARGET" </
	[ "$status" = 1 ] || fail "a directory: $status: $output"
	[[ $output == *"socks5 connect: standard input: Is a directory" ]] || fail "$output"
}

@test "SIGINT and SIGTERM end it as such" {
	local signal
	start_target mute
	for signal in INT TERM; do
		spawn env --default-signal=INT "$SOCKS5" connect -d -v "${VIA[@]}" "$TARGET"
		wait_until 5 has_line succeeded "$ERR" || fail "$(cat "$ERR")"
		kill "-$signal" "$PID"
		status=0
		wait "$PID" || status=$?
		[ "$status" = "$((128 + $(kill -l "$signal")))" ] || fail "$signal: $status"
	done
}

# --- what goes is changed ----------------------------------------------------------------------

@test "-C sends CR LF for LF, once" {
	start_fake "${HELD[@]}" "send:${OK4}0001" recv:15 eof stall
	run connect -C -N -x "$FAKE" 127.0.0.1:9 < <(
		printf 'a\nb\r\n\n\n\rc\r'
		sleep 0.2
		printf '\nd'
	)
	[ "$status" = 0 ] || fail "$status: $output"
	got "got 610d0a620d0a0d0a0d0a0d630d0a64"
	start_echo
	run connect -C -N "${VIA[@]}" "$ECHO" < <(printf 'a\nb\r\n')
	[ "$(printf %s "$output" | od -An -tx1 | tr -d ' \n')" = "610d0a620d" ] || fail "$output"
}

@test "-i waits between lines, sent and received" {
	start_echo
	BEGAN=$(ms_now)
	run connect -N -i 300ms "${VIA[@]}" "$ECHO" < <(printf 'a\nb\nc\n')
	took 600 9000
	[ "$status:$output" = "0:$(printf 'a\nb\nc')" ] || fail "$status: $output"
	start_fake "${HELD[@]}" "send:${OK4}0001" send:610a620a630a640a
	BEGAN=$(ms_now)
	run connect -d -i 200ms -x "$FAKE" 127.0.0.1:9
	took 600 9000
	[ "$output" = "$(printf 'a\nb\nc\nd')" ] || fail "$output"
}

@test "-C and -i: the end waits neither for input nor for the next line" {
	local options
	for options in "-C" "-i 60" "-C -i 60"; do
		start_fake "${HELD[@]}" "send:${OK4}0001" recv:1 send:620a stall
		# shellcheck disable=SC2086 # words
		run connect $options -W 1 -x "$FAKE" 127.0.0.1:9 < <(printf 'a\nc\n'; sleep 30 3>&-)
		[ "$status:$output" = 0:b ] || fail "$options: $status: $output"
	done
}

@test "-C and -i lose nothing of 4 MiB" {
	start_echo
	random_file data $((4 << 20))
	connect -C -N "${VIA[@]}" "$ECHO" <"$BATS_TEST_TMPDIR/data" >"$BATS_TEST_TMPDIR/back"
	"$PYTHON" - "$BATS_TEST_TMPDIR" <<-'END'
		import re, sys
		data = open(sys.argv[1] + "/data", "rb").read()
		back = open(sys.argv[1] + "/back", "rb").read()
		assert back == re.sub(rb"(?<!\r)\n", b"\r\n", data)
	END
}

# --- on a terminal -----------------------------------------------------------------------------

@test "on a terminal it ends with the target" {
	start_target greet
	run timeout 30 "$PYTHON" "$LIB/terminal.py" "$BATS_TEST_TMPDIR/tty" -- \
		"$SOCKS5" connect "${VIA[@]}" "$TARGET"
	[ "$status:$output" = "0:hello from target" ] || fail "$status: $output"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/tty")" = "echo on" ]
}

@test "on a terminal what is typed goes line by line, ^D is the end, ^C death" {
	start_target count
	run timeout 30 "$PYTHON" "$LIB/terminal.py" "$BATS_TEST_TMPDIR/tty" \
		succeeded $'hello\nworld\nand so on' 'so on' ^D -- \
		"$SOCKS5" connect -v "${VIA[@]}" "$TARGET"
	[ "$status:$output" = "0:22 octets" ] || fail "$status: $output"
	start_target mute
	run timeout 30 "$PYTHON" "$LIB/terminal.py" "$BATS_TEST_TMPDIR/tty" \
		succeeded ^C -- "$SOCKS5" connect -v "${VIA[@]}" "$TARGET"
	[ "$status" = 130 ] || fail "$status: $output"
}

@test "messages fit a terminal of 80 columns or are one line each" {
	start_target mute
	run connect -v "${VIA[@]}" "$TARGET" </dev/null
	for line in "${lines[@]}"; do
		[[ $line == "socks5 connect: "* ]] || fail "$line"
		[ "${#line}" -le 80 ] || fail "${#line} columns: $line"
	done
	[ "${#lines[@]}" = 4 ] || fail "$output"
}
