#!/bin/sh
# unpack.sh DIR PACKAGE...: the files of Debian packages in DIR/PACKAGE, installed nowhere.
#
# For programs of packages that would set up a server. Asks apt nothing when all are there.
set -eu

dir=$1
shift

fetch() {
	# Root hands the download to a user who may not write here, and says that it then does not.
	(cd "$1" && apt-get -q -o APT::Sandbox::User=root download "$2")
}

for package in "$@"; do
	[ ! -d "$dir/$package" ] || continue
	mkdir -p "$dir"
	part=$(mktemp -d "$dir/part.XXXXXX")
	trap 'rm -rf "$part"' EXIT
	fetch "$part" "$package" || {
		sudo=
		[ "$(id -u)" = 0 ] || sudo=sudo
		$sudo apt-get update
		fetch "$part" "$package"
	}
	dpkg-deb -x "$part"/*.deb "$part/files"
	mv "$part/files" "$dir/$package"
	rm -rf "$part"
done
