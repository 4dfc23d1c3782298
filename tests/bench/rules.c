/* rules SECONDS: what it costs to ask the rules, with 10 of them and with 10,000, in microseconds a
 * question: as many kinds as administrators write, and questions of which half fit nothing. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/rules.h"

#define FEW 10
#define MANY 10000
#define QUESTIONS 4096

struct question {
	struct s5_addr from, name, address;
	char user[16];
};

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add(struct s5_rules *r, unsigned i)
{
	unsigned a = i / 250 % 250, b = i % 250;
	struct s5_rules_error error;
	char text[128];

	switch (i % 6) {
	case 0: /* a list of what is blocked */
		snprintf(text, sizeof text, "to=.tracker%u.example", i);
		break;
	case 1:
		snprintf(text, sizeof text, "to=host%u.example.net:25,587", i);
		break;
	case 2:
		snprintf(text, sizeof text, "to=198.%u.%u.0/%u", a, b, 20 + i % 13);
		break;
	case 3:
		snprintf(text, sizeof text, "from=100.%u.%u.0/%u", a, b, 24 + i % 9);
		break;
	case 4:
		snprintf(text, sizeof text, "user=user%u to=private:1-1023", i);
		break;
	default:
		snprintf(text, sizeof text, "user=user%u command=connect to=2001:db8:%x::/48", i,
			 i);
		break;
	}
	if (!s5_rules_add(r, i % 6 == 5, text, &error))
		errx(1, "%s", error.text);
}

static void make(struct question *q, unsigned i)
{
	unsigned n = i * 7919 % (2 * MANY); /* every other one names a rule that there is not */
	uint8_t ip[4] = { i % 2 ? 198 : 99, (uint8_t)(n / 250 % 250), (uint8_t)(n % 250), 7 };
	uint8_t client[4] = { i % 3 ? 100 : 203, (uint8_t)(n % 251), (uint8_t)(n % 241), 9 };
	char name[64];

	snprintf(q->user, sizeof q->user, "user%u", n);
	snprintf(name, sizeof name, i % 2 ? "a.b.tracker%u.example" : "host%u.example.net", n);
	q->from = s5_addr_ip4(client, 40000);
	q->address = s5_addr_ip4(ip, 443);
	s5_addr_set_name(&q->name, name, strlen(name), 443);
}

/* As a request does: once for the name, once for an address. */
static void ask(const struct s5_rules *r, const struct question *q, unsigned counts[static 3])
{
	struct s5_query query = { .from = &q->from,
				  .user = (const uint8_t *)q->user,
				  .ulen = strlen(q->user),
				  .cmd = S5_CMD_CONNECT,
				  .name = &q->name };

	counts[s5_rules_match(r, &query).decision]++;
	query.address = &q->address;
	counts[s5_rules_match(r, &query).decision]++;
}

static double measure(unsigned nrules, const struct question *questions, double seconds)
{
	unsigned counts[3] = { 0 };
	struct s5_rules rules;
	double began, asked = 0;

	s5_rules_init(&rules);
	for (unsigned i = 0; i < nrules; i++)
		add(&rules, i);
	for (began = cpu(); cpu() - began < seconds; asked += QUESTIONS)
		for (unsigned i = 0; i < QUESTIONS; i++)
			ask(&rules, &questions[i], counts);
	began = (cpu() - began) / asked;
	s5_rules_fini(&rules);
	if (!counts[S5_ALLOW] && !counts[S5_DENY])
		errx(1, "nothing was decided");
	return began * 1e6;
}

int main(int argc, char **argv)
{
	struct question *questions = calloc(QUESTIONS, sizeof *questions);
	double few, many;

	if (argc != 2 || !questions)
		errx(2, "usage: rules SECONDS");
	for (unsigned i = 0; i < QUESTIONS; i++)
		make(&questions[i], i);
	few = measure(FEW, questions, atof(argv[1]));
	many = measure(MANY, questions, atof(argv[1]));
	printf("few=%.4f many=%.4f\n", few, many);
	free(questions);
	return 0;
}
