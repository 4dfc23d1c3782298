#!/usr/bin/env bats
# Completion: what the program offers, and what the three shells make of it.

load ../lib/helper

setup() {
	# The shells find the program by its name, as a user's shell does.
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$SOCKS5" "$BATS_TEST_TMPDIR/bin/socks5"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	: >"$BATS_TEST_TMPDIR/users.list"
	cd "$BATS_TEST_TMPDIR" || return
	COMMANDS=$("$SOCKS5" list commands | cut -f 1)
	[ -n "$COMMANDS" ]
}

# offers WORD... :: CANDIDATE...: just these, whatever the order.
offers() {
	local -a words=()
	while [ "$1" != :: ]; do
		words+=("$1")
		shift
	done
	shift
	diff <(printf '%s\n' "$@" | sed '/^$/d' | sort) \
		<("$SOCKS5" --complete "${words[@]}" | cut -f 1 | sort) ||
		fail "for ${words[*]} (< wanted, > offered)"
}

@test "commands" {
	offers "" :: serve connect bind udp probe decode passwd list help version
	offers co :: connect
	offers xyz ::
	offers - :: --help --version
	offers help pa :: passwd
	offers nothing "" ::
	[ "$("$SOCKS5" --complete conn)" = \
		"$(printf 'connect\tconnect to a host and port through a proxy, like nc')" ]
}

@test "all long options of every command" {
	local command
	for command in $COMMANDS; do
		# shellcheck disable=SC2046 # a word for each
		offers "$command" -- :: $("$SOCKS5" list options "$command" | cut -f 1)
	done
	offers connect --di :: --direct
	offers connect --direct --pa :: --pass-fd --password
	offers connect host -4 --dir :: --direct
	offers connect -- --x --dir :: @host
}

@test "words of an option, wherever its value stands" {
	offers connect --dns "" :: proxy local
	offers connect --dns p :: proxy
	offers connect --dns= :: --dns=proxy --dns=local
	offers connect --dns=l :: --dns=local
	offers serve --prefer "" :: 4 6 auto
	offers connect --password "" :: pass: env: file: fd: prompt
	offers connect --timeout "" ::
	offers connect --direct= ::
	offers connect --nothing= ::
}

@test "a list is completed word by word, none twice" {
	offers serve --auth "" :: none userpass gssapi
	offers serve --auth none, :: none,userpass none,gssapi
	offers serve --auth=userpass,n :: --auth=userpass,none
	offers serve --auth none,userpass, :: none,userpass,gssapi
	offers serve --auth none,userpass,gssapi, ::
}

@test "letters take their value too" {
	offers connect -x "" :: @host
	offers connect -zvx "" :: @host
	offers connect -e "" :: @program
	offers connect -w "" ::
	offers connect -w 1 --dir :: --direct
	offers connect -w1 --dir :: --direct
	offers connect -x -- --dir :: --direct
}

@test "arguments, files and hosts are left to the shell" {
	offers connect "" :: @host
	offers serve --users "" :: @file
	[ "$("$SOCKS5" --complete serve --users=a)" = "$(printf '@file\t--users=')" ]
	[ "$("$SOCKS5" --complete connect --password file:/e)" = "$(printf '@file\tfile:')" ]
	[ "$("$SOCKS5" --complete connect --password=file:/e)" = "$(printf '@file\t--password=file:')" ]
}

@test "addresses to listen on, sockets and the words of a rule" {
	offers serve "" :: 127.0.0.1: "[::1]:" 0.0.0.0: "[::]:" unix:
	offers serve u :: unix:
	offers serve --allow "" :: from= user= command= to=
	offers serve --deny=t :: --deny=to=
	[ "$("$SOCKS5" --complete serve unix:/t)" = "$(printf '@file\tunix:')" ]
	[ "$("$SOCKS5" --complete connect --proxy=unix:)" = "$(printf '@file\t--proxy=unix:')" ]
}

