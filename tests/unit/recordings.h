/* The names of the recorded dialogues of tests/golden/vectors. */
#ifndef RECORDINGS_H
#define RECORDINGS_H

/* Those that are one dialogue each, in both directions, come first. */
#define DIALOGUES 13
static const char *const clear_recordings[] = {
	"01-noauth-connect-ipv4",
	"02-noauth-connect-domain",
	"03-reject-host-unreachable-echo",
	"04-reject-refused",
	"05-no-acceptable-method",
	"06-userpass-ok",
	"07-userpass-empty-password",
	"08-userpass-empty-both",
	"09-userpass-rejected",
	"10-userpass-reply-ver5",
	"11-bind-ok",
	"12-bind-wrong-peer",
	"50-tor-resolve",
	"51-reply-codes",
	"52-pipelined",
	"53-pipelined-userpass",
	"54-addresses",
	"55-malformed",
};

static const char *const gssapi_recordings[] = {
	"20-gss-curl7.68-level0",
	"21-gss-curl7.68-nec-level0",
	"22-gss-curl7.88.1-debian",
	"23-gss-curl8.21-level2-broken",
	"24-gss-curl8.21-granted-level0",
	"31-gss-tcp-level1",
	"32-gss-tcp-level2",
	"33-gss-level3-refused",
	"34-gss-spnego-level1",
	"35-gss-deleg-level1",
	"36-gss-abort",
	"41-gss-udp-level1",
	"42-gss-udp-level2",
};

#endif
