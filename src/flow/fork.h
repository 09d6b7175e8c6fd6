/*
 * A new run that begins with what another one did, on its way into the store [flow.md 3.3].  Private to src/flow: the
 * fork itself, and the replays that execute.
 *
 *     struct thing { struct forking forking; … };        forking.write first
 *     if (fork_look(&f)) write_submit(&f.write);          in .apply: fork_apply(); in .after: fork_after()
 */
#ifndef CS_FLOW_FORK_H
#define CS_FLOW_FORK_H

#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "people/write.h"

struct fork_request {
	const char *from_step, *reason, *version;
	int64_t from_seq;
	const struct json *input, *patch;
};

struct forking {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct fork_request request;
	const struct json *input, *output; /* also null; NULL: none given.  output: what from_step is said to have given */
	struct run_record record;          /* whose journal it begins with */
	struct runner_start start;
	char sha256[65], content_sha256[65];
	const char *namespace, *name, *version; /* of the definition, which may be gone when the answer is written */
	bool failed_only;                       /* from the step at fault */
	int64_t to;                             /* 0: from the start */
};

/* Find the place and the definition, fill `start`.  False: answered. */
bool fork_look(struct forking *f);

bool fork_apply(struct forking *f, struct db *db, struct err *err);
void fork_after(struct forking *f, bool applied);

/* The new run as it is before its first turn. */
struct run_record fork_record(const struct forking *f);

#endif
