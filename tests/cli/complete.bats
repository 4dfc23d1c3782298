#!/usr/bin/env bats
# Completion: what the program offers. What the shells make of it: complete_shells.bats.

load ../lib/helper

setup() {
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
	offers "" :: serve connect bind udp probe decode speed passwd shell list help version
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
	offers probe "" :: @host
	offers serve --users "" :: @file
	[ "$("$SOCKS5" --complete serve --users=a)" = "$(printf '@file\t--users=')" ]
	[ "$("$SOCKS5" --complete connect --password file:/e)" = "$(printf '@file\tfile:')" ]
	[ "$("$SOCKS5" --complete connect --password=file:/e)" = "$(printf '@file\t--password=file:')" ]
}

@test "arguments that are words, and what follows them" {
	offers list "" :: commands options methods replies notes cases
	offers list re :: replies
	offers list options "" :: $("$SOCKS5" list commands | cut -f 1)
	offers list options pro :: probe
	offers speed b :: bulk
	offers speed --seconds 1 conn r :: rr
	offers speed --seconds "" ::
}

@test "addresses to listen on, sockets and the words of a rule" {
	offers serve "" :: 127.0.0.1: "[::1]:" 0.0.0.0: "[::]:" unix:
	offers serve u :: unix:
	offers serve --allow "" :: from= user= command= to=
	offers serve --deny=t :: --deny=to=
	[ "$("$SOCKS5" --complete serve unix:/t)" = "$(printf '@file\tunix:')" ]
	[ "$("$SOCKS5" --complete connect --proxy=unix:)" = "$(printf '@file\t--proxy=unix:')" ]
}
