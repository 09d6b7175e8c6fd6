/*
 * The search engine (OpenSearch) that projects are found with, where one is configured [sign.md 5].
 *
 * Its index `projects` is a copy: a document a project with the texts and the status of its row, under the project's id
 * and version, so that what comes late or twice changes nothing.  It says which projects have the words; the rows are
 * read from the store.  An index that is not there is made and filled from the store, in the background; until that
 * mark is on it, and whenever the engine fails, the store searches (projects_list).  Delete the index to have it built
 * anew.
 *
 * Threads: search_find any; search_put any; the index is looked for, made and filled by one at a time.
 */
#ifndef CS_SIGN_SEARCH_H
#define CS_SIGN_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct err;
struct project;
struct sign_api;

enum {
	SEARCH_VERSION = 1,   /* of the index: mapping and analyzer */
	SEARCH_TRIES = 3,     /* of one question, within… */
	SEARCH_TIME_MS = 5000 /* …this time in all */
};

/* Is there an index that may be asked? */
enum search_state { SEARCH_UNKNOWN, SEARCH_FILLING, SEARCH_READY };

struct search_query {
	const char *account_id, *text;
	int status;        /* -1: any */
	const char *after; /* `last` of the page before, or NULL */
	size_t limit;
};

struct search_found {
	size_t count;
	const char **ids;   /* the best first: a word in the name counts twice; of equals the newest */
	const char **marks; /* of each: where the next page begins */
};

/*
 * Ask.  NULL: `found` is the answer.  Else why there is none, a word for trace.search.reason: not_configured,
 * index_missing, index_filling, circuit_open, unavailable, timeout, refused or bad_answer.
 */
const char *search_find(struct sign_api *api, const struct search_query *query, struct arena *arena,
						struct search_found *found);

/*
 * Put a project's document, or take that of a project that is no more away.  False: ERR_INVALID, the engine will never
 * take it (a mapping error); else it may later.
 */
bool search_put(struct sign_api *api, const struct project *project, struct arena *arena, struct err *err);
bool search_remove(struct sign_api *api, const char *project_id, struct arena *arena, struct err *err);

/* An index to write to: look for it, and make it where there is none. */
bool search_ready_to_write(struct sign_api *api, struct err *err);

/* Look for the index, make it, or fill a page of it; *worked: there was something to do.  False: it did not succeed. */
bool search_fill_step(struct sign_api *api, bool *worked, struct err *err);

/* Have a thread of its own fill the index, until it is filled.  Nothing without an engine, or without options.work. */
void search_fill_start(struct sign_api *api);
void search_fill_stop(struct sign_api *api);

/* The usual way to the engine: over the network to search_url; `self` is the options. */
struct sign_search_call;
bool sign_search(void *self, const struct sign_search_call *call, int *status, struct buf *answer, struct err *err);

#endif
