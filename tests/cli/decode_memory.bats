#!/usr/bin/env bats
# socks5 decode: however much a capture holds, it takes little memory.

load ../lib/helper

# A program's peak in MiB; never less than that of the python which starts it.
PEAK='import os, resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)'

setup() {
	plain_only
	need "$PYTHON"
	cd "$BATS_TEST_TMPDIR" || return
}

# capture ARGUMENT...: of bigcapture.py.
capture() {
	"$PYTHON" "$REPO/tests/bench/bigcapture.py" "$@"
}

# takes_less_than MIB ARGUMENT...: of socks5 decode.
takes_less_than() {
	local most=$1 peak
	shift
	peak=$("$PYTHON" -c "$PEAK" "$SOCKS5" decode -q "$@")
	[ "$peak" -lt "$most" ] || fail "decode $*: $peak MiB"
}

@test "a capture much longer than the memory that its streams need" {
	capture big 40
	takes_less_than 24 --summary big
	takes_less_than 24 big
	[ "$("$SOCKS5" decode --summary big | wc -l)" -gt 300 ]
}

@test "a capture of very many streams at once" {
	capture big 20 16000
	takes_less_than 64 --summary big
	takes_less_than 64 big
}

@test "5,000 streams that wait, in the dialogue and behind it" {
	capture --stalled big 5000
	takes_less_than 64 --summary big
	takes_less_than 64 big
}

@test "as many streams that wait as there is memory for are all told of" {
	capture --stalled big 2100
	takes_less_than 64 big
	run "$SOCKS5" decode --summary big
	[ "$status" = 4 ]
	[ "$(grep -c "^20.* stream=" <<<"$output")" = 1500 ] # of seven kinds two say too little
	[[ $output != *"not followed"* ]]
}
