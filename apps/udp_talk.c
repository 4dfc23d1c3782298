/* One association: standard input goes out as datagrams, answers go to standard output. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "udp.h"
#include "udp_form.h"

struct talk {
	struct udp *u;
	struct proxy_udp way;
	struct udp_input input;
	char *answer; /* room for one */
	struct s5_watch stdin_watch;
	struct s5_task reading; /* of a file, which no epoll takes */
	bool watched, file;
	const uint8_t *waiting; /* a datagram that could not be sent yet, or NULL */
	size_t nwaiting;
	int answers;
	struct s5_timer quit, idle;
	bool over;
	int status;
};

static void stop_reading(struct talk *t)
{
	if (t->watched)
		s5_loop_unwatch(&t->u->engine.loop, &t->stdin_watch);
	t->watched = false;
	s5_loop_not_later(&t->u->engine.loop, &t->reading);
}

/* Nothing that happens in the same turn counts any more. */
static void end(struct talk *t, int status)
{
	if (t->over)
		return;
	t->over = true;
	t->status = status;
	stop_reading(t);
	s5_timer_stop(&t->u->engine.loop, &t->quit);
	s5_timer_stop(&t->u->engine.loop, &t->idle);
	proxy_udp_fini(&t->way);
}

/* time */

static void touch(struct talk *t)
{
	int64_t idle = proxy_idle(&t->u->options.proxy);

	if (idle)
		s5_timer_set(&t->u->engine.loop, &t->idle, t->u->engine.loop.now + idle);
}

static void idle_fire(struct s5_timer *timer)
{
	struct talk *t = S5_OUTER(timer, struct talk, idle);
	bool relayed = t->u->proxy.config.nhops && t->way.sent;
	char text[S5_ADDR_TEXT], duration[32];

	if (!t->answers)
		out_error(&t->u->options.out, "%s: no answer within %s (-w)%s",
			  s5_addr_format(&t->u->target.addr, text, sizeof(text)),
			  proxy_duration(proxy_idle(&t->u->options.proxy), duration,
					 sizeof(duration)),
			  relayed ? "; a proxy drops what it may not send without telling" : "");
	end(t, t->answers ? EXIT_OK : EXIT_NETWORK);
}

static void quit_fire(struct s5_timer *timer)
{
	end(S5_OUTER(timer, struct talk, quit), EXIT_OK);
}

/* standard output */

/* 0 or a positive errno. One write, if whoever reads takes it whole. */
static int write_answer(const char *text, size_t len)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n >= 0) {
			text += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&p, 1, -1);
		} else if (errno != EINTR) {
			return errno;
		}
	}
	return 0;
}

static void received(struct proxy_udp *w, const struct s5_addr *from, const uint8_t *data,
		     size_t len)
{
	struct talk *t = S5_OUTER(w, struct talk, way);
	const struct udp_options *o = &t->u->options;
	int error;

	len = udp_answer_put(t->answer, t->input.form, o->from ? from : NULL, data, len);
	error = write_answer(t->answer, len);
	if (error == EPIPE)
		out_verbose(&o->out, 1, "standard output: %s", strerror(error));
	else if (error)
		out_error(&o->out, "standard output: %s", strerror(error));
	touch(t);
	t->answers += t->answers < INT_MAX;
	if (error)
		end(t, EXIT_NETWORK);
	else if (t->answers == o->answers)
		end(t, EXIT_OK);
}

/* standard input */

static void go_on_reading(struct talk *t)
{
	int rc = 0;

	if (!t->file)
		rc = s5_loop_watch(&t->u->engine.loop, &t->stdin_watch, EPOLLIN);
	t->watched = !t->file && rc == 0;
	t->file = t->file || rc == -EPERM;
	if (t->file)
		s5_loop_later(&t->u->engine.loop, &t->reading);
}

static void end_input(struct talk *t)
{
	int64_t wait = t->u->options.quit_after;

	stop_reading(t);
	if (!t->way.sent) {
		out_error(&t->u->options.out, "nothing was sent: standard input %s",
			  t->input.some ? "held no datagram that can go" : "was empty");
		end(t, EXIT_NETWORK);
	} else if (wait >= 0) {
		s5_timer_set(&t->u->engine.loop, &t->quit, t->u->engine.loop.now + wait);
	}
}