# in_bash LINE: what bash would put in place of the last word, from where it broke it.
in_bash() {
	bash --norc -c '
		source "$REPO/completions/socks5.bash"
		COMP_LINE=$1 COMP_POINT=${#1}
		_socks5 socks5 "" ""
		printf "%s\n" "${COMPREPLY[@]}"' bash "$1" | sort | paste -sd ' '
}

@test "bash" {
	need bash
	bash --norc -c 'source "$REPO/completions/socks5.bash"; complete -p socks5' |
		grep -q 'complete -F _socks5 socks5'
	[ "$(in_bash 'socks5 co')" = connect ]
	[ "$(in_bash 'X=1 socks5 co')" = connect ]
	[ "$(in_bash 'socks5 connect --dns ')" = "local proxy" ]
	[ "$(in_bash 'socks5 connect --dns=')" = "local proxy" ]
	[ "$(in_bash 'socks5 serve --auth none,u')" = none,userpass ]
	[ "$(in_bash 'socks5 serve --users us')" = users.list ]
	[ "$(in_bash 'socks5 serve --users=us')" = users.list ]
	[ "$(in_bash 'socks5 connect --password file:us')" = users.list ]
	[ "$(in_bash 'socks5 connect -x unix:us')" = users.list ]
	[ "$(in_bash 'socks5 serve unix:us')" = users.list ]
	[ "$(in_bash 'socks5 connect -e socks5')" = socks5 ]
}

# in_fish LINE: what fish offers.
in_fish() {
	HOME=$BATS_TEST_TMPDIR fish --no-config -c '
		source $REPO/completions/socks5.fish
		complete -C $argv[1]' -- "$1" | cut -f 1 | sort | paste -sd ' '
}

@test "fish" {
	need fish
	[ "$(in_fish 'socks5 co')" = connect ]
	[ "$(in_fish 'socks5 connect --dns ')" = "local proxy" ]
	[ "$(in_fish 'socks5 connect --dns=l')" = --dns=local ]
	[ "$(in_fish 'socks5 serve --auth none,u')" = none,userpass ]
	[ "$(in_fish 'socks5 serve --users us')" = users.list ]
	[ "$(in_fish 'socks5 serve --users=us')" = --users=users.list ]
	[ "$(in_fish 'socks5 connect --password file:us')" = file:users.list ]
	[ "$(in_fish 'socks5 serve unix:us')" = unix:users.list ]
	[ "$(in_fish 'socks5 connect localh')" = localhost ]
	[ "$(in_fish 'socks5 connect -x localh')" = localhost ]
	[ "$(in_fish 'socks5 connect -e socks5')" = socks5 ]
}

# in_zsh LINE: the line as zsh leaves it after TAB.
in_zsh() {
	zsh -f "$REPO/tests/cli/tab.zsh" "$1"
}

@test "zsh" {
	need zsh
	[ "$(in_zsh 'socks5 co')" = "socks5 connect " ]
	[ "$(in_zsh 'socks5 connect --dns l')" = "socks5 connect --dns local " ]
	[ "$(in_zsh 'socks5 connect --dns=l')" = "socks5 connect --dns=local " ]
	[ "$(in_zsh 'socks5 serve --auth none,u')" = "socks5 serve --auth none,userpass " ]
	[ "$(in_zsh 'socks5 serve --users us')" = "socks5 serve --users users.list " ]
	[ "$(in_zsh 'socks5 serve --users=us')" = "socks5 serve --users=users.list " ]
	[ "$(in_zsh 'socks5 connect --password fi')" = "socks5 connect --password file:" ]
	[ "$(in_zsh 'socks5 connect --password file:us')" = "socks5 connect --password file:users.list " ]
	[ "$(in_zsh 'socks5 serve un')" = "socks5 serve unix:" ]
	[ "$(in_zsh 'socks5 connect -x unix:us')" = "socks5 connect -x unix:users.list " ]
	[ "$(in_zsh 'socks5 connect -e socks5')" = "socks5 connect -e socks5 " ]
}
