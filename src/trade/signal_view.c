#include "trade/signal_view.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "trade/domain/risk_op.h"

static void write_time(struct jw *jw, const char *name, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	jw_member_str(jw, name, text);
}

void signal_write(struct buf *out, const struct signal_row *row)
{
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	jw_member_str(&jw, "id", row->signal_id);
	jw_member_str(&jw, "owner_id", row->owner_id);
	/* the content is an object in canonical form: its members as they are, producer_id among them */
	size_t size = strlen(row->content);
	buf_addc(out, ',');
	buf_add(out, row->content + 1, size - 2);
	jw.comma = true;
	jw_member_str(&jw, "status", signal_status_names[row->status]);
	jw_member_str(&jw, "seal_sha256", row->seal_sha256);
	jw_key(&jw, "risk");
	jw_raw(&jw, row->risk, strlen(row->risk));
	jw_member_int(&jw, "approvals_needed", row->approvals_needed);
	jw_member_int(&jw, "approvals_have", 0);
	jw_member_str(&jw, "authenticity", row->authenticity);
	write_time(&jw, "expires_at", row->expires_us);
	write_time(&jw, "created_at", row->created_us);
	write_time(&jw, "updated_at", row->updated_us);
	jw_object_end(&jw);
}

const char *signal_risk_text(struct arena *arena, const struct risk_report *report)
{
	struct field_table three = risk_report_table;
	struct buf buf;
	struct jw jw;
	three.count = 3; /* decision, failed, checks */
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &three, report, FIELD_RESULT);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}
