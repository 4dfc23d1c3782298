#include "decode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "stop.h"

#define NO_SOCKS EXIT_NETWORK /* nothing of it was found */

static const struct opt_word format_words[] = {
	{ "tree", DECODE_TREE, "each message with its fields below it" },
	{ "line", DECODE_LINE, "a line a message" },
	{ "hex", DECODE_HEX, "each octet beside its field" },
	{ "json", DECODE_JSON, "an object a message" },
	{ NULL, 0, NULL },
};

static const struct opt_word in_words[] = {
	{ "auto", DECODE_AUTO, "found out" },
	{ "pcap", DECODE_CAPTURE, "a capture, pcap or pcapng" },
	{ "script", DECODE_SCRIPT, "lines C: and S: with what client and server said" },
	{ "raw", DECODE_RAW, "octets as they are" },
	{ "hex", DECODE_HEXDUMP, "digits, dumps, strings and arrays, in every form" },
	{ "base64", DECODE_BASE64, NULL },
	{ NULL, 0, NULL },
};

static const struct opt_word from_words[] = {
	{ "auto", S5_OBSERVER, "found out" },
	{ "client", S5_CLIENT, NULL },
	{ "server", S5_SERVER, NULL },
	{ NULL, 0, NULL },
};

#define OPT_TARGET struct decode_options
static const struct opt decode_opts[] = {
	OPT_HEADING("What comes in"),
	OPT("in", 0, ENUM, in, "FORM", "what form it has", .def = "auto", .words = in_words,
	    .advanced = true),
	OPT("from", 0, ENUM, from, NULL, "who said it, when it is what one side said",
	    .def = "auto", .words = from_words, .advanced = true),
	OPT("interface", 'i', STR, interface, "NAME", "capture on an interface, live",
	    .want = "@interface"),
	OPT("port", 'p', INT, port, "PORT", "in a capture: the proxy's port", .min = 1,
	    .max = 65535, .def_say = "whatever port SOCKS is spoken on"),
	OPT_HEADING("What goes out"),
	OPT("format", 0, ENUM, format, NULL, "how messages are shown", .def = "tree",
	    .words = format_words),
	OPT("json", 0, PICK, format, NULL, "the same as --format json", .value = DECODE_JSON),
	OPT("summary", 0, FLAG, summary, NULL, "a line a stream instead"),
	OPT("secrets", 0, FLAG, secrets, NULL, "show passwords"),
	OPT("verbose", 'v', COUNT, out.verbose, NULL, "say how many frames there were, too"),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

/* what kind of file it is */

/* An input whose first octets were read to find out. */
struct input {
	int fd;
	uint8_t octets[4];
	size_t n, at;
	bool is_over; /* a terminal would go on behind its end */
};

static ssize_t read_input(void *cookie, char *to, size_t size)
{
	struct input *in = cookie;
	size_t left = in->n - in->at, n = left < size ? left : size;

	if (!left)
		return in->is_over ? 0 : read(in->fd, to, size);
	memcpy(to, in->octets + in->at, n);
	in->at += n;
	return (ssize_t)n;
}

/* pcap in either order and resolution, and the block that pcapng begins with. */
bool decode_is_capture(const uint8_t *octets, size_t n)
{
	static const uint8_t begins[][4] = {
		{ 0xa1, 0xb2, 0xc3, 0xd4 }, { 0xd4, 0xc3, 0xb2, 0xa1 }, { 0xa1, 0xb2, 0x3c, 0x4d },
		{ 0x4d, 0x3c, 0xb2, 0xa1 }, { 0xa1, 0xb2, 0xcd, 0x34 }, { 0x34, 0xcd, 0xb2, 0xa1 },
		{ 0x0a, 0x0d, 0x0d, 0x0a },
	};

	for (size_t i = 0; n >= 4 && i < sizeof(begins) / sizeof(begins[0]); i++)
		if (!memcmp(octets, begins[i], 4))
			return true;
	return false;
}

static bool look(struct input *in)
{
	ssize_t n = 1;

	while (in->n < sizeof(in->octets) && n > 0) {
		n = read(in->fd, in->octets + in->n, sizeof(in->octets) - in->n);
		in->n += n > 0 ? (size_t)n : 0;
	}
	in->is_over = n == 0;
	return n >= 0;
}

/* A stream of all of it: a plain file's own, so that it can be told how far one is. */
static FILE *open_stream(struct input *in)
{
	static const cookie_io_functions_t calls = { .read = read_input };

	if (lseek(in->fd, -(off_t)in->n, SEEK_CUR) >= 0)
		return fdopen(in->fd, "r");
	return fopencookie(in, "r", calls);
}

/* Takes the descriptor over. */
static int decode_input(struct decode_view *v, int fd, const char *name)
{
	enum decode_in form = (enum decode_in)v->options->in;
	struct input in = { .fd = fd };
	FILE *stream = fd >= 0 && look(&in) ? open_stream(&in) : NULL;
	int status;

	if (!stream) {
		out_error(&v->options->out, "%s: %s%s", name, strerror(errno),
			  fd < 0 && name[strspn(name, "0123456789abcdefABCDEF ")] == '\0'
				  ? "; octets are read from standard input: echo '...' | socks5 "
				    "decode"
				  : "");
		if (fd >= 0)
			close(fd);
		return EXIT_NETWORK;
	}
	if (in.n >= 2 && in.octets[0] == 0x1f && in.octets[1] == 0x8b) {
		out_error(&v->options->out, "%s: compressed; give it through gzip -dc", name);
		fclose(stream);
		return EXIT_PROTOCOL;
	}
	if (form == DECODE_CAPTURE || (form == DECODE_AUTO && decode_is_capture(in.octets, in.n)))
		return decode_capture(v, stream, name);
	status = decode_text(v, stream, name);
	fclose(stream);
	return status;
}

static int decode_file(struct decode_view *v, const char *path)
{
	if (strcmp(path, "-") == 0)
		return decode_input(v, fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), "standard input");
	return decode_input(v, open(path, O_RDONLY | O_CLOEXEC), path);
}

