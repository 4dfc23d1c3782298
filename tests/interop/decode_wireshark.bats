#!/usr/bin/env bats
# socks5 decode and Wireshark's dissector: the same where that is right, and where it is not. The
# captures are in tests/golden/captures, and just what makepcap.py makes of what stands here;
# MAKE_CAPTURES=yes writes them.
#
# What we say is always held to; what Wireshark says, of the release where it was seen.

load ../lib/helper
load ../lib/capture

CAPTURES=$REPO/tests/golden/captures RELEASE=4.0 PROXY_PORT=1080

# capture NAME: $CAPTURE is that file, which has the conversation on standard input.
capture() {
	local made=$BATS_TEST_TMPDIR/made.pcap
	need jq
	CAPTURE=$CAPTURES/$1.pcap
	"$PYTHON" "$LIB/makepcap.py" "$made"
	[ -z "${MAKE_CAPTURES:-}" ] || cp "$made" "$CAPTURE"
	cmp "$made" "$CAPTURE"
	[ "$(wc -c <"$CAPTURE")" -lt 4096 ] || fail "$1 is too large"
}

is_that_release() {
	need tshark
	tshark --version 2>/dev/null | head -n 1 | grep -q " ${RELEASE//./\\.}\\."
}

# wireshark PATTERN...: its fields, message by message.
wireshark() {
	local got
	is_that_release || return 0
	got=$(timeout 60 "$PYTHON" "$LIB/tshark_fields.py" show "$CAPTURE" "$PROXY_PORT" |
		jq -r "\"\\(.from // \"datagram\")\" + $FIELDS")
	fits "$got" "$@" || fail "Wireshark told:
$got
-- not
$(printf '%s\n' "$@")"
}

# wireshark_shows TEXT FILTER FIELD...: of each frame that fits, those fields, with a comma between.
wireshark_shows() {
	local want=$1 filter=$2 field got fields=()
	is_that_release || return 0
	for field in "${@:3}"; do
		fields+=(-e "$field")
	done
	got=$(WIRESHARK_CONFIG_DIR=$BATS_TEST_TMPDIR timeout 60 tshark -n -r "$CAPTURE" -Y "$filter" \
		-T fields -E separator=, "${fields[@]}" 2>/dev/null)
	[ "$got" = "$want" ] || fail "Wireshark shows $got"
}

# What most begin with, as both have it but for the message's name.
HELLO=("client method list version=5 auth_method_count=1 auth_method=0"
	"server method choice version=5 auth_accepted_method=0")
THEIR_HELLO=("client version=5 auth_method_count=1 auth_method=0"
	"server version=5 auth_accepted_method=0")
WANT="version=5 command=1 reserved=0 address_type=1 dst=192.0.2.80 port=80"
OPEN="version=5 results=0 reserved=0 address_type=1 dst=192.0.2.2 port=40001"
LISTENS=("server reply $OPEN" "server second reply version=5 results=0 reserved=0 address_type=1 \
dst=192.0.2.80 remote_host_port=20")
ASSOCIATED="version=5 results=0 reserved=0 address_type=1 dst=192.0.2.2 port=1081"
CREDENTIALS="client credentials subnegotiation_version=1 username_length=2 username=me"
BY_PASSWORD=("client method list version=5 auth_method_count=1 auth_method=2"
	"server method choice version=5 auth_accepted_method=2"
	"$CREDENTIALS password_length=3 password=(hidden)"
	"server status subnegotiation_version=1 auth_status=0" "client request $WANT"
	"server reply $OPEN")

# both_say PATTERN...: decode tells this, and Wireshark has the same fields.
both_say() {
	tells "$@"
	agrees
}

# where it is right

