#!/usr/bin/env bats
# socks5 decode on the command line: what it reads, what it says of what it cannot read, how it ends.

bats_require_minimum_version 1.5.0
load ../lib/helper

REQUEST=050100030c6578616d706c652e746573740050
TOLD='client request offset=0 octets=19 version=05 command="01 connect" reserved=00 address-type="03 name" name-length=12 destination-address=example.test destination-port=80'

# decode OPTION...: of standard input. Sets status, output, stderr.
decode() {
	run --separate-stderr "$SOCKS5" decode --format line "$@"
}

# reads OPTION...: standard input is the request.
reads() {
	decode "$@"
	[ "$status:$output$stderr" = "0:$TOLD" ] || fail "$status: $output $stderr"
}

# ends STATUS STDERR OPTION...: with this message.
ends() {
	local want=$1 said=$2
	shift 2
	decode "$@"
	[ "$status" = "$want" ] || fail "$status: $output $stderr"
	[ "$stderr" = "socks5 decode: $said" ] || fail "$stderr"
}

octets() {
	"$PYTHON" -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$1"
}

@test "DEC-1 octets as every tool writes them are recognised" {
	need xxd hexdump od base64
	local file=$BATS_TEST_TMPDIR/octets
	octets $REQUEST >"$file"
	reads <"$file"
	reads < <(echo $REQUEST)
	reads < <(sed 's/../& /g' <<<$REQUEST)
	reads < <(sed 's/../0x&, /g' <<<$REQUEST)
	reads < <(sed 's/../\\x&/g' <<<$REQUEST)
	reads < <(sed 's/../&:/g; s/:$//' <<<$REQUEST)
	reads < <(xxd "$file")
	reads < <(xxd -i "$file")
	reads < <(xxd -p "$file")
	reads < <(hexdump -C "$file")
	reads < <(od -t x1 "$file")
	reads < <(od -A x -t x1 "$file")
	reads < <(base64 "$file")
	reads < <("$PYTHON" -c 'print(repr(open("'"$file"'", "rb").read()))')
}

@test "a file, standard input, and -" {
	local file=$BATS_TEST_TMPDIR/hex
	echo $REQUEST >"$file"
	reads "$file" </dev/null
	reads - <"$file"
	reads <"$file"
	ends 1 "/nowhere: No such file or directory" /nowhere
	ends 1 "/: Is a directory" /
}

@test "--in says what form it has" {
	reads --in hex < <(echo $REQUEST)
	reads --in raw < <(octets $REQUEST)
	reads --in base64 < <(octets $REQUEST | base64)
	reads --in script < <(echo "C: $REQUEST")
	ends 1 'no SOCKS was found in 39 octets, taken as they are' --in raw < <(echo $REQUEST)
	ends 4 "standard input: line 1: neither hex nor base64" --in hex < <(echo hello)
	ends 4 "standard input: unknown file format" --in pcap < <(echo hello)
	ends 4 "standard input: line 1: it does not say who said it: C:, S:, Cu: or Su:" < <(echo $REQUEST) \
		--in script
	run -2 "$SOCKS5" decode --in bas64 </dev/null
	[[ $output == *"base64"* ]] || fail "$output"
}

@test "--from says whose octets they are" {
	decode < <(echo 0500)
	[[ $output == "server method-choice "* ]] || fail "$output"
	decode --from client < <(echo 0500)
	[[ $output == "client method-list "* ]] || fail "$output"
	decode --from server < <(echo 0000000101020304005061)
	[[ $output == "server datagram "*data=a ]] || fail "$output"
}

@test "a client of SOCKS5 at a server that is none is told of" {
	captured $'C: 050100\nS: 485454502f312e3020343030'
	run "$SOCKS5" decode --summary "$BATS_TEST_TMPDIR/made.pcap"
	[[ ${lines[0]} == *'end="the answer is no SOCKS"' ]] || fail "$output"
}

@test "what is compressed, or was meant for standard input, gets a hint" {
	gzip -c "$REPO/tests/golden/captures/connect.pcap" >"$BATS_TEST_TMPDIR/c.gz"
	run -4 "$SOCKS5" decode "$BATS_TEST_TMPDIR/c.gz"
	[ "$output" = "socks5 decode: $BATS_TEST_TMPDIR/c.gz: compressed; give it through gzip -dc" ] ||
		fail "$output"
	run -1 "$SOCKS5" decode '05 01 00'
	[[ $output == *"octets are read from standard input: echo '...' | socks5 decode" ]] || fail "$output"
}

