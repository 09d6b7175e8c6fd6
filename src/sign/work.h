/*
 * Kinds of work that follows from a commit (submission.h): what each does on its thread, and what it stores.  Private
 * to src/sign.
 */
#ifndef CS_SIGN_WORK_H
#define CS_SIGN_WORK_H

#include "core/arena.h"
#include "core/err.h"
#include "sign/projects_repo.h"
#include "sign/submission_repo.h"

struct audit_event;
struct buf;
struct sign_api;

enum { WORK_NUMBER_MAX = 64 };

/* One piece of work under way. */
struct work {
	struct sign_api *api;
	const struct work_kind *kind;
	struct arena arena;
	struct dispatch dispatch;
	struct project project;
	bool gone;     /* the project is no more */
	bool well;     /* it was done */
	bool hopeless; /* it failed, and no other try can help */
	struct err failure;
	int64_t now_us;
	char number[WORK_NUMBER_MAX + 1]; /* of a submission; "": the store gives it */
	struct project_report *report;
};

struct work_kind {
	const char *name;
	int64_t tries;
	/* How long its destination is left alone; 0: not at all.  NULL: it has none. */
	int64_t (*wait_us)(struct work *work);
	/* Do it, outside any transaction.  False: *err says why, it will be tried again. */
	bool (*carry_out)(struct work *work, struct err *err);
	/* In the op that ends it: store what came of it, and its result.  NULL: nothing. */
	bool (*finish)(struct work *work, struct db *db, struct err *err);
	bool quiet;     /* that it began and went well is no event, and its row is not kept */
	bool even_gone; /* it is also done for a project that is no more */
};

extern const struct work_kind work_submit, work_email, work_report, work_index;

/* The kind of that name (must). */
const struct work_kind *work_kind_named(const char *name);

/* The server's part of an event about the work. */
struct audit_event work_event(const struct work *work);

/* In an op: have a piece of work done for the same project by the same cause; with `seal_sha256` and `effect_key`. */
bool work_start(struct work *work, struct db *db, const struct work_kind *kind, struct err *err);

#endif