@test "CONNECT to each kind of address, both make the same of it" {
	capture connect <<-'END'
		C: 050100
		S: 0500
		C: 05 01 00 01 c0000250 0050
		S: 05 00 00 01 c0000202 9c41
		C: 474554
		S: 4f4b
		# a new connection
		C: 050100
		S: 0500
		C: 05 01 00 03 07 6578616d706c65 0050
		S: 05 00 00 01 c0000202 9c41
		# a new connection
		C: 050100
		S: 0500
		C: 05 01 00 04 20010db8000000000000000000000050 0050
		S: 05 00 00 04 20010db8000000000000000000000002 9c41
		# a new connection
		# over IPv6
		C: 050100
		S: 0500
		C: 05 01 00 04 00000000000000000000ffffc0000250 0050
		S: 05 00 00 04 00000000000000000000ffffc0000202 9c41
	END
	local answer="version=5 results=0 reserved=0"
	both_say "${HELLO[@]}" "client request $WANT" "server reply $OPEN" "client data" "server data" \
		"${HELLO[@]}" \
		"client request ${WANT/1 dst=192.0.2.80/3 remote_name_length=7 remote_name=example}" \
		"server reply $OPEN" \
		"${HELLO[@]}" "client request ${WANT/1 dst=192.0.2.80/4 dstV6=2001:db8::50}" \
		"server reply $answer address_type=4 dstV6=2001:db8::2 port=40001" \
		"${HELLO[@]}" "client request ${WANT/1 dst=192.0.2.80/4 dstV6=::ffff:192.0.2.80}" \
		"server reply $answer address_type=4 dstV6=::ffff:192.0.2.2 port=40001"
}

@test "user and password, none acceptable, and each way to refuse: the same" {
	capture users <<-'END'
		C: 05 02 00 02
		S: 0502
		C: 01 02 6d65 03 706173
		S: 0100
		C: 05 01 00 01 c0000250 0050
		S: 05 05 00 01 00000000 0000
		# a new connection
		C: 050102
		S: 0502
		C: 01 02 6d65 01 70
		S: 0101
		# a new connection
		C: 05 03 01 80 fe
		S: 05ff
	END
	both_say "client method list version=5 auth_method_count=2 auth_method=0,2" \
		"server method choice version=5 auth_accepted_method=2" \
		"$CREDENTIALS password_length=3 password=(hidden)" \
		"server status subnegotiation_version=1 auth_status=0" "client request $WANT" \
		"server reply version=5 results=5 reserved=0 address_type=1 dst=0.0.0.0 port=0" \
		"client method list version=5 auth_method_count=1 auth_method=2" \
		"server method choice version=5 auth_accepted_method=2" \
		"$CREDENTIALS password_length=1 password=(hidden)" \
		"server status subnegotiation_version=1 auth_status=1" \
		"client method list version=5 auth_method_count=3 auth_method=1,128,254" \
		"server method choice version=5 auth_accepted_method=255"
}

@test "SOCKS4 and 4a, granted and rejected: the same" {
	capture socks4 <<-'END'
		C: 04 01 0050 c0000250 6d6500
		S: 00 5a 0050 c0000250
		# a new connection
		C: 04 01 0050 00000001 00 6578616d706c6500
		S: 00 5b 0000 00000000
	END
	both_say "client request version=4 command=1 dstport=80 dst=192.0.2.80 username=me" \
		"server reply version=0 results=90 dstport=80 dst=192.0.2.80" \
		"client request version=4 command=1 dstport=80 dst=0.0.0.1 username= v4a_dns_name=example" \
		"server reply version=0 results=91 dstport=0 dst=0.0.0.0"
}

@test "UDP whose request tells the client's port: the same" {
	capture udp <<-'END'
		C: 050100
		S: 0500
		C: 05 03 00 01 c0000201 9c41
		S: 05 00 00 01 c0000202 0439
		Cu: 000000 01 c0000250 2328 616263
		Cu: 000000 03 07 6578616d706c65 2328 616263
		Su: 000000 04 20010db8000000000000000000000050 2328 616263
	END
	local datagram="datagram reserved=0 fragment_number=0"
	both_say "${HELLO[@]}" \
		"client request version=5 command=3 reserved=0 address_type=1 dst=192.0.2.1 port=40001" \
		"server reply $ASSOCIATED" "client $datagram address_type=1 dst=192.0.2.80 dstport=9000" \
		"client $datagram address_type=3 remote_name_length=7 remote_name=example dstport=9000" \
		"server $datagram address_type=4 dstV6=2001:db8::50 dstport=9000"
}

@test "GSSAPI, a token each way and the abort: the same" {
	capture gssapi-abort <<-'END'
		C: 050101
		S: 0501
		C: 01 01 000f 600d 06092a864886f712010202 0100
		S: 01ff
	END
	both_say "client method list version=5 auth_method_count=1 auth_method=1" \
		"server method choice version=5 auth_accepted_method=1" \
		"client security token subnegotiation_version=1 gssapi.command=1 gssapi.length=15" \
		"server security token subnegotiation_version=1 gssapi.command=255"
}

