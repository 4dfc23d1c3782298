#!/usr/bin/env bats
# socks5 decode and what tcpdump captures of our server with GSSAPI, and clients of two makes.

load ../lib/helper
load ../lib/serve
load ../lib/realm
load ../lib/gss_serve
load ../lib/capture

# frame WHO WHAT COMMAND [FIELDS]: how a message of RFC 1961 is told.
frame() {
	echo "$1 $2 subnegotiation_version=1 gssapi.command=$3 gssapi.length=*${4:+ $4}"
}

# agreed LEVEL: TOLD is what there is up to the level that was granted.
agreed() {
	TOLD=("client method list version=5 auth_method_count=1 auth_method=1"
		"server method choice version=5 auth_accepted_method=1"
		"$(frame client "security token" 1)" "$(frame server "security token" 1)"
		"$(frame client "protection level" 2 "level=$1")"
		"$(frame server "protection level" 2 "level=$1")")
}

# sealed WHO LEVEL MESSAGE [KIND]: what is in it is told as well where it is only signed.
sealed() {
	TOLD+=("$(frame "$1" "sealed ${4:-message}" 3)")
	[ "$2" = 2 ] || TOLD+=("$1 $3")
}

# opened LEVEL COMMAND TARGET BOUND: a request and its success.
opened() {
	sealed client "$1" "request sealed version=5 command=$2 reserved=0 address_type=1 $3"
	sealed server "$1" "reply sealed version=5 results=0 reserved=0 address_type=1 $4"
}

# told_of LEVEL PORT: a connection to that port with octets both ways is all that there is.
told_of() {
	agreed "$1"
	opened "$1" 1 "dst=127.0.0.1 port=$2" "dst=127.0.0.1 port=*"
	sealed client "$1" "data sealed"
	sealed server "$1" "data sealed"
	tells "${TOLD[@]}"
}

@test "a client in python: the dialogue and data, at both levels" {
	local level
	start_target echo
	open_to "$TARGET_PORT"
	start_gss_server
	for level in 1 2; do
		start_capture "tcp port $PROXY_PORT"
		STEPS=(hello context "level:$level" "${OPEN[@]}" say:6869 get:2 eof end)
		sees "level $level" "$REPLY" "got 6869" EOF
		stop_capture
		told_of $level "$TARGET_PORT"
	done
}

# ours COMMAND PROTECTION OPTION...: says "hi" to the target, who must say so, too.
ours() {
	run timeout 20 "$SOCKS5" "$1" -x "$LOCAL" --auth gssapi --gssapi-protect "$2" "${@:3}" \
		"$TARGET" <<<hi
	[ "$output" = hi ] || fail "$output"
}

@test "socks5 connect: the same" {
	local level=0 protect
	start_target echo
	start_gss_server
	for protect in integrity confidentiality; do
		level=$((level + 1))
		start_capture "tcp port $PROXY_PORT"
		ours connect $protect -N
		stop_capture
		told_of $level "$TARGET_PORT"
	done
}

# Where the reply is encrypted nobody else knows which datagrams are the association's.
@test "socks5 udp: the dialogue, and datagrams that are only signed" {
	local datagram="datagram sealed reserved=0 fragment_number=0 address_type=1 dst=127.0.0.1"
	local level=0 protect relay
	relay=$(free_port)
	start_target datagrams
	start_gss_server --udp-ports "$relay"
	for protect in integrity confidentiality; do
		level=$((level + 1))
		start_capture "tcp port $PROXY_PORT or udp port $relay"
		ours udp $protect --lines -W 1
		stop_capture
		agreed $level
		opened $level 3 "dst=0.0.0.0 port=*" "dst=127.0.0.1 port=$relay"
		if [ $level = 1 ]; then
			sealed client 1 "$datagram dstport=$TARGET_PORT" datagram
			sealed server 1 "$datagram dstport=$TARGET_PORT" datagram
		fi
		tells "${TOLD[@]}"
	done
}
