/*
 * A project as clients see it, and the ETag that follows from it.
 */
#ifndef CS_SIGN_PROJECT_VIEW_H
#define CS_SIGN_PROJECT_VIEW_H

#include "http/etag.h"
#include "sign/projects_repo.h"

struct arena;
struct db;
struct field_table;
struct json;
struct payload;

/* What the countersignature of a project's seal has come to. */
enum project_stamp {
	PROJECT_UNSTAMPED,
	PROJECT_STAMP_OPEN,
	PROJECT_STAMPED,
	PROJECT_STAMP_STALE,
	PROJECT_STAMP_REJECTED
};
extern const char *const project_stamp_names[];

struct payload_view {
	const char *payload_id, *module, *sha256, *seal_sha256;
	const struct json *config, *files, *cost_snapshot;
	const char *created_by, *created_at;
};

struct project_view {
	const char *project_id, *account_id, *name, *customer, *description, *site_name, *street;
	int status;
	bool read_only;
	int64_t version;
	const char *pricing_version, *project_number, *module, *payload_id, *payload_sha256, *seal_sha256;
	int stamp;
	const char *created_by, *created_at, *updated_at, *etag;
	const struct payload_view *payload; /* in the full view only */
};

extern const struct field_table project_table;      /* rows of lists */
extern const struct field_table project_full_table; /* one project */
extern const struct field_table payload_table;

/* Fill the view and its ETag.  Texts are the arena's and the project's. */
void project_view_fill(const struct project *project, enum project_stamp stamp, struct arena *arena,
					   struct project_view *view);

void payload_view_fill(const struct payload *payload, struct arena *arena, struct payload_view *view);

/* What a person can change in it, as RFC 8785 text: for events. */
const char *project_content(const struct project *project, struct arena *arena);

#endif
