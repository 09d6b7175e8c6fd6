/*
 * Commands that do themselves what a running server would do, when none runs: the store is opened here, one thing is
 * done, and what it says is what the server's answer would have said.  Thread: the main thread.
 */
#ifndef CS_APP_HERE_H
#define CS_APP_HERE_H

#include "app/app.h"
#include "app/ask.h"

/* What is done: it writes the members of its result.  False: err says why, and nothing was changed. */
typedef bool here_fn(struct app *app, void *self, struct jw *jw, struct err *err);

/*
 * CLI_DONE and `*result` (it lives until ask_end), or the exit code after the reason was told: CLI_UNREACHABLE when a
 * server took the store meanwhile, CLI_FAILED, which is without a store too.
 */
int here(struct ask *job, here_fn *act, void *self, const struct json **result);

#endif
