# zsh -f tab.zsh LINE: types LINE and TAB into a zsh with our completion; prints the line then.
# What the completion itself says on the screen is an error, printed instead.
zmodload zsh/zpty
zmodload zsh/datetime

# Reads from the shell inside until $1 comes; what came is in REPLY.
await() {
	local more until=$((EPOCHSECONDS + 20))
	REPLY=
	while [[ $REPLY != *${~1}* ]]; do
		((EPOCHSECONDS < until)) || exit 1
		if zpty -r -t inside more; then REPLY+=$more; else sleep 0.02; fi
	done
}

export ZDOTDIR=$PWD
zpty inside zsh -f -i
zpty -w inside 'PS1=; unsetopt automenu; stty -echo
fpath=($REPO/completions $fpath); autoload -Uz compinit; compinit -u -D
tab() { zle complete-word; print -r -- "<<$BUFFER>>" }; zle -N tab; bindkey "^I" tab
print -r REA""DY'
await READY
zpty -w -n inside "$1"$'\t'
await '<<*>>'
zpty -d inside
if [[ $REPLY == *_socks5:* ]]; then
	print -r -- "$REPLY"
	exit 1
fi
REPLY=${REPLY##*'<<'}
print -r -- "${REPLY%%'>>'*}"
