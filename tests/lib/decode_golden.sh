#!/bin/sh
# decode_golden.sh SOCKS5 FILE FORM: what decode says of a file: as tree, line, hex, json or sum (the
# summary). With the exit status and what it says on stderr, which names the file without its folder.
#
# decode_golden.sh SOCKS5 write: all of tests/golden/decode anew, to be looked at before it is kept.
set -u
said=$(mktemp)
trap 'rm -f "$said"' EXIT

say() {
	case $3 in
	sum) set -- "$1" "$2" --summary ;;
	*) set -- "$1" "$2" --format "$3" ;;
	esac
	cd "$(dirname "$2")" || exit 1
	"$1" decode "$3" ${4+"$4"} "$(basename "$2")" 2>"$said"
	status=$?
	cat "$said"
	echo "exit status $status"
}

write() {
	golden=$(dirname "$0")/../golden
	for file in "$golden"/vectors/*.hex "$golden"/captures/*.pcap; do
		name=$(basename "$file")
		for form in tree line hex json sum; do
			(say "$1" "$file" "$form") >"$golden/decode/${name%.*}.$form"
		done
	done
}

if [ "$2" = write ]; then
	write "$1"
else
	say "$1" "$2" "$3"
fi
