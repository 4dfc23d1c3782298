#include "session/level.h"

#define BOTH (1u << S5_LEVEL_INTEGRITY | 1u << S5_LEVEL_CONFIDENTIALITY)

/* R1961-4.2 to 4.7 */
int s5_level_grant(unsigned levels, int asked)
{
	if (asked < S5_LEVEL_NONE || asked > S5_LEVEL_SELECTIVE)
		return -1;
	if (asked == S5_LEVEL_NONE)
		return levels & 1u << S5_LEVEL_NONE ? S5_LEVEL_NONE : -1;
	if (asked == S5_LEVEL_SELECTIVE && (levels & BOTH) == BOTH)
		return S5_LEVEL_SELECTIVE;
	for (int level = asked; level <= S5_LEVEL_CONFIDENTIALITY; level++)
		if (levels >> level & 1)
			return level;
	for (int level = S5_LEVEL_CONFIDENTIALITY; level >= S5_LEVEL_NONE; level--)
		if (levels >> level & 1)
			return level;
	return -1;
}

/* R1961-4.6 */
bool s5_level_will_do(int asked, int granted)
{
	if (granted < asked || granted > S5_LEVEL_SELECTIVE)
		return false;
	return asked != S5_LEVEL_CONFIDENTIALITY || granted == S5_LEVEL_CONFIDENTIALITY;
}
