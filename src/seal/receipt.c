#include "seal/receipt.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "crypt/jwt.h"

static void write_payload(struct jw *jw, const struct receipt *r)
{
	char hash[SHA256_HEX_SIZE];
	jw_object(jw);
	jw_member_str(jw, "iss", r->issuer);
	jw_member_int(jw, "iat", r->at_us / STAMP_US_PER_S);
	jw_member_str(jw, "countersignature_id", r->countersignature_id);
	jw_member_str(jw, "request_id", r->request_id);
	jw_member_str(jw, "kind", r->kind);
	jw_member_str(jw, "seal_sha256", r->seal_sha256);
	jw_member_str(jw, "content_sha256", r->content_sha256);
	jw_member_str(jw, "decision", r->decision);
	if (r->reason != NULL)
		sha256_hex(r->reason, strlen(r->reason), hash);
	jw_member_str(jw, "reason_sha256", r->reason != NULL ? hash : NULL);
	jw_member_str(jw, "signer", r->signer);
	jw_member_str(jw, "role", r->role);
	if (r->licence != NULL) {
		jw_key(jw, "licence");
		jw_raw(jw, r->licence, strlen(r->licence));
	}
	jw_member_int(jw, "consent_version", r->consent_version);
	jw_key(jw, "audit");
	jw_object(jw);
	jw_member_str(jw, "stream", r->audit_stream);
	jw_member_int(jw, "seq", r->audit_seq);
	jw_member_str(jw, "hash", r->audit_hash);
	jw_object_end(jw);
	jw_object_end(jw);
}

const char *receipt_sign(const struct receipt *receipt, const struct key *key, struct arena *arena)
{
	struct buf payload, token;
	struct jw jw;
	buf_init(&payload, 0);
	buf_init(&token, 0);
	jw_init(&jw, &payload);
	write_payload(&jw, receipt);
	const char *text = NULL;
	if (jw_ok(&jw)) {
		jwt_sign(key, RECEIPT_TYP, payload.bytes, payload.size, &token);
		if (buf_ok(&token))
			text = arena_dup(arena, buf_text(&token));
	}
	buf_fini(&payload);
	buf_fini(&token);
	return text;
}

/* What a payload has to name before anyone builds on it. */
static const char *const texts[] = {
	"iss", "countersignature_id", "request_id", "kind", "seal_sha256", "content_sha256", "decision", "signer", "role"};

static bool is_receipt(const struct json *payload)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (json_text(payload, texts[i]) == NULL)
			return false;
	return true;
}

bool receipt_verify(struct arena *arena, const char *text, size_t size,
					const struct key *(*find)(void *self, const char *kid), void *self, const struct json **payload,
					struct err *err)
{
	const struct json *found = NULL;
	if (!jws_verify(arena, text, size, RECEIPT_TYP, find, self, &found, err))
		return false;
	if (!is_receipt(found))
		return err_set(err, ERR_TOKEN_INVALID, "the token is not valid: its payload is no receipt's");
	*payload = found;
	return true;
}
