/* Names found here: files, programs, and the hosts of earlier lines and of /etc/hosts. */
#include <dirent.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "command.h"
#include "line.h"
#include "offers.h"
#include "opt.h"

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct offer_row *)a)->word, ((const struct offer_row *)b)->word);
}

static void sort_from(struct offers *o, size_t first)
{
	if (o->count > first)
		qsort(o->rows + first, o->count - first, sizeof(*o->rows), compare);
}

/* files */

/* A ~ that was not typed is one. */
static bool is_folder(const struct complete_gap *gap, const char *name)
{
	char *path = gap->typed[0] == '~' ? tilde_expand(name) : strdup(name);
	struct stat st;
	bool folder = path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	free(path);
	return folder;
}

static void add_file(struct offers *o, const struct complete_gap *gap, char *name)
{
	char *folder = NULL;

	if (is_folder(gap, name) && asprintf(&folder, "%s/", name) < 0)
		folder = NULL;
	offers_add(o, gap, folder ? folder : name, NULL);
	free(folder);
	free(name);
}

static void add_files(struct offers *o, const struct complete_gap *gap)
{
	size_t first = o->count;
	char *name;

	for (int i = 0; (name = rl_filename_completion_function(gap->typed, i)); i++)
		add_file(o, gap, name);
	sort_from(o, first);
	for (size_t i = first; i < o->count; i++) { /* their folder is on the line already */
		char *shown = o->rows[i].shown, *end = shown + strlen(shown);
		char *slash = end > shown ? memrchr(shown, '/', (size_t)(end - shown) - 1) : NULL;

		if (slash)
			memmove(shown, slash + 1, (size_t)(end - slash));
	}
}

/* programs */

static void add_programs_of(struct offers *o, const struct complete_gap *gap, const char *folder)
{
	size_t len = strlen(gap->typed);
	DIR *dir = opendir(*folder ? folder : ".");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strncmp(entry->d_name, gap->typed, len) == 0 && entry->d_name[0] != '.' &&
		    faccessat(dirfd(dir), entry->d_name, X_OK, 0) == 0)
			offers_add(o, gap, entry->d_name, NULL);
	if (dir)
		closedir(dir);
}

static void add_programs(struct offers *o, const struct complete_gap *gap)
{
	const char *path = getenv("PATH");
	char *copy = path ? strdup(path) : NULL, *rest = copy, *folder;
	size_t first = o->count;

	while ((folder = strsep(&rest, ":")))
		add_programs_of(o, gap, folder);
	free(copy);
	sort_from(o, first);
}

/* hosts */

/* A port that stands by itself is none. */
static bool is_host(const struct line_part *part, int arguments)
{
	const char *text = part->text;

	if (!part->row && arguments > 1 && !strchr(text, ':'))
		return false;
	return strspn(text, "0123456789-") < strlen(text) &&
	       !(strchr(text, '@') && secret_is_in(text, SECRET_PROXY));
}

static void add_hosts_of(struct offers *o, const struct complete_gap *gap, const char *text)
{
	struct line line;
	struct line_part part;
	int arguments = 0;

	line_open(&line, text);
	while (line_next(&line, &part)) {
		const char *want = part.row ? part.row->want : line.command->want;

		arguments += !part.row;
		if (want && strcmp(want, "@host") == 0 && is_host(&part, arguments))
			offers_add(o, gap, part.text, NULL);
	}
	line_close(&line);
}

/* The latest come first. */
static void add_hosts(struct offers *o, const struct complete_gap *gap)
{
	HIST_ENTRY **list = history_list();
	const struct hostent *host;

	for (int i = history_length; list && i > 0; i--)
		add_hosts_of(o, gap, list[i - 1]->line);
	sethostent(1);
	while ((host = gethostent())) {
		offers_add(o, gap, host->h_name, NULL);
		for (char **name = host->h_aliases; name && *name; name++)
			offers_add(o, gap, *name, NULL);
	}
	endhostent();
}

void offers_names(struct offers *o, const struct complete_gap *gap, const char *marker)
{
	if (strcmp(marker, "@host") == 0)
		add_hosts(o, gap);
	else if (strcmp(marker, "@program") == 0 && !strchr(gap->typed, '/'))
		add_programs(o, gap);
	else
		add_files(o, gap);
}
