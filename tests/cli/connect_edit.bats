#!/usr/bin/env bats
# connect --edit: a line editor on the terminal.

load ../lib/helper

setup() {
	need_module pyte
	export TERM=xterm NO_COLOR=1 INPUTRC=/dev/null XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	cd "$BATS_TEST_TMPDIR"
	mkfifo words
	ENTER='type:\r' INT='type:\x03' EOT='type:\x04'
}

# edit STATUS STEP...: with a far end, OPTIONS given to connect; the terminal must be in order then.
# A step `says:TEXT` makes the far end say it (printf's escapes), `got:TEXT` waits until it has got
# such a line. FAR has all that it got.
edit() {
	local want=$1 step steps=()
	shift
	spawn_saying "$PYTHON" "$LIB/far.py" words
	FAR=$OUT
	for step; do
		case $step in
		says:*) steps+=("run:printf '${step#says:}' >words") ;;
		got:*) steps+=("run:for i in \$(seq 200); do grep -q '^${step#got:}' $FAR && exit; sleep 0.1; done; exit 1") ;;
		*) steps+=("$step") ;;
		esac
	done
	run timeout 60 "$PYTHON" "$LIB/screen.py" "${steps[@]}" -- \
		"$SOCKS5" connect --direct --edit "${OPTIONS[@]}" "$SAID"
	[ "$status:${lines[-1]}" = "$want:echo on" ] || fail "$status: $output"
}

is_done() {
	is_gone "$PID" || has_line '<EOF>$' "$FAR"
}

# sent TEXT: that is all the far end got (printf's escapes).
sent() {
	wait_until 10 is_done
	# shellcheck disable=SC2059 # a format is meant
	diff <(printf "$1" | od -c) <(tail -n +2 "$FAR" | sed 's/<EOF>$//;/^$/d' | od -c)
}

@test "a line is edited, and comes again by the arrow" {
	edit 0 'says:hello\n' row:hello 'type:worldl' 'line:worldl' 'type:\x7f\x7f\x7fd\x01a ' 'line:a word' \
		"$ENTER" 'got:a word' 'type:\x1b[A!' 'line:a word!' "$ENTER" 'got:a word!' 'type:\tb' "$ENTER" \
		'got:.b' says:close end show
	sent 'a word\na word!\n\tb\n'
}

@test "what arrives is above the line that is being edited" {
	edit 0 'says:one\n' row:one 'type:half a line' 'line:half a line' 'says:two\nthree\n' row:three \
		'line:half a line' 'type: more' 'line:half a line more' show says:close
	[[ $output == *$'one\ntwo\nthree\nhalf a line more\n'* ]] || fail "$output"
}

@test "a line without its end stands before what is typed" {
	edit 130 'says:220 welcome\r\nlogin: ' 'line:login:' type:joe 'line:login: joe' "$ENTER" got:joe \
		'says:password: ' 'line:password:' type:x 'says:(be quick) ' 'line:password: (be quick) x' \
		"$ENTER" got:x 'says:wel' 'line:wel' 'says:come\r\n' row:welcome type:y 'line:y' "$INT"
}

@test "what arrives does the terminal no harm, letters of its encoding stay" {
	LC_ALL=C.UTF-8 edit 0 'says:gr\303\274n\033[31m\tx\007\302\233\342\200\256\357\273\277\377 \\ \n' \
		'row:grün\x1b[31m    x\x07\xc2\x9b\xe2\x80\xae\xef\xbb\xbf\xff \' 'says:\303' 'says:\274\n' row:ü \
		'says:a\rb\n' 'row:a\x0db' says:close
	LC_ALL=C edit 0 'says:gr\303\274n\n' 'row:gr\xc3\xbcn' says:close
}

@test "a line longer than any is broken" {
	edit 0 "run:printf '%5000s' end | tr ' ' x >words" 'see:xxxend' 'says:\nnext\n' row:next says:close
}

@test "-C sends CR LF" {
	OPTIONS=(-C)
	edit 0 'says:hello\n' row:hello 'type:one\rtwo\r' got:two says:close
	sent 'one\r\ntwo\r\n'
}

@test "^D ends what is sent, not what comes" {
	OPTIONS=(-N)
	edit 0 'says:hello\nname: ' 'line:name:' 'type:joe\r' got:joe "$EOT" 'got:.*<EOF>' \
		'says:still here' 'line:still here' 'says:, and on\nend' 'row:still here, and on' says:close show
	sent 'joe\n'
	[[ $output != *"still here, and onend"* ]] || fail "$output"
}