static void say_unreadable(const struct talk *t, enum udp_taken taken)
{
	out_warn(&t->u->options.out, "line %zu is not sent: it is %s", t->input.line,
		 taken == UDP_NO_HEX ? "not hex" : "longer than any datagram");
}

/* False: it has to wait. */
static bool send_one(struct talk *t, const uint8_t *data, size_t len)
{
	bool sent = proxy_udp_send(&t->way, data, len) == 0;

	t->waiting = sent ? NULL : data;
	t->nwaiting = len;
	if (sent)
		touch(t);
	else
		stop_reading(t);
	return sent;
}

static void send_all(struct talk *t)
{
	enum udp_taken taken;
	const uint8_t *data;
	size_t len;

	while ((taken = udp_input_take(&t->input, &data, &len)) != UDP_NOTHING) {
		if (taken != UDP_DATAGRAM)
			say_unreadable(t, taken);
		else if (!send_one(t, data, len))
			return;
	}
	if (t->input.ended)
		end_input(t);
	else if (!t->watched)
		go_on_reading(t);
}

static void read_input(struct talk *t)
{
	size_t room, limit = proxy_udp_limit(&t->way);
	void *space = udp_input_space(&t->input, &room);
	ssize_t n;

	/* A file has no reads of its own: it goes in the largest pieces there are. */
	if (t->file && t->input.form == UDP_RAW)
		room = limit;
	n = read(STDIN_FILENO, space, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (t->file)
			go_on_reading(t);
		return;
	}
	if (n < 0) {
		out_error(&t->u->options.out, "standard input: %s", strerror(errno));
		end(t, EXIT_NETWORK);
		return;
	}
	udp_input_filled(&t->input, (size_t)n);
	send_all(t);
}

static void stdin_ready(struct s5_watch *w, uint32_t events)
{
	(void)events;
	read_input(S5_OUTER(w, struct talk, stdin_watch));
}

static void read_file(struct s5_task *task)
{
	read_input(S5_OUTER(task, struct talk, reading));
}

/* the association */

static void writable(struct proxy_udp *w)
{
	struct talk *t = S5_OUTER(w, struct talk, way);

	if (t->waiting && send_one(t, t->waiting, t->nwaiting))
		send_all(t);
}

static void opened(struct proxy_udp *w, bool ok)
{
	struct talk *t = S5_OUTER(w, struct talk, way);

	if (!ok) {
		end(t, w->status);
		return;
	}
	touch(t);
	if (!t->u->options.no_stdin)
		go_on_reading(t);
}

static void ended(struct proxy_udp *w)
{
	end(S5_OUTER(w, struct talk, way), w->status);
}

int udp_talk(struct udp *u)
{
	const struct udp_options *o = &u->options;
	struct talk t = { .u = u, .way = udp_way(u), .status = EXIT_NETWORK };

	t.stdin_watch = (struct s5_watch){ .fd = STDIN_FILENO, .ready = stdin_ready };
	t.reading.run = read_file;
	t.quit.fire = quit_fire;
	t.idle.fire = idle_fire;
	t.way.opened = opened;
	t.way.received = received;
	t.way.ended = ended;
	t.way.writable = writable;
	t.input.form = o->hex ? UDP_HEX : o->lines ? UDP_LINES : UDP_RAW;
	t.input.room = malloc(UDP_INPUT_ROOM);
	t.answer = malloc(udp_answer_room(S5_UDP_PAYLOAD_MAX + S5_UDP_HEADER_MAX));
	t.over = !t.input.room || !t.answer;
	if (t.over)
		out_error(&o->out, "cannot start: %s", strerror(ENOMEM));
	else
		proxy_udp_start(&t.way);
	while (!t.over)
		s5_loop_turn(&u->engine.loop);
	free(t.input.room);
	free(t.answer);
	return t.status;
}