# where it is wrong

@test "the client's second GSSAPI token: it is read as a request" {
	capture gssapi-second-token <<-'END'
		C: 050101
		S: 0501
		C: 01 01 000f 600d 06092a864886f712010202 0100
		S: 01 01 0003 a10100
		C: 01 01 0006 a10403020100
		S: 01ff
	END
	local frame="subnegotiation_version=1 gssapi.command=1 gssapi.length"
	tells "client method list version=5 auth_method_count=1 auth_method=1" \
		"server method choice version=5 auth_accepted_method=1" \
		"client security token $frame=15" "server security token $frame=3" \
		"client security token $frame=6" \
		"server security token subnegotiation_version=1 gssapi.command=255"
	wireshark "client version=5 auth_method_count=1 auth_method=1" \
		"server version=5 auth_accepted_method=1" "client $frame=15" "server $frame=3" \
		"client version=1 command=1 reserved=0 address_type=6 port=*" \
		"server subnegotiation_version=1 gssapi.command=255"
}

@test "GSSAPI's protection level and sealed messages: read as a request, or not at all" {
	capture gssapi-sealed <"$REPO/tests/golden/vectors/31-gss-tcp-level1.hex"
	local frame="subnegotiation_version=1 gssapi.command=" told=()
	told=("server version=5 auth_accepted_method=1" "client ${frame}1 gssapi.length=715"
		"server ${frame}1 gssapi.length=156")
	tells "client method list version=5 auth_method_count=1 auth_method=1" \
		"server method choice version=5 auth_accepted_method=1" \
		"client security token ${frame}1 gssapi.length=715" \
		"server security token ${frame}1 gssapi.length=156" \
		"client protection level ${frame}2 gssapi.length=29 level=1" \
		"server protection level ${frame}2 gssapi.length=29 level=1" \
		"client sealed message ${frame}3 gssapi.length=38" \
		"client request sealed version=5 command=1 reserved=0 address_type=1 dst=127.0.0.1 port=18000" \
		"server sealed message ${frame}3 gssapi.length=38" \
		"server reply sealed version=5 results=0 reserved=0 address_type=1 dst=127.0.0.1 port=43189" \
		"client sealed message ${frame}3 gssapi.length=51" "client data sealed" \
		"server sealed message ${frame}3 gssapi.length=232" "server data sealed"
	wireshark "client version=5 auth_method_count=1 auth_method=1" "${told[@]}" \
		"client version=1 command=2 reserved=0 address_type=29 port=1284" \
		"server ${frame}2 gssapi.length=29" "server ${frame}3 gssapi.length=38" \
		"server ${frame}3 gssapi.length=232"
}

@test "UDP whose request tells 0.0.0.0:0: its datagrams are not found" {
	capture udp-unspecified <<-'END'
		C: 050100
		S: 0500
		C: 05 03 00 01 00000000 0000
		S: 05 00 00 01 c0000202 0439
		Cu: 000000 01 c0000250 2328 616263
		Su: 000000 01 c0000250 2328 616263
	END
	local asks="version=5 command=3 reserved=0 address_type=1 dst=0.0.0.0 port=0"
	local datagram="datagram reserved=0 fragment_number=0 address_type=1 dst=192.0.2.80 dstport=9000"
	tells "${HELLO[@]}" "client request $asks" "server reply $ASSOCIATED" "client $datagram" \
		"server $datagram"
	wireshark "${THEIR_HELLO[@]}" "client $asks" "server $ASSOCIATED"
}

@test "fragments of UDP: each is taken for a whole datagram" {
	capture udp-fragments <<-'END'
		C: 050100
		S: 0500
		C: 05 03 00 01 00000000 9c41
		S: 05 00 00 01 c0000202 0439
		Cu: 0000 01 01 c0000250 0035 1234 0100 0001 0000 0000 0000 07 6578
		Cu: 0000 82 01 c0000250 0035 616d706c65 00 0001 0001
	END
	local datagram="client datagram reserved=0 fragment_number"
	local to="address_type=1 dst=192.0.2.80 dstport=53"
	local malformed="[Malformed Packet: DNS],_ws.malformed"
	tells "${HELLO[@]}" \
		"client request version=5 command=3 reserved=0 address_type=1 dst=0.0.0.0 port=40001" \
		"server reply $ASSOCIATED" "$datagram=1 $to" "$datagram=130 $to" \
		"client datagram of those fragments"
	[ "$(decode | tail -n 1 | jq -r '.fields["socks5.data"]')" = \
		12340100000100000000000007"$(printf example | od -An -tx1 | tr -d ' \n')"0000010001 ]
	wireshark_shows "1,,$malformed"$'\n'"130,,$malformed" udp socks.fragment_number dns.qry.name \
		_ws.malformed
}

