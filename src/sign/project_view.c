#include "sign/project_view.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "sign/payloads_repo.h"

const char *const project_stamp_names[] = {"none", "open", "stamped", "stale", "rejected", NULL};

static const struct field payload_fields[] = {
	F_STR(payload_view, payload_id),
	F_STR(payload_view, module),
	F_STR(payload_view, sha256, DOC("Of the canonical {config, cost_snapshot, files, module}")),
	F_STR(payload_view, seal_sha256, NULLABLE, DOC("Of its design; null: the design abstained")),
	F_JSON(payload_view, config, DOC("A body of sign.design, as received")),
	F_JSON(payload_view, files, DOC("Keys of attached files, sorted")),
	F_JSON(payload_view, cost_snapshot),
	F_STR(payload_view, created_by, NULLABLE),
	F_STR(payload_view, created_at, FORMAT("date-time")),
};
const struct field_table payload_table = FIELD_TABLE("projects.payload", payload_view, payload_fields);

#define CONTENT_FIELDS \
	F_STR(project_view, name), F_STR(project_view, customer, NULLABLE), F_STR(project_view, description, NULLABLE), \
		F_STR(project_view, site_name, NULLABLE), F_STR(project_view, street, NULLABLE), \
		F_ENUM(project_view, status, project_status_names)

#define STATE_FIELDS \
	F_STR(project_view, project_id), F_STR(project_view, account_id), CONTENT_FIELDS, \
		F_BOOL(project_view, read_only, DOC("Submitted and later: nothing can be changed")), \
		F_INT(project_view, version), F_STR(project_view, pricing_version, NULLABLE, DOC("Of the first estimate")), \
		F_STR(project_view, project_number, NULLABLE, DOC("From the PM system")), \
		F_STR(project_view, module, NULLABLE, DOC("Of the newest payload")), \
		F_STR(project_view, payload_id, NULLABLE, DOC("The newest payload")), \
		F_STR(project_view, payload_sha256, NULLABLE), \
		F_STR(project_view, seal_sha256, NULLABLE, DOC("Of the newest payload's design")), \
		F_ENUM(project_view, stamp, project_stamp_names, DOC("Countersignature of that seal")), \
		F_STR(project_view, created_by, NULLABLE), F_STR(project_view, created_at, FORMAT("date-time")), \
		F_STR(project_view, updated_at, FORMAT("date-time"))

static const struct field content_fields[] = {CONTENT_FIELDS};
static const struct field_table content_table = FIELD_TABLE("projects.content", project_view, content_fields);

static const struct field state_fields[] = {STATE_FIELDS};
static const struct field_table state_table = FIELD_TABLE("projects.state", project_view, state_fields);

static const struct field row_fields[] = {STATE_FIELDS, F_STR(project_view, etag)};
const struct field_table project_table = FIELD_TABLE("projects.row", project_view, row_fields);

static const struct field full_fields[] = {
	STATE_FIELDS,
	F_STR(project_view, etag, DOC("Send it as If-Match with a change")),
	F_OBJECT_PTR(project_view, payload, &payload_table, NULLABLE, DOC("The newest")),
};
const struct field_table project_full_table = FIELD_TABLE("projects.project", project_view, full_fields);

static const char *time_text(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	return arena_dup(arena, text);
}

static void write(const struct field_table *table, const struct project_view *view, struct buf *buf)
{
	struct jw jw;
	buf_init(buf, 0);
	jw_init(&jw, buf);
	field_write(&jw, table, view, FIELD_RESULT | FIELD_CANONICAL);
}

/* Over the whole state, with the stamp, which changes without a write to the project. */
static const char *etag_of(const struct project_view *view, struct arena *arena)
{
	char sha256[SHA256_HEX_SIZE], etag[ETAG_TEXT];
	struct buf buf;
	write(&state_table, view, &buf);
	sha256_hex(buf_text(&buf), buf.size, sha256); /* it is canonical as it stands */
	buf_fini(&buf);
	etag_format(etag, sha256);
	return arena_dup(arena, etag);
}

static struct project_view view_of(const struct project *project)
{
	return (struct project_view){
		.project_id = project->project_id,
		.account_id = project->account_id,
		.name = project->name,
		.customer = project->customer,
		.description = project->description,
		.site_name = project->site_name,
		.street = project->street,
		.status = (int)project->status,
		.read_only = project_read_only(project->status),
		.version = project->version,
		.pricing_version = project->pricing_version,
		.project_number = project->project_number,
		.module = project->module,
		.payload_id = project->payload_id,
		.payload_sha256 = project->payload_sha256,
		.seal_sha256 = project->seal_sha256,
		.created_by = project->created_by,
	};
}

void project_view_fill(const struct project *project, enum project_stamp stamp, struct arena *arena,
					   struct project_view *view)
{
	*view = view_of(project);
	view->stamp = (int)stamp;
	view->created_at = time_text(arena, project->created_us);
	view->updated_at = time_text(arena, project->updated_us);
	view->etag = etag_of(view, arena);
}

static const struct json *stored(struct arena *arena, const char *text)
{
	static const struct json_limits limits = {.depth = 100, .values = 10000000};
	const struct json *json = NULL;
	json_parse(arena, text, strlen(text), &limits, &json, NULL);
	return json;
}

void payload_view_fill(const struct payload *payload, struct arena *arena, struct payload_view *view)
{
	*view = (struct payload_view){
		.payload_id = payload->payload_id,
		.module = payload->module,
		.sha256 = payload->sha256,
		.seal_sha256 = payload->seal_sha256,
		.config = stored(arena, payload->config),
		.files = stored(arena, payload->files),
		.cost_snapshot = stored(arena, payload->cost_snapshot),
		.created_by = payload->created_by,
		.created_at = time_text(arena, payload->created_us),
	};
}

const char *project_content(const struct project *project, struct arena *arena)
{
	const struct project_view view = view_of(project);
	struct buf buf;
	write(&content_table, &view, &buf);
	const char *text = arena_dup(arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}
