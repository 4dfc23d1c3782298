/* TAB at the prompt: what complete.h offers, with files, hosts and programs found here. */
#ifndef APPS_PROMPT_TAB_H
#define APPS_PROMPT_TAB_H

/* Makes readline ask us. */
void prompt_tab_open(void);

#endif
