/*
 * Commands that ask the running server, over its control socket: it holds the store, so no second process can open it
 * [platform.md 2].  One struct ask is one command's memory: configuration, last answer and what was read of it.
 * Thread: the main thread.
 */
#ifndef CS_APP_ASK_H
#define CS_APP_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "app/cli.h"
#include "app/config.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"

struct alone;

enum { ASK_SOCKET = 4300 /* bytes of its path */, ASK_TARGET = 1024 };

struct ask {
	const struct cli *cli;
	struct arena arena; /* texts live until ask_end */
	struct config config;
	struct alone *alone;     /* no server has the folder: this process answers; NULL: not so, or not yet */
	struct buf answer;       /* as it came */
	const struct json *tree; /* of the answer; NULL: it is no JSON */
	int status;
	struct buf body; /* of the request under way, see ask_body */
	struct jw jw;
};

/* False: the configuration is not valid and the faults were told; ask_end all the same. */
bool ask_begin(struct ask *ask, const struct cli *cli);

/* Give everything back; returns `code`, so that a command can end with it. */
int ask_end(struct ask *ask, int code);

/*
 * Ask for `path` (or a whole URL of another server) with a body of `size` bytes, NULL for none.  True: `status`,
 * `answer` and `tree` are there, whatever they say.  ERR_UNAVAILABLE: no server holds this data folder.
 */
bool ask_try(struct ask *ask, const char *method, const char *path, const char *body, size_t size,
			 const char *const *headers, struct err *err);

/*
 * The same, as a command ends: CLI_DONE, or the exit code after the reason was told.  When no server holds the data
 * folder and it has a store, this process opens it and answers itself (alone.h).
 */
int ask_with(struct ask *ask, const char *method, const char *path, const char *body, size_t size,
			 const char *const *headers);
int ask(struct ask *ask, const char *method, const char *path, const char *body);

/* A JSON object for a body: members by jw_member_…(ask_body(a), …), then ask_send. */
struct jw *ask_body(struct ask *ask);
int ask_send(struct ask *ask, const char *method, const char *path);

/* Was the answer a success? */
bool ask_good(const struct ask *ask);

/* `result` of the answer, or NULL; ask_item: its `items`. */
const struct json *ask_result(const struct ask *ask);
const struct json *ask_items(const struct ask *ask);

/* A refusal: the problem document on standard output, its sentence on standard error; the exit code. */
int ask_refused(const struct ask *ask);

/* The answer as it is, and a newline. */
int ask_print(const struct ask *ask);

/* One JSON value on a line of its own. */
void ask_print_line(const struct json *json);

/*
 * Each item as a line of JSON with --json, else by `row`; all pages of the list at `path`, which may have a query.
 * Returns the exit code.
 */
int ask_list(struct ask *ask, const char *path, void (*row)(const struct json *item));

/* Walk all pages: `take` says false to stop.  CLI_DONE when every page came or it stopped. */
int ask_pages(struct ask *ask, const char *path, bool (*take)(void *self, const struct json *item), void *self);

/* Is there a store in the data folder? */
bool ask_store_there(const struct config *config);

/* CLI_DONE where there is one.  CLI_FAILED, and told: opening a folder would make it, which nobody wants who mistyped.
 */
int ask_needs_store(const struct ask *ask);

/* The first line of a file that holds a secret, without its end, into `secret`.  ERR_IO, ERR_INVALID when empty. */
bool ask_secret(const char *path, struct buf *secret, struct err *err);

#endif