@test "what is no SOCKS: status 1" {
	decode < <(printf 'GET / HTTP/1.0\r\n\r\n')
	[ "$status" = 1 ] || fail "$status $output"
	[ "$stderr" = "socks5 decode: no SOCKS was found in 18 octets, taken as they are" ] || fail "$stderr"
	# What it was taken for is told.
	ends 1 'no SOCKS was found in 6 octets, taken as they are' < <(echo hello)
	ends 1 'no SOCKS was found in 3 octets of hex' < <(echo '09 01 00')
	ends 1 'no SOCKS was found in 19 octets, taken as they are' < <(echo 'got 0x05 0x01 0x00')
	ends 1 'no SOCKS was found in an empty input' < <(printf '')
	ends 1 'no SOCKS was found in 2 octets, taken as they are' < <(printf '\n\n')
	decode < <(head -c 100000 /dev/zero)
	[ "$status" = 1 ] || fail "$status $output $stderr"
}

@test "DEC-3 what is cut short: status 4, the field, how many octets, where" {
	ends 4 < <(echo ${REQUEST:0:14}) \
		"client, request at offset 0: it is cut short; destination address lacks 10 octets at offset 7"
	[[ $output == *name-length=12*fault=* ]] || fail "$output"
	ends 4 "client, credentials at offset 0: it is cut short; user name lacks 2 octets at offset 4" \
		< <(echo 01047573)
	decode < <(echo "05010 ")
	[ "$status" = 4 ] || fail "$status"
	[[ $stderr == *"odd number of hex digits"* ]] || fail "$stderr"
	[[ $output == *method-choice* ]] || fail "$output"
	decode < <(printf '05 01 00\n05 zz\n')
	[ "$status" = 4 ] || fail "$status"
	[[ $stderr == *"line 2"* ]] || fail "$stderr"
}

@test "what is malformed: status 4, where and why, and what is good is shown" {
	ends 4 < <(printf 'C: 050100\nS: 0500\nC: 0401\n') \
		"client, request at offset 3: version is 04: a SOCKS4 client"
	[ "$(wc -l <<<"$output")" = 3 ] || fail "$output"
	decode < <(printf 'C: 050100\nS: 4854\n# a new connection\nC: 050100\nS: 4854\n')
	[ "$status" = 4 ] || fail "$status"
	[[ $stderr == "socks5 decode: stream 1: server, method choice at offset 0: "*"; and 1 more like that" ]] ||
		fail "$stderr"
}

@test "a deviation that can be read is a note, and no failure" {
	decode < <(echo 05000101c00002010050)
	[ "$status" = 0 ] || fail "$status $stderr"
	[[ $output == *'note="reserved octet is not 00 (RFC 1928 4)"' ]] || fail "$output"
}

@test "DEC-6 passwords are hidden also where credentials are cut, and control characters escaped" {
	local form
	for form in tree line hex json; do
		for octets in 0102757306736563726574 01027573067365637265 010275730673 0502757306736563726574; do
			run "$SOCKS5" decode --format $form <<<"C: 050102"$'\n'"S: 0502"$'\n'"C: $octets"
			[[ $output != *secre* && $output != *7365* && $output != *'73 65'* ]] ||
				fail "$form $octets: $output"
		done
		run "$SOCKS5" decode --secrets --format $form <<<0102757306736563726574
		[[ $output == *secret* || $output == *'73 65'* ]] || fail "$form: $output"
	done
	decode <<<$'C: 050100\nS: 0500\nC: 050100030507080a1b5b0050'
	[[ $output == *'destination-address=\x07\x08\x0a\x1b['* ]] || fail "$output"
}

# hides TEXT OPTION...: "secret" is in none of the forms, whatever of it is cut off.
hides() {
	local form text=$1
	shift
	for form in tree line hex json; do
		run "$SOCKS5" decode --format $form "$@" <<<"$text"
		[[ $output != *cret* && $output != *6372* && $output != *'63 72'* ]] ||
			fail "$form $*: $text: $output"
	done
}

@test "DEC-6 a password is hidden also where it is not known to be one" {
	local user=0475736572 secret=06736563726574 text from n
	local login=01$user$secret
	for from in auto client server; do
		for text in "02$user$secret" "05$user$secret" "$login$login" "05020002 05$user$secret" \
			"05020002$login" "050102$login" "${login:2}" "${login:4}" "ff$login"; do
			hides "$text" --from $from
		done
	done
	hides "C: 050102$login"$'\n'"S: 05ff"
	hides "C: 050102$login"$'\n'"S: 0500"
	hides "C: 050102$login"$'\n'"S: 0501"
	hides "C: 050182$login"$'\n'"S: 0582"
	hides "C: 050102$login"$'\n'"S: 4854545020343030"
	hides "C: 050102"$'\n'"S: 0502"$'\n'"C: $login"$'\n'"S: 0101"$'\n'"C: $login"
	hides "C: ${login:0:18}"$'\n\n'"C: ${login:18}"
	for n in 8 16 20 22 24; do
		hides "C: 050102"$'\n'"S: 0502"$'\n'"C: ${login:0:n}"
	done
}

