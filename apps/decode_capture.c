/* Frames of a capture file or of an interface (libpcap), to the streams of SOCKS in them. */
#include <errno.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "command.h"
#include "decode.h"
#include "dissect/capture.h"
#include "progress.h"
#include "stop.h"

#define SNAPSHOT 262144 /* octets of a frame */
#define READ 65536 /* octets of a file at once */
#define WAIT 100 /* ms until what came is looked at */
#define LATEST 253402300799 /* seconds since 1970: the last of the year 9999 */
#define GLANCE 1024 /* frames between two looks at the clock */

struct reading {
	struct decode_view *view;
	struct s5_capture capture;
	pcap_t *pcap;
	FILE *file; /* NULL: an interface */
	off_t size; /* of the file; 0: not known */
	enum s5_link link;
	struct progress progress;
};

/* what is told of the streams */

static void opened(void *owner, struct s5_flow *f)
{
	static const char *const remarks[] = {
		[S5_FLOW_WHOLE] = NULL,
		[S5_FLOW_PICKED_UP] = "the capture begins in the middle of it",
		[S5_FLOW_LATE] = "the capture begins in the middle of it, and behind its dialogue",
	};
	struct reading *r = owner;
	struct decode_stream *s = calloc(1, sizeof(*s));

	f->user = s;
	if (!s)
		return;
	s->peer = f->peer;
	s->first = f->first;
	s->remark = remarks[f->begin];
	decode_begin(s, r->view);
}

static void seen(void *owner, struct s5_flow *f, const struct s5_seen *seen)
{
	(void)owner;
	if (f->user)
		decode_seen(f->user, seen);
}

static void ended(void *owner, struct s5_flow *f, enum s5_tcp_end how)
{
	static const char *const ends[] = {
		[S5_TCP_END_FIN] = "closed",
		[S5_TCP_END_RESET] = "reset",
		[S5_TCP_END_REUSED] = "another stream of the same ports",
		[S5_TCP_END_THROWN_OUT] = "given up, of too many streams",
		[S5_TCP_END_CAPTURE] = "end of the capture",
	};
	struct decode_stream *s = f->user;

	(void)owner;
	if (!s)
		return;
	s->last = f->last;
	decode_end(s, ends[how]);
	free(s);
}

/* frames */

static bool link_of(pcap_t *pcap, enum s5_link *link)
{
	static const struct {
		int type;
		enum s5_link link;
	} links[] = {
		{ DLT_EN10MB, S5_LINK_ETHERNET },    { DLT_LINUX_SLL, S5_LINK_COOKED },
		{ DLT_LINUX_SLL2, S5_LINK_COOKED2 }, { DLT_RAW, S5_LINK_RAW },
		{ DLT_IPV4, S5_LINK_RAW },	     { DLT_IPV6, S5_LINK_RAW },
		{ DLT_NULL, S5_LINK_NULL },	     { DLT_LOOP, S5_LINK_LOOP },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].type != pcap_datalink(pcap))
			continue;
		*link = links[i].link;
		return true;
	}
	return false;
}

/* Within what can be reckoned with, whatever a file says. */
static int64_t time_of(const struct timeval *ts)
{
	int64_t seconds = ts->tv_sec < 0 ? 0 : ts->tv_sec > LATEST ? LATEST : ts->tv_sec;

	return seconds * 1000000 + (uint32_t)ts->tv_usec % 1000000;
}

static void take(u_char *user, const struct pcap_pkthdr *head, const u_char *octets)
{
	struct reading *r = (struct reading *)user;
	int64_t when = time_of(&head->ts);
	size_t original = head->len > head->caplen ? head->len : head->caplen;

	if (!r->capture.frames)
		r->view->first = when;
	s5_capture_frame(&r->capture, r->link, octets, head->caplen, original, when);
}

static void say_progress(struct reading *r)
{
	off_t at = r->size ? ftello(r->file) : -1;

	if (at >= 0)
		progress_say(&r->progress, "%3d %%, %lu streams", (int)(100 * at / r->size),
			     r->view->streams);
	else
		progress_say(&r->progress, "%llu frames, %lu streams",
			     (unsigned long long)r->capture.frames, r->view->streams);
}

