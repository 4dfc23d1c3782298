/* --metrics */
#include <errno.h>
#include <unistd.h>

#include "metrics.h"
#include "net/sock.h"
#include "serve_setup.h"
#include "target.h"

int serve_listen_metrics(struct serve *s)
{
	const struct out *out = &s->options.out;
	struct opt_error err = { .line = 0 };
	struct s5_addr a, real;
	char text[S5_ADDR_TEXT];
	int fd;

	if (!s->options.metrics)
		return EXIT_OK;
	if (target_parse_listen(&a, s->options.metrics, &err) < 0)
		return serve_misuse(s, "--metrics", s->options.metrics, err.text);
	if (s->options.check)
		return EXIT_OK;
	fd = s5_listen_tcp(&a, false);
	if (fd < 0) {
		out_error(out, "option --metrics: cannot listen on %s: %s%s",
			  s5_addr_format(&a, text, sizeof(text)), strerrordesc_np(-fd),
			  target_listen_hint(-fd));
		return EXIT_NETWORK;
	}
	s->metrics_fd = fd;
	real = s5_sock_local(fd);
	s5_server_reserve(s->server, &real);
	out_say(out, "metrics: listening on %s", s5_addr_format(&real, text, sizeof(text)));
	return EXIT_OK;
}

int serve_start_metrics(struct serve *s)
{
	if (s->metrics_fd < 0)
		return EXIT_OK;
	s->metrics = metrics_new(s->metrics_fd, s->server);
	s->metrics_fd = -1;
	if (s->metrics)
		return EXIT_OK;
	out_error(&s->options.out, "option --metrics: %s: %s", s->options.metrics,
		  strerrordesc_np(errno));
	return EXIT_NETWORK;
}