# captured TEXT: a capture of that conversation, without its beginning if it says so.
captured() {
	"$PYTHON" "$LIB/makepcap.py" "$BATS_TEST_TMPDIR/made.pcap" <<<"$1"
}

@test "DEC-6 nor is it shown where a capture begins late, or lacks something" {
	local login=0104757365720673656372657401 request=05010001c00002070050 text port form
	login=${login%01}
	local reply=05000001c00002020400 late='# without its beginning'
	for text in "$late"$'\n'"C: $login$request"$'\n'"S: $reply" \
		"$late"$'\n'"C: 050102$login$request"$'\n'"S: $reply" \
		"$late"$'\n'"C: $login"$'\n'"S: 0101" "$late"$'\n'"S: 0502"$'\n'"C: $login"$'\n'"S: 0101" \
		"$late"$'\n'"C: ${login:12}"$'\n'"S: 0100"$'\n'"C: $request"$'\n'"S: $reply" \
		"C: 050102$login$request"$'\n'"S: 4854545020343030"; do
		captured "$text"
		for port in '' '-p 1080'; do
			for form in tree line hex json; do
				run "$SOCKS5" decode $port --format $form "$BATS_TEST_TMPDIR/made.pcap"
				[[ $output != *cret* && $output != *6372* && $output != *'63 72'* ]] ||
					fail "$form $port: $text: $output"
			done
		done
	done
}

@test "a value cannot forge another field, and is whole" {
	local methods
	decode <<<$'C: 050102\nS: 0502\nC: 010b6122206661756c743d227803616263'
	[[ $output == *' user-name="a\x22 fault=\x22x" '* ]] || fail "$output"
	run "$SOCKS5" decode --summary <<<$'C: 0401005001020304 7573657200\nS: 005a000000000000'
	[[ $output == *" user=user command=connect target=1.2.3.4:80 "* ]] || fail "$output"
	run "$SOCKS5" decode --summary <<<$'C: 050102\nS: 0502\nC: 01ff'"$(printf '61%.0s' {1..255})0161"
	[[ $output == *" user=$(printf 'a%.0s' {1..255}) "* ]] || fail "$output"
	run "$SOCKS5" decode --summary <<<$'C: 050102\nS: 0502\nC: 010361226201ff'
	[[ $output == *' user=a\x22b '* ]] || fail "$output"
	methods=$(printf %02x {0..254})
	decode <<<"05ff$methods"
	[[ $output == *', fe private"' ]] || fail "$output"
}

@test "a number that JSON may not hold is a text" {
	local token="0103001d 050404ff000c0000 %s 01 e28092d04fa7f7bd28dbe74b"
	sequence() {
		"$SOCKS5" decode --json < <(printf "$token\n" "$1") |
			grep -o '"socks5.token.sequence":[^,}]*'
	}
	[ "$(sequence 7fffffffffffffff)" = '"socks5.token.sequence":9223372036854775807' ]
	[ "$(sequence 8000000000000000)" = '"socks5.token.sequence":"9223372036854775808"' ]
}

@test "a conversation of very many lines takes little memory and time" {
	plain_only
	yes C:05 | head -n 2000000 >"$BATS_TEST_TMPDIR/many"
	run --separate-stderr bash -c 'ulimit -v 400000; timeout 60 "$0" decode --summary "$1"' \
		"$SOCKS5" "$BATS_TEST_TMPDIR/many"
	[ "$status" = 4 ] || fail "$status $stderr"
	[[ $stderr == *"many: line 200001: more than 200000 lines"* ]] || fail "$stderr"
}

@test "a file is read from where it stands" {
	printf 'ff\n05 01 00\n' >"$BATS_TEST_TMPDIR/file"
	run bash -c '(read -r line; "$0" decode --format line) <"$1"' "$SOCKS5" "$BATS_TEST_TMPDIR/file"
	[[ $output == "client method-list offset=0 octets=3 "* ]] || fail "$output"
}

@test "a file's name cannot harm a terminal" {
	run -1 "$SOCKS5" decode $'/no\e[31m\nthing'
	[ "$output" = "socks5 decode: /no?[31m?thing: No such file or directory" ] || fail "$output"
}

