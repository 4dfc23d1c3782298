#!/usr/bin/env bats
# The prompt: `socks5` on a terminal.

load ../lib/helper

setup() {
	need_module pyte
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state TERM=xterm NO_COLOR=1 INPUTRC=/dev/null
	HISTORY=$XDG_STATE_HOME/socks5/history
	UP='type:\x1b[A' TAB='type:\t' ENTER='type:\r' INT='type:\x03' EOT='type:\x04'
	cd "$BATS_TEST_TMPDIR"
}

# prompt STATUS STEP...: at the prompt, which must end with that status and the terminal in order.
# A step `version` clears the screen, and leaves the cursor on a fresh prompt.
prompt() {
	local want=$1 step steps=()
	shift
	for step; do
		case $step in
		version) steps+=('type:\x0c' gone:gssapi: 'type:version\r' see:gssapi: 'line:socks5>') ;;
		*) steps+=("$step") ;;
		esac
	done
	run timeout 60 "$PYTHON" "$LIB/screen.py" 'line:socks5>' "${steps[@]}" -- ${ON:-"$SOCKS5"}
	[ "$status:${lines[-1]}" = "$want:echo on" ] || fail "$status: $output"
}

# kept LINE...: that is the history's file.
kept() {
	diff <(printf '%s\n' "$@") "$HISTORY"
}

keep() {
	mkdir -p "${HISTORY%/*}"
	printf '%s\n' "$@" >"$HISTORY"
}

@test "a command runs, an error is not the end, ^D is, as are exit and quit" {
	prompt 0 'type:conect\r' 'see:did you mean connect?' 'line:socks5>' 'type:version\r' \
		see:gssapi: 'line:socks5>' show "$EOT"
	[[ ${lines[0]} == "socks5 0.1.0: help lists "* ]] || fail "$output"
	[[ $output == *$'\nsocks5> conect\nsocks5: unknown command conect; did you mean connect? (socks5 help lists all)\nsocks5> version\nsocks5 0.1.0\n'* ]] || fail "$output"
	prompt 2 'type:conect\rexit\r'
	prompt 0 'type:quit\r'
	ON="$SOCKS5 shell" prompt 0 'type:shell\r' 'see:socks5: this is the shell already' version "$EOT"
}

@test "help is to be had" {
	prompt 0 'type:help version\r' 'see:usage: socks5 version' 'line:socks5>' \
		'type:shell --help\r' 'see:usage: socks5 shell' 'line:socks5>' 'size:80x60' \
		'type:socks5\r' 'see:usage: socks5 COMMAND' 'line:socks5>' "$EOT"
}

@test "^C ends the command that runs, not the prompt" {
	start_echo
	prompt 0 'type:serve 127.0.0.1:0\r' see:sandbox "$INT" 'see:serve: stopped' 'line:socks5>' \
		"type:connect -v --direct $ECHO\\r" see:connected 'type:ping\r' 'row:ping' "$INT" 'row:^C' \
		'line:socks5>' version "$EOT"
}

@test "^C at the prompt drops the line" {
	prompt 0 'type:exit' 'line:socks5> exit' "$INT" 'row:socks5> exit^C' 'line:socks5>' version \
		"$EOT"
	[ "$(cat "$HISTORY")" = version ]
}

# Until the prompt's command is the one that has the terminal of CHILD, the shell.
FOREMOST='it=$(pgrep -P "$(pgrep -P "$CHILD")"); for i in $(seq 500); do
	[ "$(ps -o tpgid= -p "$CHILD")" -ne "$it" ] || exit 0
	sleep 0.02
done
exit 1'

@test "^Z stops the command and the prompt, and who started it lets both go on" {
	ON="bash --norc -i" HISTFILE='' PS1='socks5>' prompt 0 'type:"$SOCKS5"\r' 'see:0.1.0' 'line:socks5>' \
		'type:serve 127.0.0.1:0\r' see:sandbox 'type:\x1a' see:Stopped 'type:clear; fg\r' \
		'row:"$SOCKS5"' "run:$FOREMOST" "$INT" 'see:serve: stopped' 'type:version\r' see:gssapi \
		'line:socks5>' "$EOT" 'type:exit\r'
}

