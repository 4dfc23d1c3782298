#!/usr/bin/env bats
# make deb: the package, as Debian's own tools see it, and installed into a root of its own.

load ../lib/helper

# Built once, and by the flags of the package, whatever program is tested otherwise.
setup_file() {
	need dpkg-buildpackage dh || return
	export SAID
	SAID=$(of_the_tree deb 2>"$BATS_FILE_TMPDIR/errors") || fail "$(cat "$BATS_FILE_TMPDIR/errors")"
}

setup() {
	DEB=$REPO/$(tail -n 1 <<<"$SAID")
	VERSION=$(sed -n 's/^VERSION = //p' "$REPO/Makefile")
	ROOT=$BATS_TEST_TMPDIR/root
}

of_the_tree() {
	make --no-print-directory -C "$REPO" MAKEFLAGS= "$@" 3>&-
}

# in_root OPTION...: dpkg in $ROOT, which has no other package, and whose scripts run outside of it:
# what they would have systemd do is written to the file $ASKED only.
in_root() {
	ASKED=$BATS_TEST_TMPDIR/asked
	PATH=$BATS_TEST_TMPDIR/bin:$PATH dpkg --root="$ROOT" --log=/dev/null --path-include='*' \
		--force-not-root --force-script-chrootless --force-depends "$@" >"$BATS_TEST_TMPDIR/dpkg" 2>&1 ||
		fail "$(cat "$BATS_TEST_TMPDIR/dpkg")"
}

make_root() {
	local program
	mkdir -p "$ROOT/var/lib/dpkg/updates" "$ROOT/var/lib/dpkg/info" "$BATS_TEST_TMPDIR/bin"
	touch "$ROOT/var/lib/dpkg/status"
	for program in systemctl systemd-sysusers deb-systemd-invoke; do
		printf '#!/bin/sh\necho "${0##*/} $*" >>"%s"\n' "$BATS_TEST_TMPDIR/asked" \
			>"$BATS_TEST_TMPDIR/bin/$program"
	done
	chmod +x "$BATS_TEST_TMPDIR/bin"/*
}

# files: all in $ROOT but dpkg's own, and what systemd's helper notes.
files() {
	(cd "$ROOT" && find . ! -type d ! -path './var/lib/dpkg/*' ! -path './var/lib/systemd/*' | sort)
}

@test "the last line is the package's path, and its version the Makefile's" {
	[[ $SAID = *"build/socks5_${VERSION}_$(dpkg --print-architecture).deb" ]] || fail "$SAID"
	[ "$(dpkg-deb -f "$DEB" Package Version)" = "Package: socks5
Version: $VERSION" ]
	dpkg-deb -f "$DEB" Depends | grep -q libc-ares
}

@test "a version that the changelog does not begin with is refused" {
	run of_the_tree deb VERSION=99.9
	[ "$status" != 0 ]
	[[ $output == *".debian/changelog begins with another version than 99.9"* ]] || fail "$output"
	[ -f "$DEB" ]
}

@test "what it takes to build is what the Makefile names" {
	diff <(sed -n '/^Build-Depends/,/^[^ ]*: /s/^ \([^ ,]*\).*/\1/p' "$REPO/.debian/control" |
		grep -v '^debhelper' | sort) \
		<(of_the_tree --eval='said:;@echo $(BUILD_PACKAGES)' said | tr ' ' '\n' |
			grep -vxE 'gcc|make|libc6-dev|' | sort) # these are where anything is built
}

@test "each file is where Debian wants it, root's, and with its mode" {
	diff - <(dpkg-deb -c "$DEB" | awk '{ print $1, $2, $6 }' | grep -v '/$' |
		sed 's| ./usr/lib/systemd| ./lib/systemd|' | sort -k 3) < <({
		echo ./etc/socks5/socks5.conf
		echo ./lib/systemd/system/socks5.service
		echo ./usr/lib/sysusers.d/socks5.conf
		echo ./usr/share/bash-completion/completions/socks5
		for file in README.md.gz changelog.gz copyright examples/fail2ban.conf examples/logrotate; do
			echo "./usr/share/doc/socks5/$file"
		done
		echo ./usr/share/fish/vendor_completions.d/socks5.fish
		cd "$REPO/man"
		for page in *.[1-9]; do
			echo "./usr/share/man/man${page##*.}/$page.gz"
		done
		echo ./usr/share/zsh/vendor-completions/_socks5
	} | sed 's/^/-rw-r--r-- root\/root /' | cat - <(echo "-rwxr-xr-x root/root ./usr/bin/socks5") |
		sort -k 3)
	[ "$(dpkg-deb -c "$DEB" | grep '/$' | awk '{ print $1, $2 }' | sort -u)" = "drwxr-xr-x root/root" ]
}