@test "data behind BIND's second reply: taken for replies, all of it" {
	capture bind-data <<-'END'
		C: 050100
		S: 0500
		C: 05 02 00 01 c0000250 0000
		S: 05 00 00 01 c0000202 9c41
		S: 05 00 00 01 c0000250 0014
		S: 32323020 72656164790d0a
		C: 515549540d0a
		S: 32323120 6279650d0a
	END
	local asks="${WANT/command=1/command=2}"
	tells "${HELLO[@]}" "client request ${asks%80}0" "${LISTENS[@]}" "server data" "client data" \
		"server data"
	wireshark "${THEIR_HELLO[@]}" "client ${asks%80}0" "${LISTENS[0]/ reply/}" \
		"${LISTENS[1]/ second reply/}" \
		"server version=50 results=50 reserved=48 address_type=32 *" \
		"server version=50 results=50 reserved=49 address_type=32 *"
}

@test "messages split over segments: each segment is taken for a message" {
	capture split-segments <<-'END'
		C: 05
		C: 0100
		S: 0500
		C: 05 01 00 03 07 6578
		C: 616d706c65 0050
		S: 05 00 00
		S: 01 c0000202 9c41
	END
	tells "${HELLO[@]}" \
		"client request ${WANT/1 dst=192.0.2.80/3 remote_name_length=7 remote_name=example}" \
		"server reply $OPEN"
	wireshark "client version=1 auth_method_count=0" "${THEIR_HELLO[1]}" \
		"client version=97 command=109 reserved=112 address_type=108 port=*" \
		"server version=5 results=0 reserved=0" \
		"server version=1 results=192 reserved=0 address_type=2 port=*"
}

@test "several messages in a segment: all but the first are lost, or read at the wrong place" {
	capture several-in-segment <<-'END'
		C: 050102 01 02 6d65 03 706173 05 01 00 01 c0000250 0050
		S: 0502 0100 05 00 00 01 c0000202 9c41
		# a new connection
		C: 050102
		C: 01 02 6d65 03 706173 05 01 00 01 c0000250 0050
		S: 0502
		S: 0100
		S: 05 00 00 01 c0000202 9c41
		C: 474554
	END
	tells "${BY_PASSWORD[@]}" "${BY_PASSWORD[@]}" "client data"
	wireshark "client version=5 auth_method_count=1 auth_method=2" \
		"server version=5 auth_accepted_method=2" \
		"client version=5 auth_method_count=1 auth_method=2" \
		"server version=5 auth_accepted_method=2" "client subnegotiation_version=71"
}

@test "data in the segment of the request: it is not seen" {
	capture data-behind-request <<-'END'
		C: 050100
		S: 0500
		C: 05 01 00 01 c0000250 0050 474554202f20485454502f312e300d0a0d0a
		S: 05 00 00 01 c0000202 9c41
		# a new connection
		C: 050100
		S: 0500
		C: 05 01 00 01 c0000250 0050
		S: 05 00 00 01 c0000202 9c41
		C: 474554202f20485454502f312e300d0a0d0a
	END
	local stream=("${HELLO[@]}" "client request $WANT" "server reply $OPEN" "client data")
	tells "${stream[@]}" "${stream[@]}"
	wireshark_shows "40002,GET" http tcp.srcport http.request.method
}

@test "segments in disorder: read in the order in which they came" {
	capture disorder <<-'END'
		C: 050102
		S: 0502
		C: 01 02 6d65 03 706173
		S: 0100
		C: 05 01 00 01 c0000250 0050
		# in disorder
		S: 05 00 00 01 c0000202 9c41
	END
	tells "${BY_PASSWORD[@]}"
	wireshark "client version=5 auth_method_count=1 auth_method=2" \
		"server version=5 auth_accepted_method=2" \
		"client subnegotiation_version=1 username=me password=pas" "client $WANT" \
		"server subnegotiation_version=5 auth_status=0"
}