/* What pcap_dispatch ended with: 0 at the end, -2 when it was stopped. */
static int read_frames(struct reading *r)
{
	int n;

	do {
		n = pcap_dispatch(r->pcap, GLANCE, take, (u_char *)r);
		if (progress_is_due(&r->progress))
			say_progress(r);
	} while (n > 0 || (n == 0 && !r->file));
	progress_end(&r->progress);
	return n;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void say_losses(const struct reading *r)
{
	const struct s5_capture *c = &r->capture;
	const struct out *out = &r->view->options->out;

	if (c->cut)
		out_warn(out,
			 "%llu frame%s cut short by the capture: whole ones need a longer "
			 "snapshot length (tcpdump -s 0)",
			 (unsigned long long)c->cut, plural(c->cut));
	if (c->not_followed)
		out_warn(out, "%llu stream%s not followed: too many at once",
			 (unsigned long long)c->not_followed, plural(c->not_followed));
	out_verbose(out, 1, "%llu frame%s, %llu of them no TCP or UDP",
		    (unsigned long long)c->frames, plural(c->frames),
		    (unsigned long long)c->strange);
}

static int read_capture(struct reading *r, const char *name)
{
	static const struct s5_capture_sink calls = { NULL, opened, seen, ended };
	const struct decode_options *o = r->view->options;
	struct s5_capture_sink sink = calls;
	struct s5_hash_key key;
	int n;

	if (!link_of(r->pcap, &r->link)) {
		const char *type = pcap_datalink_val_to_name(pcap_datalink(r->pcap));

		out_error(&o->out, "%s: frames of link type %s are not read", name,
			  type ? type : "unknown");
		return EXIT_PROTOCOL;
	}
	sink.owner = r;
	if (getrandom(&key, sizeof(key), 0) != sizeof(key) ||
	    !s5_capture_init(&r->capture, &sink, (uint16_t)o->port, &key)) {
		out_error(&o->out, "%s: %s", name, strerror(ENOMEM));
		return EXIT_NETWORK;
	}
	r->view->is_many = r->view->has_time = true;
	progress_init(&r->progress, &o->out, true);
	n = read_frames(r);
	s5_capture_end(&r->capture);
	s5_capture_fini(&r->capture);
	say_losses(r);
	if (n != PCAP_ERROR)
		return EXIT_OK;
	fflush(stdout);
	out_error(&o->out, "%s: %s, behind frame %llu", name, pcap_geterr(r->pcap),
		  (unsigned long long)r->capture.frames);
	return r->file ? EXIT_PROTOCOL : EXIT_NETWORK;
}

int decode_capture(struct decode_view *v, FILE *from, const char *name)
{
	struct reading r = { .view = v, .file = from };
	char why[PCAP_ERRBUF_SIZE], *octets = malloc(READ);
	int status = EXIT_PROTOCOL;
	struct stat st;

	if (octets)
		setvbuf(from, octets, _IOFBF, READ);
	if (fstat(fileno(from), &st) == 0 && S_ISREG(st.st_mode))
		r.size = st.st_size;
	else
		setvbuf(v->to, NULL, _IOLBF, 0); /* a pipe: as it happens */
	r.pcap = pcap_fopen_offline(from, why);
	if (r.pcap) {
		status = read_capture(&r, name);
		pcap_close(r.pcap); /* and the file */
	} else {
		out_error(&v->options->out, "%s: %s", name, why);
		fclose(from);
	}
	free(octets);
	return status;
}

/* live */

static pcap_t *volatile live;

static void stop(void)
{
	pcap_breakloop(live);
}

static pcap_t *open_interface(const struct decode_options *o)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(o->interface, why);
	int rc;

	if (!pcap) {
		out_error(&o->out, "%s: %s", o->interface, why);
		return NULL;
	}
	pcap_set_snaplen(pcap, SNAPSHOT);
	pcap_set_timeout(pcap, WAIT);
	rc = pcap_activate(pcap);
	if (rc >= 0)
		return pcap;
	out_error(&o->out, "%s: %s", o->interface,
		  rc == PCAP_ERROR ? pcap_geterr(pcap) : pcap_statustostr(rc));
	pcap_close(pcap);
	return NULL;
}

static void say_dropped(const struct decode_options *o, pcap_t *pcap)
{
	struct pcap_stat stat;

	if (pcap_stats(pcap, &stat) == 0 && stat.ps_drop)
		out_warn(&o->out, "%u frame%s dropped by the kernel", stat.ps_drop,
			 plural(stat.ps_drop));
}

int decode_live(struct decode_view *v)
{
	const struct decode_options *o = v->options;
	struct reading r = { .view = v };
	int status;

	r.pcap = open_interface(o);
	if (!r.pcap)
		return EXIT_NETWORK;
	live = r.pcap;
	stop_catch(stop);
	setvbuf(v->to, NULL, _IOLBF, 0);
	out_say(&o->out, "listening on %s", o->interface);
	status = read_capture(&r, o->interface);
	say_dropped(o, r.pcap);
	pcap_close(r.pcap);
	return status;
}