@test "^Z while it waits for a line, bg, fg: the line is shown again, and what is typed" {
	HISTFILE='' PS1='bash>' run timeout 60 "$PYTHON" "$LIB/screen.py" 'line:bash>' 'type:"$SOCKS5"\r' \
		'line:socks5>' 'type:vers' 'line:socks5> vers' 'type:\x1a' see:Stopped 'type:clear; bg\r' gone:vers 'line:bash>' \
		'type:clear; fg\r' 'line:socks5> vers' 'type:ion\r' 'see:socks5 0' 'line:socks5>' "$EOT" 'line:bash>' \
		'type:stty -a | grep -c -e -icanon -e "-echo "\r' row:0 'type:exit 0\r' -- bash --norc -i
	[ "$status:${lines[-1]}" = "0:echo on" ] || fail "$status: $output"
}

@test "bg after ^Z: the shell that started us keeps its terminal, and fg gives it back" {
	ON="bash --norc -i" HISTFILE='' PS1='socks5>' prompt 0 'type:"$SOCKS5"\r' 'see:0.1.0' 'line:socks5>' \
		'type:serve 127.0.0.1:0\r' see:sandbox 'type:\x1a' see:Stopped 'type:clear; bg\r' 'line:socks5>' \
		'type:echo still$((40 + 2))\r' see:still42 'type:clear; fg\r' 'row:"$SOCKS5"' "run:$FOREMOST" \
		"$INT" 'see:serve: stopped' 'type:version\r' see:gssapi 'line:socks5>' "$EOT" 'type:exit\r'
}

@test "^C in the moment a line is taken, or given back, is not the end of the prompt" {
	local n steps=()
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		steps+=('type:list methods\r\x03' "run:sleep 0.0$n" 'type:\x03')
	done
	prompt 0 "${steps[@]}" version "$EOT"
}

@test "^Z where nobody could let it go on is nothing" {
	prompt 0 'type:serve 127.0.0.1:0\r' see:sandbox 'type:\x1a' 'see:^Z' "$INT" 'see:serve: stopped' \
		'line:socks5>' 'type:\x1aversion\r' see:gssapi: 'line:socks5>' "$EOT"
}

@test "when the terminal goes away, so do the command and the prompt" {
	local alone pid
	# The shell in between does not tell anybody; where it is not, the prompt is told itself.
	echo '"$SOCKS5"; exit 0' >between
	for alone in "sh between" "$SOCKS5"; do
		timeout 60 "$PYTHON" "$LIB/screen.py" 'line:socks5>' 'type:serve 127.0.0.1:0\r' see:sandbox \
			'run:pgrep -s $CHILD >pids' hang -- $alone
		[ "$(wc -l <pids)" -ge 2 ] || fail "$(cat pids)"
		for pid in $(cat pids); do
			wait_until 10 is_gone "$pid" || fail "$alone: $(ps -p "$pid" -o args=)"
		done
	done
}

@test "a command that dies is told" {
	prompt 0 'type:serve 127.0.0.1:0\r' see:sandbox \
		'run:kill -KILL $(pgrep -P $CHILD)' 'see:serve was ended by a signal: Killed' \
		version "$EOT"
}

@test "history is kept between runs, for nobody else to read" {
	(umask 0 && prompt 0 'type:help passwd\r' 'see:usage' 'line:socks5>' version "$EOT")
	kept 'help passwd' version
	[ "$(stat -c %a "$HISTORY" "$XDG_STATE_HOME/socks5" | xargs)" = "600 700" ]
	prompt 0 "$UP" "line:socks5> version" "$UP" 'line:socks5> help passwd' "$INT" 'line:socks5>' "$EOT"
	# The same line twice in a row is one, a line after a blank is kept for this run only.
	prompt 0 version 'type: help version\r' version version "$EOT"
	kept 'help passwd' version version
}