@test "a capture that begins within the dialogue: read as if it began there" {
	capture begun-late <<-'END'
		# without its beginning
		S: 0500
		C: 05 01 00 01 c0000250 0050
		S: 05 00 00 01 c0000202 9c41
	END
	fits "$(decode | jq -r "$SHOWN")" "${HELLO[1]}" "client request $WANT" "server reply $OPEN"
	wireshark "server version=5 auth_method_count=0" "client version=5 auth_accepted_method=1" \
		"server ${OPEN/results/command}"
}

@test "an octet of zero in a name: it ends there" {
	capture zero-in-name <<-'END'
		C: 050102
		S: 0502
		C: 01 05 6d6500786f 03 700073
		S: 0100
		C: 05 01 00 03 0c 6578616d706c65 00 2e6f7267 0050
		S: 05 00 00 01 c0000202 9c41
	END
	fits "$(decode --secrets | jq -r "$SHOWN")" \
		"client method list version=5 auth_method_count=1 auth_method=2" \
		"server method choice version=5 auth_accepted_method=2" \
		"${CREDENTIALS/2 username=me/5 username=me?x00xo} password_length=3 password=p?x00s" \
		"server status subnegotiation_version=1 auth_status=0" \
		"client request ${WANT/1 dst=192.0.2.80/3 remote_name_length=12 remote_name=example?x00.org}" \
		"server reply $OPEN" || fail "$(decode --secrets)"
	[ "$(decode | jq -r '.notes[].text')" = "name holds a control octet, blank or backslash" ]
	wireshark "client version=5 auth_method_count=1 auth_method=2" \
		"server version=5 auth_accepted_method=2" \
		"client subnegotiation_version=1 username=me password=p" \
		"server subnegotiation_version=1 auth_status=0" \
		"client ${WANT/1 dst=192.0.2.80/3 remote_name=example}" "server $OPEN"
}

@test "SOCKS4: the second reply to BIND is not read, and payload has another address" {
	capture socks4-bind <<-'END'
		C: 04 02 0000 c0000250 6d6500
		S: 00 5a 9c41 c0000202
		S: 00 5a 0014 c0000250
		S: 32323020 72656164790d0a
	END
	tells "client request version=4 command=2 dstport=0 dst=192.0.2.80 username=me" \
		"server reply version=0 results=90 dstport=40001 dst=192.0.2.2" \
		"server second reply version=0 results=90 dstport=20 dst=192.0.2.80" "server data"
	wireshark "client version=4 command=2 dstport=0 dst=192.0.2.80 username=me" \
		"server version=0 results=90 dstport=40001 dst=192.0.2.2"
	wireshark_shows $'192.0.2.80\n192.0.2.2\n4.2.0.0\n4.2.0.0' 'tcp.len > 0' socks.dst
}

@test "SOCKS4: what comes behind the first segment of a request is lost" {
	capture socks4-split <<-'END'
		C: 04 01 0050 c0000250
		C: 6d6500
		S: 00 5a 0050 c0000250
		# a new connection
		C: 04 01 0050 00000001 6d6500
		C: 6578616d706c6500
		S: 00 5a 0050 c0000250
	END
	tells "client request version=4 command=1 dstport=80 dst=192.0.2.80 username=me" \
		"server reply version=0 results=90 dstport=80 dst=192.0.2.80" \
		"client request version=4 command=1 dstport=80 dst=0.0.0.1 username=me v4a_dns_name=example" \
		"server reply version=0 results=90 dstport=80 dst=192.0.2.80"
	wireshark "client version=4 command=1 dstport=80 dst=192.0.2.80" \
		"server version=0 results=90 dstport=80 dst=192.0.2.80" \
		"client version=4 command=1 dstport=80 dst=0.0.0.1 username=me" \
		"server version=0 results=90 dstport=80 dst=192.0.2.80"
}

# the list in the manual

@test "socks5-decode(1) lists each capture in which Wireshark is wrong, by its name" {
	local agreed="connect gssapi-abort socks4 udp users"
	diff <(sed -n '/^.Sh COMPARED/,/^.Sh SEE/s/^.It //p' "$REPO/man/socks5-decode.1" | sort) \
		<(cd "$CAPTURES" && printf '%s\n' *.pcap | sed 's/\.pcap$//' | sort |
			grep -vxF "${agreed// /$'\n'}")
}
