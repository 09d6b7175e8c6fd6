/*
 * One write to a project: read it inside the op, decide, store, record the event and its audit row in that same
 * transaction, and answer after the commit.
 *
 * A write embeds struct project_write as its first member, sets `change` and `answer`, and submits.  In `change` the
 * project is the caller's and not deleted.  A refusal that has to leave a trace is noted by write_refuse() and returns
 * true: the op commits, and the refusal is the answer.
 */
#ifndef CS_SIGN_PROJECT_WRITE_H
#define CS_SIGN_PROJECT_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "people/write.h"
#include "seal/audit.h"
#include "sign/project_view.h"

struct exchange;
struct sign_api;

struct project_write {
	struct write write; /* first */
	struct exchange *x;
	struct sign_api *api;
	bool (*change)(struct project_write *w, struct db *db, struct err *err);
	void (*answer)(struct project_write *w);
	void (*after)(struct project_write *w); /* after the commit; NULL: nothing.  Set it before submitting. */
	struct project project;
	enum project_stamp stamp;
	int64_t now_us;
};

/* Submit.  The exchange is answered by `answer`, or with the failure.  The write's memory is the exchange's arena. */
void project_write_submit(struct project_write *w, struct exchange *x,
						  bool (*change)(struct project_write *w, struct db *db, struct err *err),
						  void (*answer)(struct project_write *w));

/* The same without a project in the path: `change` makes it. */
void project_create_submit(struct project_write *w, struct exchange *x,
						   bool (*change)(struct project_write *w, struct db *db, struct err *err),
						   void (*answer)(struct project_write *w));

/* In `change`: is the client's If-Match the project's ETag? */
bool project_if_match(struct project_write *w, struct err *err);

/* In `change`: ERR_READ_ONLY when nothing may be changed any more. */
bool project_writable(const struct project_write *w, struct err *err);

/* What happened, for the project's events and the audit chain. */
struct project_happening {
	enum audit_action action; /* its name is the event's type */
	const char *type;
	const char *before, *after; /* JSON text, or NULL */
	const char *content_sha256; /* NULL: of `after` */
	const char *seal_sha256, *reason, *code;
	enum audit_status status;
};

#define HAPPENED(action_, type_, ...) \
	((const struct project_happening){.action = (action_), .type = (type_), __VA_ARGS__})

/* In `change`: add the row of the event and that of the audit chain. */
bool project_record(const struct project_write *w, struct db *db, const struct project_happening *happening,
					struct err *err);

/*
 * The same for whoever acts: `who` is the actor's part of the audit event; event_id a fresh id.  The project is
 * named by its account and id.
 */
bool project_record_by(const struct sign_api *api, struct db *db, const struct project *project,
					   const struct audit_event *who, int64_t now_us, const struct project_happening *happening,
					   struct err *err);

/*
 * In `change`: move the state in memory; the caller updates the row.  A refused move is recorded and becomes the
 * write's refusal: *moved is then false.
 */
bool project_move_to(struct project_write *w, struct db *db, enum project_door door, enum project_status to,
					 bool *moved, struct err *err);

/* The project of the path for a reader: the caller's, or for an admin anybody's.  False: answered. */
bool project_read(struct exchange *x, struct project *project, enum project_stamp *stamp);

/* Answer the project as it is after a write, with its ETag. */
void project_answer(struct project_write *w);

#endif
