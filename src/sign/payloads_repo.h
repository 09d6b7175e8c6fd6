/*
 * The rows of payloads: the history of a project's configurations, each with the seal of its design.
 *
 * Every function takes the account whose rows it may touch [P-5.3].  Texts that are read are the arena's.
 */
#ifndef CS_SIGN_PAYLOADS_REPO_H
#define CS_SIGN_PAYLOADS_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

struct payload {
	const char *payload_id, *account_id, *project_id, *module, *sha256;
	const char *config, *files, *cost_snapshot; /* RFC 8785 text */
	const char *seal_sha256;                    /* NULL: the design abstained */
	const char *request_id;                     /* of the countersignature asked for; NULL: none */
	const char *created_by;
	int64_t created_us;
};

bool payload_insert(struct db *db, const struct payload *payload, struct err *err);

bool payload_find(struct db *db, const char *account_id, const char *payload_id, struct arena *arena,
				  struct payload *payload, bool *found, struct err *err);

/* The one of a project with this content. */
bool payload_find_content(struct db *db, const char *account_id, const char *project_id, const char *sha256,
						  struct arena *arena, struct payload *payload, bool *found, struct err *err);

/* Newest first, those made before the payload `before` (NULL: all). */
bool payloads_list(struct db *db, const char *account_id, const char *project_id, const char *before, size_t limit,
				   struct arena *arena, struct payload *payloads, size_t *count, struct err *err);

#endif
