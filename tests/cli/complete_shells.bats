#!/usr/bin/env bats
# Completion in the three shells as a user has it: installed by `make install`, found by the shell itself, TAB
# typed on a terminal. Typed => the command line then, or the words that are shown (see shelltab.py).

load ../lib/helper

setup_file() {
	export STAGE=$BATS_FILE_TMPDIR/stage
	make --no-print-directory -s -C "$REPO" install DESTDIR="$STAGE" prefix=/usr BIN="${SOCKS5#"$REPO"/}" \
		MAKEFLAGS= 3>&-
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	: >users.list
	: >'two words.txt'
}

ALL='
socks5 co => socks5 connect_
socks5 help pas => socks5 help passwd_
socks5 -- => + --help --version
socks5 serve --hand => socks5 serve --handshake-timeout_
socks5 connect --gssapi- => + --gssapi-service --gssapi-protect --gssapi-nec --gssapi-delegate
socks5 connect --dns l => socks5 connect --dns local_
socks5 connect --dns=l => socks5 connect --dns=local_
socks5 connect --dns= => + proxy local
socks5 serve --auth none,u => socks5 serve --auth none,userpass_
socks5 serve --allow comm => socks5 serve --allow command=
socks5 serve --users us => socks5 serve --users users.list_
socks5 serve --users=us => socks5 serve --users=users.list_
socks5 connect --password fi => socks5 connect --password file:
socks5 connect --password file:us => socks5 connect --password file:users.list_
socks5 connect -x unix:us => socks5 connect -x unix:users.list_
socks5 connect -zx unix:us => socks5 connect -zx unix:users.list_
socks5 serve un => socks5 serve unix:
socks5 serve unix:us => socks5 serve unix:users.list_
socks5 decode us => socks5 decode users.list_
socks5 decode two => socks5 decode two\ words.txt_
socks5 connect localh => socks5 connect localhost_
socks5 connect -x localh => socks5 connect -x localhost_
socks5 connect -e socks5 => socks5 connect -e socks5_
socks5 connect --exec=socks5 => socks5 connect --exec=socks5_
socks5 list repl => socks5 list replies_
socks5 list options serv => socks5 list options serve_
socks5 speed bu => socks5 speed bulk_
'

@test "bash" {
	need bash
	"$LIB/shelltab.py" "$STAGE" bash <<<"$ALL"
}

@test "zsh, which shows what the words mean" {
	need zsh
	"$LIB/shelltab.py" "$STAGE" zsh <<<"$ALL
socks5 connect --dns= => + names are resolved here
socks5 p => + find out what a proxy can do"
}

@test "fish, which shows what the words mean" {
	need fish
	"$LIB/shelltab.py" "$STAGE" fish <<<"$ALL
socks5 connect --dns= => + names are resolved here
socks5 p => + find out what a proxy can do"
}

@test "bash: a file's name is no command" {
	mkdir d
	printf '#!/bin/sh\n' >'d/a;touch PWNED'
	chmod +x 'd/a;touch PWNED'
	"$LIB/shelltab.py" "$STAGE" bash <<-'END'
		socks5 connect -e ./d/a => socks5 connect -e ./d/a\;touch\ PWNED_
		socks5 connect --exec=./d/a => socks5 connect --exec=./d/a\;touch\ PWNED_
	END
}

@test "where there is no such program the shells keep quiet" {
	mv "$STAGE/usr/bin/socks5" "$STAGE/usr/bin/gone"
	for shell in bash zsh fish; do
		need "$shell"
		"$LIB/shelltab.py" "$STAGE" "$shell" <<<'socks5 co => socks5 co'
	done
}
