#include "trade/signal_view.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "trade/domain/risk_op.h"
#include "trade/domain/signal.h"
#include "trade/tell.h"

static const struct field view_rows[] = {
	T_STR(id),
	T_STR(owner_id),
	T_ALL(&signal_content_table),
	T_ENUM(status, signal_status_names),
	T_STR(seal_sha256),
	T_OBJECT(risk, &risk_kept_table, NULLABLE, DOC("How the rules judged it last")),
	T_INT(approvals_needed),
	T_INT(approvals_have),
	T_STR(request_id, NULLABLE, DOC("Of the countersignature it waits for")),
	T_NUM(lots, NULLABLE, UNIT("lots"), DOC("What would be ordered")),
	T_STR(trading_account_id, NULLABLE),
	T_BOOL(paper),
	T_INT(profile_version, DOC("Of the limits it was judged by")),
	T_STR(authenticity, DOC("hmac, standard_webhook or url_token")),
	T_TIME(expires_at),
	T_TIME(approved_until, NULLABLE),
	T_TIME(created_at),
	T_TIME(updated_at),
};
const struct field_table signal_view_table = TOLD_TABLE("trade.signal", view_rows);

void signal_write_members(struct jw *jw, const struct signal_row *row)
{
	jw_member_str(jw, "id", row->signal_id);
	jw_member_str(jw, "owner_id", row->owner_id);
	/* the content is an object in canonical form: its members as they are, producer_id among them */
	buf_addc(jw->buf, ',');
	buf_add(jw->buf, row->content + 1, strlen(row->content) - 2);
	jw->comma = true;
	jw_member_str(jw, "status", signal_status_names[row->status]);
	jw_member_str(jw, "seal_sha256", row->seal_sha256);
	tell_json(jw, "risk", row->risk);
	jw_member_int(jw, "approvals_needed", row->approvals_needed);
	jw_member_int(jw, "approvals_have", row->approvals_have);
	jw_member_str(jw, "request_id", row->request_id);
	tell_exact(jw, "lots", row->lots);
	jw_member_str(jw, "trading_account_id", row->trading_account_id);
	jw_member_bool(jw, "paper", row->paper);
	jw_member_int(jw, "profile_version", row->profile_version);
	jw_member_str(jw, "authenticity", row->authenticity);
	tell_time(jw, "expires_at", row->expires_us);
	tell_time(jw, "approved_until", row->approved_until_us);
	tell_time(jw, "created_at", row->created_us);
	tell_time(jw, "updated_at", row->updated_us);
}

/* --- canonical: the members of the row between those of its content --- */

/* Where a member of a canonical object ends: at the comma behind it, or at the object's bracket. */
static const char *member_end(const char *at)
{
	bool quoted = false;
	for (int depth = 0; quoted || depth > 0 || (*at != ',' && *at != '}'); at++) {
		if (quoted && *at == '\\')
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (!quoted)
			depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
	}
	return at;
}

/* The content's members that come before this name.  A name ends with its quote, which is less than any letter. */
static void content_before(struct jw *jw, const char **content, const char *name)
{
	while (**content == '"' && strncmp(*content + 1, name, strlen(name)) < 0) {
		const char *end = member_end(*content);
		buf_addc(jw->buf, ',');
		buf_add(jw->buf, *content, (size_t)(end - *content));
		*content = *end == ',' ? end + 1 : end;
	}
}

void signal_write(struct buf *out, const struct signal_row *row)
{
	const char *content = row->content + 1;
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	jw_member_int(&jw, "approvals_have", row->approvals_have); /* before any of the content */
	jw_member_int(&jw, "approvals_needed", row->approvals_needed);
	tell_time(&jw, "approved_until", row->approved_until_us);
	jw_member_str(&jw, "authenticity", row->authenticity);
	content_before(&jw, &content, "created_at");
	tell_time(&jw, "created_at", row->created_us);
	content_before(&jw, &content, "expires_at");
	tell_time(&jw, "expires_at", row->expires_us);
	content_before(&jw, &content, "id");
	jw_member_str(&jw, "id", row->signal_id);
	content_before(&jw, &content, "lots");
	tell_exact(&jw, "lots", row->lots);
	content_before(&jw, &content, "owner_id");
	jw_member_str(&jw, "owner_id", row->owner_id);
	jw_member_bool(&jw, "paper", row->paper);
	content_before(&jw, &content, "profile_version");
	jw_member_int(&jw, "profile_version", row->profile_version);
	content_before(&jw, &content, "request_id");
	jw_member_str(&jw, "request_id", row->request_id);
	tell_json(&jw, "risk", row->risk);
	jw_member_str(&jw, "seal_sha256", row->seal_sha256);
	content_before(&jw, &content, "status");
	jw_member_str(&jw, "status", signal_status_names[row->status]);
	content_before(&jw, &content, "trading_account_id");
	jw_member_str(&jw, "trading_account_id", row->trading_account_id);
	tell_time(&jw, "updated_at", row->updated_us);
	content_before(&jw, &content, "~");
	jw_object_end(&jw);
}

const char *signal_risk_text(struct arena *arena, const struct risk_report *report)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &risk_kept_table, report, FIELD_RESULT | FIELD_CANONICAL);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}
