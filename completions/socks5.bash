# bash completion for socks5. The program knows the words; this asks it.
# shellcheck shell=bash

# _socks5_names BEFORE ACTION...: what compgen knows, behind what stands before it in the word.
_socks5_names() {
	local before=$1 name
	shift
	# Names of files may hold anything: readline quotes them.
	compopt -o filenames 2>/dev/null
	while IFS= read -r name; do
		COMPREPLY+=("${before#"$head"}$name")
	done < <(compgen "$@" -- "${cur#"$before"}")
}

_socks5() {
	# Words as the shell parts them, but not at = and :, where readline parts them too.
	local line=${COMP_LINE:0:COMP_POINT} words cur head word rest
	read -ra words <<<"$line"
	[[ $line != *[[:blank:]] ]] || words+=("")
	while [[ ${#words[@]} -gt 1 && ${words[0]} != "$1" ]]; do
		words=("${words[@]:1}")
	done
	cur=${words[-1]}
	head=${cur%"${cur##*[=:]}"}
	COMPREPLY=()
	while IFS=$'\t' read -r word rest; do
		case $word in
		@file) _socks5_names "$rest" -f ;;
		@host) _socks5_names "$rest" -A hostname ;;
		@program) _socks5_names "$rest" -c ;;
		*)
			[[ $word != *[=:] ]] || compopt -o nospace 2>/dev/null
			COMPREPLY+=("${word#"$head"}")
			;;
		esac
	done < <("$1" --complete "${words[@]:1}" 2>/dev/null)
}

complete -F _socks5 socks5
