#include "roles/rep.h"

#include <errno.h>

static const struct {
	int error;
	uint8_t rep;
} reps[] = {
	{ ENETUNREACH, S5_REP_NET_UNREACHABLE },
	{ ENETDOWN, S5_REP_NET_UNREACHABLE },
	{ EHOSTUNREACH, S5_REP_HOST_UNREACHABLE },
	{ EHOSTDOWN, S5_REP_HOST_UNREACHABLE },
	{ ECONNREFUSED, S5_REP_REFUSED },
	{ ECONNRESET, S5_REP_REFUSED },
	{ ETIMEDOUT, S5_REP_TTL_EXPIRED },
	{ EACCES, S5_REP_NOT_ALLOWED },
	{ EPERM, S5_REP_NOT_ALLOWED },
	{ EAFNOSUPPORT, S5_REP_ATYP_UNSUPPORTED },
};

uint8_t s5_rep_of_errno(int error)
{
	for (unsigned i = 0; i < sizeof reps / sizeof reps[0]; i++)
		if (reps[i].error == error)
			return reps[i].rep;
	return S5_REP_FAILURE;
}

uint8_t s5_rep_of_dial(enum s5_dial_end end, int error)
{
	switch (end) {
	case S5_DIAL_CONNECTED:
		return S5_REP_SUCCEEDED;
	case S5_DIAL_DENIED:
		return S5_REP_NOT_ALLOWED;
	case S5_DIAL_UNRESOLVED:
		return S5_REP_HOST_UNREACHABLE;
	case S5_DIAL_TIMEOUT:
		return S5_REP_TTL_EXPIRED;
	case S5_DIAL_FAILED:
		break;
	}
	return s5_rep_of_errno(error);
}
