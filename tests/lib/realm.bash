# shellcheck shell=bash disable=SC2034 # the tests use what is set here
# A Kerberos realm for a file of tests: one for all of them, started once. Loaded after helper.

setup_file() {
	need krb5kdc kadmin.local kinit
	"$LIB/realm.sh" start "$BATS_FILE_TMPDIR/realm" || fail "no realm"
}

teardown_file() {
	"$LIB/realm.sh" stop "$BATS_FILE_TMPDIR/realm"
}

# in_realm: the environment of a client with alice's ticket, and of an acceptor.
in_realm() {
	# shellcheck disable=SC1091 # made by realm.sh
	. "$BATS_FILE_TMPDIR/realm/env"
	# What a test does to its ticket is no other's.
	cp "$REALM_DIR/ccache" "$BATS_TEST_TMPDIR/ccache"
	export KRB5CCNAME=FILE:$BATS_TEST_TMPDIR/ccache
	KEYTAB=$REALM_DIR/server.keytab
}

# ticket NAME [OPTION]...: makes NAME's ticket the one that there is.
ticket() {
	local name=$1
	shift
	kinit "$@" -k -t "$REALM_DIR/client.keytab" "$name"
}

# start_gss_server [OPTION]...: start_server that takes tickets; LOCAL is its address by the name
# that its tickets are for.
start_gss_server() {
	start_server --keytab "$KEYTAB" "$@"
	LOCAL=localhost:$PROXY_PORT
}
