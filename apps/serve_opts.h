/* What `socks5 serve` is told on its command line; filled from serve_opts. */
#ifndef APPS_SERVE_OPTS_H
#define APPS_SERVE_OPTS_H

#include "opt.h"
#include "out.h"
#include "roles/server.h"

struct command;

enum serve_rule { SERVE_ALLOW, SERVE_DENY, SERVE_RULES };

enum serve_prefer {
	SERVE_PREFER_AUTO = 0, /* as the resolver sorts them (RFC 6724) */
	SERVE_PREFER_IPV4 = 4,
	SERVE_PREFER_IPV6 = 6,
};

enum serve_sandbox {
	SERVE_SANDBOX_AUTO, /* as far as the kernel has one */
	SERVE_SANDBOX_ON,
	SERVE_SANDBOX_OFF,
};

struct serve_advertise {
	struct s5_addr v4, v6; /* atyp 0: not given */
};

struct serve_config {
	char *path; /* NULL: none */
	struct opt_strs listen; /* its "listen" lines */
};

struct serve_options {
	struct serve_config config;
	struct opt_list auth; /* enum s5_method in order of preference; count 0: not given */
	struct opt_strs users; /* NAME:PASSWORD each, up to the first colon */
	struct opt_strs users_files;
	char *keytab; /* NULL: the library's default one */
	char *gssapi_service; /* NULL: any in the keytab */
	struct opt_list gssapi_protect; /* enum s5_level; count 0: not given */
	bool gssapi_nec;
	bool open;
	struct opt_strs rules; /* in order, tag is enum serve_rule */
	bool accept_proxy;
	int workers; /* 0: one for each processor */
	int64_t handshake_timeout; /* ms, as all timeouts; 0: no limit */
	int64_t connect_timeout;
	int64_t idle_timeout;
	int64_t bind_timeout;
	int64_t udp_timeout;
	struct opt_strs upstream; /* -x, first hop first */
	char *source; /* address to connect from, or NULL */
	char *interface; /* to leave by, or NULL */
	uint32_t mark; /* 0: none */
	enum serve_prefer prefer;
	struct s5_port_range bind_ports;
	struct s5_port_range udp_ports;
	struct serve_advertise advertise;
	enum s5_udp_filter udp_filter;
	char *resolver; /* ADDR[:PORT], or NULL: the system's */
	int max_sessions, max_per_client; /* 0: no limit */
	uint64_t rate, rate_user; /* octets a second, each way; 0: no limit */
	bool check;
	char *explain; /* a question in the words of a rule; or NULL */
	char *log; /* a path, "-" for stdout, "syslog", or NULL: none */
	int log_json; /* as JSON, not as text */
	char *metrics; /* where to serve them, or NULL */
	char *run_as; /* a user's name, or NULL */
	enum serve_sandbox sandbox;
	int64_t drain; /* ms that sessions may go on after SIGTERM */
	struct out out;
};

extern const struct opt serve_opts[];
/* What a rule's words begin with. */
extern const struct opt_word serve_rule_words[];

/* In serve.c; serve_command calls it. */
int serve_run(const struct command *self, int argc, char **argv);

#endif
