/* Does what came fit a word that waits? Private to exchange.c. */
#ifndef S5_PROBE_JUDGE_H
#define S5_PROBE_JUDGE_H

#include "probe/exchange.h"

enum s5_fits { S5_FITS_NO, S5_FITS_PERHAPS, S5_FITS_YES };

struct s5_judgement {
	enum s5_fits fits;
	enum s5_exchange_end end; /* NO: what it is instead */
	const char *why; /* NO: static, what is wrong with its form; or NULL */
};

/* With YES what fits is taken from what came. is_late: nothing more comes in the word's time. */
struct s5_judgement s5_judge(struct s5_exchange *x, const struct s5_word *w, bool is_late);

#endif