@test "--summary tells each conversation in a line" {
	local file=$REPO/tests/golden/vectors/06-userpass-ok.hex
	run "$SOCKS5" decode --summary "$file"
	[ "$output" = 'stream=1 method=userpass user=us command=connect target=target.test:80 reply=00 up=75 down=41 notes=0 end="end of the octets"' ] ||
		fail "$output"
	run "$SOCKS5" decode --summary --format json "$file"
	[ "$(jq -r '[.user, .command, .target, .reply, .up, .down] | join(" ")' <<<"$output")" = \
		"us connect target.test:80 0 75 41" ] || fail "$output"
	run "$SOCKS5" decode --summary "$REPO/tests/golden/vectors/50-tor-resolve.hex"
	[[ ${lines[0]} == *'command=tor-resolve target=example.test:0'* ]] || fail "$output"
	run "$SOCKS5" decode --summary "$REPO/tests/golden/vectors/09-userpass-rejected.hex"
	[[ $output == *'end="credentials refused"' ]] || fail "$output"
}

@test "nothing is wider than a terminal, but for what is long itself" {
	local form
	for form in tree hex; do
		"$SOCKS5" decode --format $form "$REPO/tests/golden/vectors/06-userpass-ok.hex" \
			>"$BATS_TEST_TMPDIR/out"
		[ "$(wc -L <"$BATS_TEST_TMPDIR/out")" -le 80 ] || fail "$form"
	done
}

@test "colour on a terminal alone, and never with NO_COLOR" {
	need script
	export TERM=xterm
	unset NO_COLOR
	local file=$REPO/tests/golden/vectors/01-noauth-connect-ipv4.hex form
	for form in tree hex; do
		script -qec "'$SOCKS5' decode --format $form '$file'" /dev/null </dev/null |
			grep -q $'\033\\[' || fail "$form: no colour"
		! NO_COLOR=1 script -qec "'$SOCKS5' decode --format $form '$file'" /dev/null </dev/null |
			grep -q $'\033' || fail "$form: colour"
		"$SOCKS5" decode --format $form "$file" >"$BATS_TEST_TMPDIR/out"
		! grep -q $'\033' "$BATS_TEST_TMPDIR/out" || fail "$form: colour in a file"
	done
}

@test "a long capture shows on a terminal's stderr how far it is, and nowhere else" {
	local capture=$REPO/tests/golden/captures/connect.pcap
	feed() {
		cat "$capture"
		for _ in {1..200}; do tail -c +25 "$capture"; done
		sleep 0.5
		for _ in {1..200}; do tail -c +25 "$capture"; done
	}
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	feed >"$BATS_TEST_TMPDIR/fifo" &
	"$PYTHON" "$LIB/terminal.py" "$BATS_TEST_TMPDIR/tty" -- \
		"$SOCKS5" decode --summary "$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/out"
	wait $!
	grep -q 'socks5 decode: [0-9]* frames, [0-9]* streams' "$BATS_TEST_TMPDIR/tty" ||
		fail "$(cat "$BATS_TEST_TMPDIR/tty")"
	[[ $(head -n 1 "$BATS_TEST_TMPDIR/tty") == *$'\r\033[K' ]] || fail "it stays"
	run --separate-stderr bash -c '"$0" decode --summary <"$1"' "$SOCKS5" <(feed)
	[ -z "$stderr" ] || fail "$stderr"
}

@test "on a terminal one ^D is the end" {
	need_module pyte
	TERM=xterm run timeout 60 "$PYTHON" "$LIB/screen.py" 'type:\x04' end show -- "$SOCKS5" decode
	[[ $status == 1 && $output == *"no SOCKS was found in an empty input"* ]] || fail "$status: $output"
	TERM=xterm run timeout 60 "$PYTHON" "$LIB/screen.py" 'type:05\r\x04' end show -- "$SOCKS5" decode
	[[ $status == 4 && $output == *"method list, 1 octet"* ]] || fail "$status: $output"
}

@test "what cannot be written is said" {
	run --separate-stderr bash -c '"$0" decode <<<050100 >/dev/full' "$SOCKS5"
	[ "$status:$stderr" = "1:socks5 decode: standard output: No space left on device" ] ||
		fail "$status $stderr"
}

@test "misuse is said, with what is meant" {
	run -2 "$SOCKS5" decode one two
	[[ $output == *"one file at most"* ]] || fail "$output"
	run -2 "$SOCKS5" decode -i lo file
	[[ $output == *"a file, or an interface with -i, not both"* ]] || fail "$output"
	run -2 "$SOCKS5" decode -p 0
	run -2 "$SOCKS5" decode --format xml
	[[ $output == *tree*json* ]] || fail "$output"
	run -1 "$SOCKS5" decode -i nowhere0
	[[ $output == "socks5 decode: nowhere0: "* ]] || fail "$output"
}
