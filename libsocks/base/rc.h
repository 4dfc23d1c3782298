/* What every codec and session function answers.
 *
 * S5_OK    done
 * S5_MORE  the octets so far are a good beginning; call again with more of them
 * S5_BAD   these octets can never become a message (the reader says why)
 */
#ifndef S5_BASE_RC_H
#define S5_BASE_RC_H

enum s5_rc { S5_OK, S5_MORE, S5_BAD };

#endif
