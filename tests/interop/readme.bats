#!/usr/bin/env bats
# The README: all that it shows is run as it stands there, by one shell, in a network of its own, and says what
# it shows.

load ../lib/helper
load ../lib/serve

# shown FILE [SECONDS]: what readme.py makes of it, in that network.
shown() {
	net env -C "$REPO" HOME="$BATS_TEST_TMPDIR" NO_COLOR=1 timeout 120 "$PYTHON" "$LIB/readme.py" "$@"
}

@test "every block of the README" {
	need curl jq dig nc ss krb5kdc
	need_net
	# Addresses that a BIND may be asked for need a way there, though nobody is.
	for net in 192.0.2 198.51.100 203.0.113; do
		net ip route add "$net.0/24" dev lo
	done
	sed "s,/tmp/,$BATS_TEST_TMPDIR/,g" "$REPO/README.md" >"$BATS_TEST_TMPDIR/README.md"
	run shown "$BATS_TEST_TMPDIR/README.md"
	[ "$status" = 0 ] || fail "$output"
	# None was overlooked.
	[ "${lines[-1]}" = "$(grep -c '^    \$ ' "$REPO/README.md") commands" ] || fail "$output"
}

@test "the README shows every command" {
	for command in $("$SOCKS5" list commands | cut -f 1); do
		grep -qE "^    .*socks5 $command\b|^    socks5> $command\b" "$REPO/README.md" || fail "not $command"
	done
}

@test "a wrong output in a README is found" {
	need_net
	cat >"$BATS_TEST_TMPDIR/wrong" <<-'END'
		    $ echo one; echo 12 ms
		    one
		    40 ms
		    $ for i in 1 2
		      do echo $i; done
		    1
		    ...
		    $ (sleep 0.3; echo late) &
		    late
		    $ echo two
		    three
	END
	run shown "$BATS_TEST_TMPDIR/wrong" 2
	[ "$status" = 1 ]
	[[ $output == *"line 10: echo two"*"wanted:"*three*"got:"*two* ]] || fail "$output"
}
