#include "sign/project_report.h"

#include "core/arena.h"
#include "core/err.h"
#include "core/jw.h"
#include "draw/fonts.h"
#include "sign/design_report.h"
#include "sign/sign_internal.h"
#include "sign/stamp_block.h"
#include "store/blob.h"
#include "store/store.h"

void project_report_init(struct project_report *r)
{
	buf_init(&r->bytes, 0);
}

bool project_seal_find(struct sign_api *api, const struct project *project, struct arena *arena, struct seal *seal,
					   struct err *err)
{
	bool found = false;
	if (project->seal_sha256 == NULL)
		return err_set(err, ERR_NO_PAYLOAD,
					   project->payload_id == NULL ? "Save a payload first."
												   : "The newest payload's design abstained: nothing to draw.");
	struct db *db = store_read(api->options.store);
	bool read = seal_find(db, project->account_id, project->seal_sha256, arena, seal, &found, err);
	store_read_end(api->options.store, db);
	return read && (found || err_set(err, ERR_INTERNAL, "a payload's seal is missing"));
}

/* The digest of everything that the report shows. */
static bool hash_snapshot(const struct sign_api *api, struct project_report *r, struct err *err)
{
	const struct project *p = &r->project;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "code_version", api->options.version);
	jw_member_str(&jw, "customer", p->customer);
	jw_member_str(&jw, "description", p->description);
	jw_member_str(&jw, "git_sha", api->options.git_sha);
	jw_member_str(&jw, "name", p->name);
	jw_member_str(&jw, "project_id", p->project_id);
	jw_member_int(&jw, "sealed_at", r->seal.created_us);
	jw_member_str(&jw, "seal_sha256", r->seal.seal_sha256);
	jw_member_str(&jw, "site_name", p->site_name);
	jw_member_int(&jw, "stamp", r->stamp.state);
	jw_member_str(&jw, "stamp_id", r->stamp.receipt);
	jw_member_str(&jw, "stamp_licence", r->stamp.licence);
	jw_member_str(&jw, "stamp_signer", r->stamp.signer);
	jw_member_str(&jw, "street", p->street);
	jw_object_end(&jw);
	bool hashed = jw_ok(&jw) && envelope_content_hash(buf_text(&buf), buf.size, r->snapshot_sha256);
	buf_fini(&buf);
	return hashed || err_set(err, ERR_LIMIT, "no memory");
}

static bool read_rows(struct sign_api *api, struct arena *arena, struct project_report *r, struct err *err)
{
	struct db *db = store_read(api->options.store);
	bool read = stamp_block_read(db, &r->project, arena, &r->stamp, err) && hash_snapshot(api, r, err);
	r->row.account_id = r->project.account_id;
	r->row.project_id = r->project.project_id;
	r->row.snapshot_sha256 = r->snapshot_sha256;
	read = read && report_row_find(db, &r->row, &r->cached, err);
	store_read_end(api->options.store, db);
	return read;
}

bool project_report_find(struct sign_api *api, struct arena *arena, struct project_report *r, struct err *err)
{
	if (!project_seal_find(api, &r->project, arena, &r->seal, err) || !read_rows(api, arena, r, err))
		return false;
	r->cached = r->cached && blob_exists(api->options.blobs, r->row.sha256);
	return true;
}

struct design_owner project_owner(const struct project_report *r)
{
	const struct project *p = &r->project;
	return (struct design_owner){.project_id = p->project_id,
								 .name = p->name,
								 .customer = p->customer,
								 .site_name = p->site_name,
								 .street = p->street,
								 .description = p->description,
								 .stamp = r->stamp};
}

static bool draw(struct sign_api *api, struct arena *arena, struct project_report *r, struct err *err)
{
	const struct design_owner owner = project_owner(r);
	pthread_mutex_lock(&api->lock);
	if (api->fonts == NULL)
		api->fonts = fonts_new(err);
	bool drawn =
		api->fonts != NULL && design_report_of(api->fonts, &r->seal, api->options.packs, &owner, arena, &r->bytes, err);
	pthread_mutex_unlock(&api->lock);
	if (drawn) {
		sha256_hex(buf_text(&r->bytes), r->bytes.size, r->row.sha256);
		r->row.size = (int64_t)r->bytes.size;
	}
	return drawn;
}

bool project_report_make(struct sign_api *api, struct arena *arena, struct project_report *r, bool bytes,
						 struct err *err)
{
	if (!r->cached)
		return draw(api, arena, r, err);
	return !bytes || blob_get(api->options.blobs, r->row.sha256, &r->bytes, err);
}

bool project_report_keep(struct sign_api *api, const struct project_report *r, struct err *err)
{
	return r->cached || blob_put(api->options.blobs, r->row.sha256, buf_text(&r->bytes), r->bytes.size, err);
}

const char *project_report_json(const struct project_report *r, struct arena *arena)
{
	return arena_printf(arena,
						"{\"sha256\":\"%s\",\"cached\":%s,\"download_url\":\"/api/v1/projects/%s/report.pdf\","
						"\"pages\":%d,\"size\":%lld}",
						r->row.sha256, r->cached ? "true" : "false", r->project.project_id, PROJECT_REPORT_PAGES,
						(long long)r->row.size);
}