@test "what it is built of is sources alone" {
	local stray
	stray=$(cd "$REPO/build/deb/socks5-$VERSION" && find . ! -type d ! -path './debian/*' \
		! -name '*.[ch]' ! -name '*.def' ! -name '*.[1-9]' ! -path './build/*' ! -path './man/examples/*' |
		sort | tr '\n' ' ')
	[ "$stray" = "./LICENSE ./Makefile ./README.md ./completions/_socks5 ./completions/socks5.bash \
./completions/socks5.fish ./socks5 " ] || fail "$stray"
}

@test "lintian has nothing to say" {
	need lintian
	run lintian --fail-on error,warning "$DEB"
	[ "$status" = 0 ] || fail "$output"
	! grep -q '^[EW]:' <<<"$output" || fail "$output"
	! dpkg-deb -c "$DEB" | grep -q lintian || fail "there are overrides"
}

@test "installed, it runs; its service is there, not enabled; purged, nothing is left" {
	make_root
	in_root -i "$DEB"
	[ "$("$ROOT/usr/bin/socks5" version | head -n 1)" = "socks5 $VERSION" ]
	[ "$(in_root --verify socks5; cat "$BATS_TEST_TMPDIR/dpkg")" = "" ]
	diff <(dpkg-deb -c "$DEB" | awk '{ print $6 }' | grep -v '/$' | sort) <(files)
	[ -z "$(find "$ROOT" -name 'socks5.service' -type l)" ]
	grep -qx "systemd-sysusers --root=$ROOT socks5.conf" "$ASKED"
	# What is not enabled, this does not start: deb-systemd-invoke(1p).
	! grep -vE '^systemctl --system daemon-reload$|^deb-systemd-invoke start socks5.service$|sysusers' "$ASKED" ||
		fail "$(cat "$ASKED")"
	mkdir -p "$ROOT/var/log/socks5"
	touch "$ROOT/var/log/socks5/socks5.log"
	in_root -P socks5
	[ -z "$(files)" ] || fail "$(files)"
	[ ! -e "$ROOT/etc/socks5" ]
	[ -z "$(find "$ROOT" -name '*socks5*')" ] || fail "$(find "$ROOT" -name '*socks5*')"
}

@test "its configuration serves this machine only, and all it suggests is understood" {
	make_root
	in_root -i "$DEB"
	cd "$BATS_TEST_TMPDIR"
	local conf=$ROOT/etc/socks5/socks5.conf
	# Whom the package makes is whom the unit names.
	grep -qx "User=$(awk '$1 == "u" { print $2 }' "$ROOT/usr/lib/sysusers.d/socks5.conf")" \
		"$ROOT"/{usr/,}lib/systemd/system/socks5.service
	grep -qx 'ExecStart=/usr/bin/socks5 serve -c /etc/socks5/socks5.conf' \
		"$ROOT"/{usr/,}lib/systemd/system/socks5.service
	run timeout 10 "$ROOT/usr/bin/socks5" serve --check -c "$conf"
	[ "$status" = 0 ] || fail "$output"
	[[ $output == *"any program on this machine may use it"* ]] || fail "$output"
	(umask 077 && "$SOCKS5" passwd --cost 1 --password pass:x joe >users)
	sed "s|^#\([a-z]\)|\1|; s|/etc/socks5/||; s|/var/log/socks5/||; /^#/d" "$conf" >all
	[ "$(grep -c . all)" -gt "$(grep -c '^[a-z]' "$conf")" ]
	run timeout 10 "$ROOT/usr/bin/socks5" serve --check -c all
	[ "$status" = 0 ] || fail "$output"
	[[ $output == *"one user may use it"* ]] || fail "$output"
}
