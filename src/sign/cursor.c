#include "sign/cursor.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/jw.h"
#include "seal/audit.h"
#include "seal/envelope.h"
#include "sign/sign_internal.h"

enum { MARK = 32, TEXT_MAX = BASE64URL_LENGTH(CURSOR_KEY_MAX + MARK) };

/* Half of a digest over filter, key and the installation's own secret, each in a member of its own. */
static void mark_of(const struct sign_api *api, const char *filter, const char *key, char mark[MARK + 1])
{
	char secret[HEX_LENGTH(AUDIT_KEY) + 1], sha256[SHA256_HEX_SIZE];
	struct buf buf;
	struct jw jw;
	hex_encode(secret, api->options.audit->key, AUDIT_KEY);
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "cursor", secret);
	jw_member_str(&jw, "filter", filter);
	jw_member_str(&jw, "key", key);
	jw_object_end(&jw);
	envelope_content_hash(buf_text(&buf), buf.size, sha256);
	buf_fini(&buf);
	memcpy(mark, sha256, MARK);
	mark[MARK] = '\0';
}

const char *cursor_make(const struct sign_api *api, const char *filter, const char *key, struct arena *arena)
{
	char plain[CURSOR_KEY_MAX + MARK + 1], text[TEXT_MAX + 1];
	size_t size = strlen(key);
	if (size > CURSOR_KEY_MAX)
		return NULL;
	mark_of(api, filter, key, plain);
	memcpy(plain + MARK, key, size);
	base64url_encode(text, plain, MARK + size);
	return arena_dup(arena, text);
}

bool cursor_read(const struct sign_api *api, const char *filter, const char *cursor, struct arena *arena,
				 const char **key, struct err *err)
{
	char plain[CURSOR_KEY_MAX + MARK + 1], mark[MARK + 1];
	size_t size = 0;
	bool whole = base64url_decode(cursor, strlen(cursor), plain, CURSOR_KEY_MAX + MARK, &size) && size > MARK &&
				 memchr(plain, '\0', size) == NULL;
	if (whole) {
		plain[size] = '\0';
		mark_of(api, filter, plain + MARK, mark);
		whole = memcmp(mark, plain, MARK) == 0;
	}
	if (!whole)
		return err_set(err, ERR_CURSOR_INVALID, "The cursor is not of this list; begin again without one.");
	*key = arena_dup(arena, plain + MARK);
	return *key != NULL || err_set(err, ERR_LIMIT, "no memory");
}