@test "the far end's end is the end; what is typed stays on a row of its own" {
	edit 0 'says:hello\n' row:hello 'type:unsent' 'line:unsent' says:close end show
	[[ $output == *$'hello\nunsent\n'* ]] || fail "$output"
}

@test "^C is death, with the terminal in order" {
	edit 130 'says:hello\n' row:hello type:x line:x "$INT" end 'row:x^C'
}

@test "a signal that nobody expects leaves the terminal in order, too" {
	edit 138 'says:hello\n' row:hello type:x line:x 'run:kill -USR1 $CHILD' end
}

@test "^Z stops it, fg brings the line back" {
	start_echo
	HISTFILE='' PS1='bash>' run timeout 60 "$PYTHON" "$LIB/screen.py" 'line:bash>' \
		"type:\"\$SOCKS5\" connect -v --direct --edit $ECHO\\r" see:Ctrl-D 'type:ping\r' \
		$'see:ping\nping' type:half line:half 'type:\x1a' see:Stopped 'type:clear; fg\r' line:half \
		'type: more\r' 'row:half more' "$EOT" 'line:bash>' 'type:exit\r' -- bash --norc -i
	[ "$status:${lines[-1]}" = "0:echo on" ] || fail "$status: $output"
}

@test "a terminal of another size keeps the line" {
	edit 0 'says:hello\n' row:hello type:0123456789012345678901234567890123456789 \
		'line:0123456789012345678901234567890123456789' size:30x20 line:0123456789 'says:more\n' \
		row:more line:0123456789 "$ENTER" got:0123 says:close
}

@test "a flood in both directions" {
	edit 0 'says:hello\n' row:hello type:typed line:typed \
		"run:seq -f 'line %g' 20000 >words" 'row:line 20000' line:typed "$ENTER" got:typed says:close
}

@test "within the prompt, whose history it does not see" {
	spawn_saying "$PYTHON" "$LIB/far.py" words
	run timeout 60 "$PYTHON" "$LIB/screen.py" 'line:socks5>' \
		"type:connect --direct --edit $SAID\\r" "run:printf 'hello\n' >words" row:hello 'type:\x1b[Ax' \
		line:x 'run:printf close >words' 'line:socks5>' 'type:\x1b[A' \
		"line:socks5> connect --direct --edit $SAID" 'type:\x03' 'line:socks5>' "$EOT" -- "$SOCKS5"
	[ "$status:${lines[-1]}" = "0:echo on" ] || fail "$status: $output"
}

@test "it is for a terminal, and not for what has none" {
	refused() {
		run timeout 20 "$PYTHON" "$LIB/screen.py" end show -- "$SOCKS5" connect --edit "${@:2}" h 1
		[ "$status" = 2 ] || fail "$status: $output"
		[[ $(tr '\n' ' ' <<<"$output" | tr -s ' ') == "socks5 connect: $1"* ]] || fail "$output"
	}
	refused "--listen, --exec, --pass-fd, --scan and --edit exclude each other" -z
	refused "--listen, --exec, --pass-fd, --scan and --edit exclude each other" -e cat
	refused "--edit takes lines from the terminal as they come, --no-stdin and" -d
	refused "--edit takes lines from the terminal as they come, --no-stdin and" -i 1
	refused "--keep-open needs --listen" -k
	refused "--edit has the terminal for itself: --hexdump needs the name of a file" --hexdump -
	run "$SOCKS5" connect --edit h 1 </dev/null
	[ "$status:$output" = "2:socks5 connect: option --edit: standard input and output are not a terminal" ]
}

@test "a line that is half typed when the far end closes is told of" {
	edit 0 see:connected 'says:hi\n' row:hi 'type:rm half' 'line:rm half' says:close end show
	[[ $output == *"rm half"*"socks5 connect: the far end closed: the line that was being typed is not sent"* ]] ||
		fail "$output"
	sent ''
}

@test "a long line without its end is broken between letters, and costs little" {
	LC_ALL=C.UTF-8 edit 130 see:connected "run:$PYTHON -c 'print(\"é\" * 3000, end=\"\")' >words" see:ééé \
		'says:\nend\n' row:end show "$INT"
	[[ $output != *'\x'* ]] || fail "$output"
}
