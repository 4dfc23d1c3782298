#!/bin/sh
# realm.sh start DIR | stop DIR: a Kerberos realm of the tests' own, as processes of whoever asks.
#
# The realm is SOCKS.TEST, its key distribution centre on a free port of 127.0.0.1, everything it
# has in DIR, no file of the system read or written. DIR/env is to be sourced; then there are
#
#   server.keytab  rcmd/localhost socks/localhost     other.keytab  rcmd/localhost with wrong keys
#   client.keytab  alice bob                          ccache        a ticket of alice
#
# DIR/ticket NAME makes NAME's ticket the one in ccache. Debian's krb5-kdc, krb5-admin-server and
# krb5-user are needed, no privileges.
set -eu
umask 077
PATH=$PATH:/usr/sbin:/sbin
realm=SOCKS.TEST

[ $# = 2 ] || {
	echo "usage: realm.sh start|stop DIR" >&2
	exit 2
}
case $1 in
start | stop) ;;
*)
	echo "realm.sh: $1: start or stop" >&2
	exit 2
	;;
esac
for program in krb5kdc kdb5_util kadmin.local kinit; do
	command -v "$program" >/dev/null || {
		echo "realm.sh: no $program; apt-get install krb5-kdc krb5-admin-server krb5-user" >&2
		exit 1
	}
done
mkdir -p "$2"
dir=$(cd "$2" && pwd)

stop() {
	[ -f "$dir/pid" ] || return 0
	read -r pid <"$dir/pid"
	rm -f "$dir/pid"
	[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != krb5kdc ] || kill "$pid"
}

# How many listen on that port of 127.0.0.1. A second centre on the same port would start without
# a word, and share the requests with the first.
listeners() {
	grep -c "^ *[0-9]*: 0100007F:$(printf %04X "$1") [0-9A-F:]* 0A" /proc/net/tcp || true
}

# Below the ports that the kernel gives to clients.
pick_port() {
	echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
}

write_files() {
	cat >"$dir/krb5.conf" <<-END
		[libdefaults]
		default_realm = $realm
		dns_lookup_kdc = false
		dns_lookup_realm = false
		dns_canonicalize_hostname = false
		rdns = false
		qualify_shortname = ""
		udp_preference_limit = 1
		forwardable = true
		[realms]
		$realm = {
			kdc = 127.0.0.1:$port
		}
		[domain_realm]
		localhost = $realm
		.test = $realm
		[logging]
		kdc = FILE:$dir/kdc.log
	END
	cat >"$dir/kdc.conf" <<-END
		[kdcdefaults]
		kdc_listen = 127.0.0.1:$port
		kdc_tcp_listen = 127.0.0.1:$port
		[realms]
		$realm = {
			database_name = $dir/principal
			key_stash_file = $dir/stash
			acl_file = $dir/acl
		}
	END
	: >"$dir/acl"
	cat >"$dir/env" <<-END
		export KRB5_CONFIG='$dir/krb5.conf' KRB5_KDC_PROFILE='$dir/kdc.conf'
		export KRB5_KTNAME='FILE:$dir/server.keytab' KRB5CCNAME='FILE:$dir/ccache'
		export KRB5RCACHENAME=dfl: KRB5RCACHEDIR='$dir' REALM_DIR='$dir'
	END
	cat >"$dir/ticket" <<-END
		#!/bin/sh
		. '$dir/env'
		exec kinit -k -t '$dir/client.keytab' "\$@"
	END
	chmod +x "$dir/ticket"
}

admin() {
	kadmin.local -r "$realm" -q "$*" >>"$dir/admin.log" 2>&1
}

make_principals() {
	kdb5_util create -s -r "$realm" -P "$(od -An -N16 -tx1 /dev/urandom | tr -d ' ')" \
		>"$dir/create.log" 2>&1
	for name in rcmd/localhost socks/localhost; do
		admin "addprinc -randkey $name"
		admin "ktadd -k $dir/server.keytab -norandkey $name"
	done
	for name in alice bob; do
		admin "addprinc -randkey $name"
		admin "ktadd -k $dir/client.keytab -norandkey $name"
	done
	# The same service with other keys: tickets are for the ones that come last.
	cp "$dir/server.keytab" "$dir/other.keytab"
	rm "$dir/server.keytab"
	for name in rcmd/localhost socks/localhost; do
		admin "ktadd -k $dir/server.keytab $name"
	done
}

# False: the port was somebody else's.
run_centre() {
	[ "$(listeners "$port")" = 0 ] || return 1
	krb5kdc -n -r "$realm" >"$dir/kdc.out" 2>&1 3>&- &
	echo $! >"$dir/pid"
	for _ in $(seq 100); do
		[ "$(listeners "$port")" = 0 ] || break
		sleep 0.05
	done
	[ "$(listeners "$port")" = 1 ] && kill -0 "$!" 2>/dev/null && return 0
	stop
	return 1
}

case $1 in
stop)
	stop
	exit
	;;
start) ;;
*) exit 2 ;;
esac

for _ in 1 2 3 4 5; do
	port=$(pick_port)
	write_files
	. "$dir/env"
	[ -s "$dir/server.keytab" ] || make_principals
	run_centre || continue
	"$dir/ticket" alice
	exit
done
echo "realm.sh: no centre could be started: $(cat "$dir/kdc.out")" >&2
exit 1
