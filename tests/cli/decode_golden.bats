#!/usr/bin/env bats
# What `socks5 decode` says of every recording and every small capture, in every form, is what
# tests/golden/decode has. tests/lib/decode_golden.sh writes it anew.

load ../lib/helper

GOLDEN=$REPO/tests/golden

# are_as_before FORM: all of them, and there are some.
are_as_before() {
	local file name count=0
	for file in "$GOLDEN"/vectors/*.hex "$GOLDEN"/captures/*.pcap; do
		name=${file##*/}
		diff -u "$GOLDEN/decode/${name%.*}.$1" \
			<("$LIB/decode_golden.sh" "$SOCKS5" "$file" "$1") || fail "$name as $1"
		count=$((count + 1))
	done
	[ "$count" = "$(ls "$GOLDEN"/decode/*."$1" | wc -l)" ] || fail "$count of them"
	[ "$count" -ge 36 ]
}

@test "DEC-1 DEC-2 DEC-4 DEC-5 every recording and capture as a tree" {
	are_as_before tree
}

@test "and as lines" {
	are_as_before line
}

@test "and in hex" {
	are_as_before hex
}

@test "and as JSON, each line an object" {
	need jq
	are_as_before json
	grep -h '^{' "$GOLDEN"/decode/*.json | jq -e . >/dev/null
}

@test "and as a summary" {
	are_as_before sum
}

@test "DEC-6 a password is in none of them, and in all with --secrets" {
	local form
	for form in tree line hex json; do
		run "$SOCKS5" decode --format $form "$GOLDEN/vectors/06-userpass-ok.hex"
		[[ $output != *7077* && $output != *'70 77'* && $output != *=pw* && $output != *'"pw"'* &&
			$output != *' pw'* ]] || fail "$output"
		run "$SOCKS5" decode --secrets --format $form "$GOLDEN/vectors/06-userpass-ok.hex"
		[[ $output == *'70 77'* || $output == *=pw* || $output == *'"pw"'* || $output == *' pw'* ]] ||
			fail "$output"
	done
}
