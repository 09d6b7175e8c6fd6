#include "flow/why_asks.h"

#include "core/buf.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/run.h"
#include "flow/persons.h"
#include "seal/countersign_rules.h"

/* {method, path, body{: the caller closes what is open with end(). */
static void begin(struct jw *jw, const char *path)
{
	jw_key(jw, "unblock");
	jw_object(jw);
	jw_member_str(jw, "method", "POST");
	jw_member_str(jw, "path", path);
	jw_key(jw, "body");
	jw_object(jw);
}

static void end(struct jw *jw)
{
	jw_object_end(jw);
	jw_object_end(jw);
}

/* The claim that would take the step's task. */
static void write_claim(struct jw *jw, const struct frame *frame)
{
	struct ask_work work;
	if (!ask_read_work(datum_tree(frame->request), &work, NULL))
		return;
	begin(jw, "/api/v1/flow/work/claim");
	jw_member_str(jw, "queue", work.queue);
	end(jw);
}

/* The decision that the step waits for. */
static void write_decide(struct jw *jw, const char *run_id, const struct frame *frame)
{
	struct ask_person person;
	struct buf path;
	char sha256[SHA256_HEX_SIZE];
	if (!ask_read_person(datum_tree(frame->request), &person, NULL))
		return;
	persons_seal(person.content, NULL, sha256);
	buf_init(&path, 0);
	buf_addf(&path, "/api/v1/flow/runs/%s/countersign", run_id);
	begin(jw, buf_text(&path));
	jw_member_str(jw, "step", frame->path);
	jw_member_str(jw, "seal_sha256", sha256);
	jw_member_str(jw, "decision", "approve");
	jw_member_int(jw, "consent_version", person.consent_version > 0 ? person.consent_version : COUNTERSIGN_CONSENT);
	end(jw);
	buf_fini(&path);
}

void why_asks_view(struct jw *jw, const char *run_id, const struct frame *frame)
{
	if (ask_is_work(frame->task))
		write_claim(jw, frame);
	else if (ask_is_person(frame->task))
		write_decide(jw, run_id, frame);
}
