#!/bin/sh
# packages.sh WHAT PACKAGE...: sees to it that the Debian packages are there.
#
# Says which are missing and installs those; asks apt nothing when none is. Where there is no
# apt-get it names them all and fails.
set -eu

what=$1
shift

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "This is no Debian: apt-get is missing, so nothing was installed." >&2
	echo "$what needs what Debian calls: $*" >&2
	exit 1
fi

is_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for package in "$@"; do
	is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "$what needs packages that are missing:$missing"
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "Neither root nor sudo: install them as root, apt-get install$missing" >&2
		exit 1
	}
	exec sudo sh "$0" "$what" "$@"
fi

# Some of the packages are servers (sshd, danted). Debian starts a server as it installs it;
# the tests want the programs alone. policy-rc.d is Debian's way to say so; a policy that is
# there already is left as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
install() {
	# shellcheck disable=SC2086 # a list of words
	apt-get install -y --no-install-recommends $missing
}

ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || apt-get update
install || {
	apt-get update
	install
}
