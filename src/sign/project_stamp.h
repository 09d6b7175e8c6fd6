/*
 * The stamp of a project's design: a countersignature of kind `stamp` on the seal of its newest payload [sign.md 5].
 *
 * Saving a payload opens the request and withdraws the one before; whatever door it is decided through, the project
 * hears of it in that same transaction.  A stamp stays on the seal that was stamped: a later payload makes it stale.
 * Threads: what changes runs in an op; reading on any connection.
 */
#ifndef CS_SIGN_PROJECT_STAMP_H
#define CS_SIGN_PROJECT_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "seal/countersign.h"
#include "sign/project_view.h"

struct project_write;
struct sign_api;

/* The state only. */
bool project_stamp_read(struct db *db, const struct project *project, struct arena *arena, enum project_stamp *stamp,
						struct err *err);

/* With who decided, and what can be decided. */
struct project_stamp_row {
	enum project_stamp state;
	struct countersign_request request; /* on the newest payload's seal; request_id NULL: none */
	struct countersignature signature;  /* who decided last: of a stale stamp, who gave it; user_id NULL: nobody */
};
bool project_stamp_find(struct db *db, const struct project *project, struct arena *arena,
						struct project_stamp_row *row, struct err *err);

/* In a change: nothing that waits for a stamp is asked for any longer. */
bool project_stamp_withdraw(struct project_write *w, struct db *db, struct err *err);

/* In a change: ask for a stamp on a new payload's seal; its request into *request. */
bool project_stamp_ask(struct project_write *w, struct db *db, const char *seal_sha256, const char *content_sha256,
					   struct countersign_request *request, struct err *err);

/* Hear of every stamp, and refuse those that only another person may give.  Before the server serves. */
void project_stamp_listen(struct sign_api *api);

#endif
