# shellcheck shell=bash disable=SC2034,SC2120 # the tests use what is set here, and all options
# What the tests of `socks5 decode` with captures share. Loaded after helper.

# Filters of jq: the fields that are not octets of data or of a token; who said what, with those.
FIELDS='(.fields | to_entries | map(select(.key | test("[.](data|token)") | not) |
	" \(.key | sub("^socks5?[.]"; ""))=" +
	(.value | if type == "array" then map(tostring) | join(",") else tostring end)) | add // "")'
SHOWN='"\(.from) \(.message)\(if .sealed then " sealed" else "" end)" + '$FIELDS

# need_capture: skips the test where nobody may capture.
need_capture() {
	need tcpdump jq
	"$PYTHON" -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)' 2>/dev/null ||
		skip "capturing is not allowed here"
}

# start_capture FILTER: tcpdump of loopback; CAPTURE is the file with what passes from now on.
start_capture() {
	need_capture
	LAST=$(free_port)
	CAPTURE=$BATS_TEST_TMPDIR/capture.$LAST.pcap
	spawn timeout 60 tcpdump -i lo --immediate-mode -U -s 0 -w "$CAPTURE" \
		"($1) or udp port $LAST"
	CAPTURE_PID=$PID
	captures
}

# captures: what was spawned last does so by now.
captures() {
	wait_until 10 has_line_or_gone 'listening on' "$ERR" "$PID" || true
	has_line 'listening on' "$ERR" || fail "it does not capture: $(cat "$ERR")"
}

has_line_or_gone() {
	has_line "$1" "$2" || is_gone "$3"
}

# stop_capture: once all that has passed is in the file, of which a last datagram is the sign.
stop_capture() {
	echo "the last of $LAST" >"/dev/udp/127.0.0.1/$LAST"
	wait_until 10 has_line "the last of $LAST" "$CAPTURE" || fail "tcpdump lags behind"
	end_pid "$CAPTURE_PID"
}

# decode [OPTION]...: $CAPTURE as JSON; there must be nothing wrong with it.
decode() {
	local status=0 said=$BATS_TEST_TMPDIR/decode.err
	timeout 20 "$SOCKS5" decode --format json "$@" "$CAPTURE" 2>"$said" || status=$?
	[ "$status:$(cat "$said")" = 0: ] || fail "decode ended with status $status: $(cat "$said")"
}

# tells PATTERN...: $CAPTURE has just these messages, in this order, and no deviation.
tells() {
	local json got
	json=$(decode)
	got=$(jq -r "$SHOWN" <<<"$json")
	fits "$got" "$@" || fail "decode told:
$got
-- not
$(printf '%s\n' "$@")"
	[ "$(jq -c '.notes[]' <<<"$json")" = "" ] || fail "notes: $(jq -c .notes <<<"$json")"
}

# agrees [PORT]: Wireshark sees the same fields in each message of $CAPTURE.
agrees() {
	local said
	need tshark
	said=$(timeout 60 "$PYTHON" "$LIB/tshark_fields.py" compare "$CAPTURE" \
		"${1:-$PROXY_PORT}" 2>&1) || fail "$said"
}
