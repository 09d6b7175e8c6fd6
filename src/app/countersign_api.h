/*
 * What the routes of requests, countersignatures, policies and receipts share [platform.md 6].  Private to src/app.
 */
#ifndef CS_APP_COUNTERSIGN_API_H
#define CS_APP_COUNTERSIGN_API_H

#include "core/field.h"
#include "seal/countersign.h"

struct app;
struct exchange;
struct list_kind;

struct request_view {
	const char *request_id, *account_id;
	int kind, status;
	const char *seal_sha256, *content_sha256, *subject_kind, *subject_id, *author_id;
	int64_t quorum, approvals, consent_version;
	bool four_eyes;
	const char *permission, *created_at, *expires_at, *decided_at, *applied_at;
};
extern const struct field_table request_table;
void request_view(struct arena *arena, const struct countersign_request *request, struct request_view *view);

/* The key of the cursors of the application's own lists. */
void app_page_key(const struct app *app, unsigned char key[32]);

/* Answer a list of the application's own routes. */
void app_list(struct exchange *x, const struct list_kind *kind);

/* Tell people/ of nobody: a list of the caller's account needs one.  False: answered. */
bool countersign_has_account(struct exchange *x);

#endif