/* the command */

/* Nothing that can be told; if that has another reason it was said. */
static int say_none(const struct decode_view *v, int status)
{
	bool is_capture = v->has_time && !v->options->port;

	if (status != EXIT_OK)
		return status;
	out_error(&v->options->out, "no SOCKS was found%s%s%s",
		  is_capture ? "; -p PORT takes a port's streams for SOCKS as they are" : "",
		  *v->taken_for ? " in " : "", v->taken_for);
	return NO_SOCKS;
}

static int conclude(const struct decode_view *v, int status)
{
	const struct out *out = &v->options->out;

	if (fflush(v->to) != 0) {
		out_error(out, "standard output: %s", strerror(errno));
		clearerr(v->to);
		return EXIT_NETWORK;
	}
	if (!v->messages && !v->is_cut)
		return say_none(v, status);
	if (v->faults > 1)
		out_error(out, "%s; and %llu more like that", v->fault,
			  (unsigned long long)v->faults - 1);
	else if (v->faults)
		out_error(out, "%s", v->fault);
	return status == EXIT_OK && v->faults ? EXIT_PROTOCOL : status;
}

static const char *misuse(const struct decode_options *o, int count)
{
	if (o->interface && count)
		return "a file, or an interface with -i, not both";
	return count > 1 ? "one file at most" : NULL;
}

static int decode_run(const struct command *self, int argc, char **argv)
{
	struct decode_options o = { .format = 0 };
	struct decode_view view = { .to = stdout, .options = &o };
	const char *wrong;
	int status = EXIT_OK, count = command_parse(self, &o, argc, argv, &status);

	if (count < 0)
		goto out;
	out_init(&o.out, self->name);
	wrong = misuse(&o, count);
	if (wrong) {
		status = command_misuse(self, "%s", wrong);
		goto out;
	}
	view.colour = out_has_colour(STDOUT_FILENO);
	status = o.interface ? decode_live(&view) : decode_file(&view, count ? argv[0] : "-");
	status = conclude(&view, status);
	stop_end();
out:
	opt_fini(self->opts, &o);
	return status;
}

static const char *const decode_examples[] = {
	"echo '05 01 00' | socks5 decode",
	"say what these octets mean",
	"printf 'C: 05 01 00\\nS: 05 00\\n' | socks5 decode",
	"a conversation, written down",
	"socks5 decode --format hex dump.txt",
	"show each octet of a hex dump beside its field",
	"socks5 decode --summary capture.pcapng",
	"list the SOCKS connections of a capture",
	"socks5 decode -i lo -p 1080",
	"look at what goes to a proxy and comes from it",
	NULL,
};

const struct command decode_command = {
	.name = "decode",
	.summary = "say what captured octets mean",
	.synopsis = "[OPTION]... [FILE|-]",
	.about =
		"Finds SOCKS4, 4a and 5 in a capture, a dump or octets that were pasted in any form, "
		"and says what they mean, message by message, GSSAPI and UDP associations included. "
		"What deviates from the RFCs is marked. Passwords are hidden.",
	.opts = decode_opts,
	.examples = decode_examples,
	.want = "@file",
	.run = decode_run,
};