@test "the history is bounded, its last lines are kept" {
	keep $(seq 1 1200)
	prompt 0 "$UP" 'line:socks5> 1200' "$INT" 'line:socks5>' version "$EOT"
	diff <(seq 201 1200; echo version) "$HISTORY"
}

@test "no password comes into the file, but the line can be had again" {
	prompt 0 'type:connect -u joe:geheim -x 127.0.0.1:1 h 1\r' see:refused 'line:socks5>' \
		"$UP" 'line:socks5> connect -u joe:geheim -x 127.0.0.1:1 h 1' "$INT" 'line:socks5>' \
		'type:connect -ujoe:geheim -x\r' 'type:connect --user=joe:geheim -x\r' \
		'type:connect -x joe:geheim@127.0.0.1:1 -x\r' \
		'type:probe joe:geheim@127.0.0.1:1 -x\r' \
		'type:passwd --password pass:geheim -x\r' \
		'type:passwd --password geheim -x\r' \
		'type:connect --proxxy joe:geheim -x\r' \
		'type:conect -u joe:geheim\r' \
		'type:connect -vu joe: -x\r' 'type:connect -u joe --password env:PW -x\r' \
		'type:help version\r' see:usage: 'line:socks5>' "$EOT"
	! grep geheim "$HISTORY" || fail "$(cat "$HISTORY")"
	kept 'connect -vu joe: -x' 'connect -u joe --password env:PW -x' 'help version'
}

@test "several prompts write to one file" {
	prompt 0 version "run:mkdir -p ${HISTORY%/*}; echo other >>$HISTORY" 'type:help version\r' see:usage: \
		'line:socks5>' "$EOT"
	kept version other 'help version'
}

@test "a history that cannot be kept is told once" {
	: >"$XDG_STATE_HOME"
	prompt 0 'type:connect -x\rhelp version\r' 'see:usage: socks5 version' 'line:socks5>' show "$EOT"
	[ "$(grep -c 'history is not kept' <<<"$output")" = 1 ] || fail "$output"
	tr -d '\n' <<<"$output" | grep -q 'Not a directory' || fail "$output"
	unset XDG_STATE_HOME HOME
	prompt 0 'see:neither XDG_STATE_HOME nor HOME' version "$EOT"
}

@test "TAB completes commands, options, values and lists" {
	prompt 0 'type:ver\t' 'line:socks5> version' "$INT" \
		'type:socks5 pass\t' 'line:socks5> socks5 passwd' "$INT" \
		'type:connect --hexd\t' 'line:socks5> connect --hexdump' "$INT" \
		'type:connect --dns l\tx' 'line:socks5> connect --dns local x' "$INT" \
		'type:connect --dns=l\tx' 'line:socks5> connect --dns=local x' "$INT" \
		'type:serve --auth=none,u\tx' 'line:socks5> serve --auth=none,userpass x' "$INT" \
		'type:serve --auth none,u\t' 'line:socks5> serve --auth none,userpass' "$INT" \
		'type:passwd --password fil\tx' 'line:socks5> passwd --password file:x' "$INT" \
		'type:ex\t' 'line:socks5> exit' "$ENTER"
}

@test "TAB shows what there is, with its meaning, within 80 columns" {
	prompt 0 'type:passwd --password \t' 'row:  env:    an environment variable' \
		'line:socks5> passwd --password' "$INT" 'type:p\t' \
		"row:  passwd  make a line for serve's file of users" 'line:socks5> p' "$INT" \
		'type:serve --\t' 'see:--bind-timeout' 'line:socks5> serve --' "$INT" "$EOT"
	mkdir many
	(cd many && touch $(seq 300))
	prompt 0 'type:decode many/\t' 'row:  300 names fit: type more of it' 'line:socks5> decode many/' \
		"$INT" "$EOT"
}

