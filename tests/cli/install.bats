#!/usr/bin/env bats
# make install and make uninstall.

load ../lib/helper

setup() {
	STAGE=$BATS_TEST_TMPDIR/stage
}

into_stage() {
	make --no-print-directory -C "$REPO" "$@" DESTDIR="$STAGE" prefix=/usr BIN="${SOCKS5#"$REPO"/}" MAKEFLAGS= 3>&-
}

files() {
	(cd "$STAGE" && find . ! -type d | sort)
}

@test "install puts the program, the man pages and the completions where they belong" {
	into_stage install
	(
		echo ./usr/bin/socks5
		echo ./usr/share/bash-completion/completions/socks5
		echo ./usr/share/fish/vendor_completions.d/socks5.fish
		echo ./usr/share/zsh/site-functions/_socks5
		cd "$REPO/man"
		for page in *.[1-9]; do
			echo "./usr/share/man/man${page##*.}/$page"
		done
		for example in examples/*; do
			echo "./usr/share/doc/socks5/$example"
		done
	) | sort >"$BATS_TEST_TMPDIR/wanted"
	diff "$BATS_TEST_TMPDIR/wanted" <(files)
	[ "$(stat -c %a "$STAGE/usr/bin/socks5")" = 755 ]
	[ "$(stat -c %a "$STAGE/usr/share/man/man1/socks5.1")" = 644 ]
	"$STAGE/usr/bin/socks5" --version
}

@test "install and uninstall say a line for each file, and V=1 the commands" {
	into_stage install | sed -n "s|^  INST  $STAGE|.|p" | sort >"$BATS_TEST_TMPDIR/said"
	diff <(files) "$BATS_TEST_TMPDIR/said"
	[ "$(into_stage install | grep -cv '^  INST  ')" = 0 ]
	into_stage install V=1 | grep -q "^install -m 755 .*$STAGE/usr/bin/socks5"
	into_stage uninstall | sed -n "s|^  RM    $STAGE|.|p" | sort |
		diff "$BATS_TEST_TMPDIR/said" -
	[ -z "$(files)" ]
}

@test "uninstall leaves nothing of it, and what others own alone" {
	into_stage install
	touch "$STAGE/usr/bin/other"
	into_stage uninstall
	[ "$(files)" = ./usr/bin/other ]
}

@test "bindir and mandir can be chosen one by one" {
	into_stage install bindir=/opt/b mandir=/opt/m
	[ -x "$STAGE/opt/b/socks5" ]
	[ -f "$STAGE/opt/m/man1/socks5.1" ]
	[ ! -e "$STAGE/usr/bin" ]
}

@test "man finds the page of every command, and socks5.conf" {
	need man
	local command
	into_stage install
	for command in $("$SOCKS5" list commands | cut -f 1); do
		[ "$(man -M "$STAGE/usr/share/man" -w "socks5-$command")" = \
			"$STAGE/usr/share/man/man1/socks5-$command.1" ]
	done
	[ "$(MANPATH=$STAGE/usr/share/man man -w 5 socks5.conf)" = "$STAGE/usr/share/man/man5/socks5.conf.5" ]
	MANPATH=$STAGE/usr/share/man man socks5-connect | grep -q '^ *socks5 connect \[OPTION'
}