@test "TAB completes files, quoted where they must be" {
	mkdir -p 'folder of mine'
	: >'folder of mine/file one' >"it's" >plain
	prompt 0 'type:serve --users pl\tx' 'line:socks5> serve --users plain x' "$INT" \
		'type:serve --users=pl\tx' 'line:socks5> serve --users=plain x' "$INT" \
		'type:passwd --password file:pl\tx' 'line:socks5> passwd --password file:plain x' "$INT" \
		'type:decode fol\t' 'line:socks5> decode folder\ of\ mine/' \
		'type:fi\tx' 'line:socks5> decode folder\ of\ mine/file\ one x' "$INT" \
		'type:decode "folder\t' 'line:socks5> decode "folder of mine/' \
		'type:f\tx' 'line:socks5> decode "folder of mine/file one" x' "$INT" \
		"type:decode --in='x' it\\tx" "line:socks5> decode --in='x' it\\'s x" "$INT" "$EOT"
}

@test "TAB: what a quote or a variable would take out of a name is written so that it does not" {
	: >'a b' >'a$c' >'D"q$x' >"e'f"
	# What both have in common ends before what is written with a backslash.
	prompt 0 'type:decode a\t' 'line:socks5> decode a' 'type:\\ \tx' 'line:socks5> decode a\ b x' "$INT" \
		'type:decode "D\tx' 'line:socks5> decode "D\"q\$x" x' "$INT" \
		"type:decode 'e\\tx" "line:socks5> decode 'e'\\''f' x" "$INT" "$EOT"
	mkdir x
	cd x
	: >'~root'
	prompt 0 'type:decode \t' 'line:socks5> decode \~root' "$INT" "$EOT"
	mv '~root' '#x'
	prompt 0 'type:decode \t' 'line:socks5> decode \#x' "$INT" "$EOT"
}

@test "TAB completes programs, hosts of earlier lines and of /etc/hosts" {
	keep 'connect -x old.example:1081 far.example 80' 'probe [2001:db8::1]:1080' \
		'connect --proxy=joe@who.example -e cat third.example:81'
	prompt 0 'type:connect -x old\tx' 'line:socks5> connect -x old.example:1081 x' "$INT" \
		'type:udp fa\tx' 'line:socks5> udp far.example x' "$INT" \
		'type:probe [\tx' 'line:socks5> probe [2001:db8::1]:1080 x' "$INT" \
		'type:probe joe\t' 'line:socks5> probe joe@who.example' "$INT" \
		'type:connect -x thi\t' 'line:socks5> connect -x third.example:81' "$INT" \
		'type:connect localh\t' 'line:socks5> connect localhost' "$INT" \
		'type:connect -e sha256\tx' 'line:socks5> connect -e sha256sum x' "$INT" "$EOT"
}

@test "lines pasted at once run one after the other" {
	prompt 0 'type:\x1b[200~version\nhelp version\x1b[201~' 'see:help version' "$ENTER" \
		'see:usage: socks5 version' 'see:gssapi:' 'line:socks5>' "$EOT"
	kept version 'help version'
}

@test "a terminal that gets narrower, and one that can do nothing" {
	prompt 0 'type:connect one.example.org 80 --timeout 10' 'size:30x20' \
		'line:g 80 --timeout 10' "$INT" 'line:socks5>' version "$EOT"
	TERM=dumb prompt 0 'type:ver\t' 'line:socks5> version' "$ENTER" see:gssapi: 'line:socks5>' "$EOT"
}

@test "colour, where it may be" {
	unset NO_COLOR
	need script
	TERM=xterm script -qec "$SOCKS5" /dev/null <<<exit | grep -q $'\e\[1msocks5> \e\[m'
	! NO_COLOR=1 script -qec "$SOCKS5" /dev/null <<<exit | grep -q $'\e\[1m'
}

@test "a terminal on input alone is no reason for a prompt" {
	"$PYTHON" "$LIB/terminal.py" tty -- "$SOCKS5" >seen
	diff seen <("$SOCKS5" help)
}
