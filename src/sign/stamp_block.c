#include "sign/stamp_block.h"

#include <string.h>

#include "core/arena.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/json.h"
#include "core/stamp.h"
#include "people/users.h"
#include "sign/project_stamp.h"
#include "store/store.h"

/* The payload of a receipt of our own store, whose signature need not be looked at; NULL: it is none. */
static const struct json *payload_of(const char *receipt, struct arena *arena)
{
	const char *from = strchr(receipt, '.');
	const char *to = from != NULL ? strchr(from + 1, '.') : NULL;
	const struct json *payload = NULL;
	size_t size;
	if (to == NULL)
		return NULL;
	size_t length = (size_t)(to - from - 1), room = BASE64_BYTES(length + 4);
	char *bytes = arena_alloc(arena, room);
	if (bytes == NULL || !base64url_decode(from + 1, length, bytes, room, &size) ||
		!json_parse(arena, bytes, size, &json_body_limits, &payload, NULL))
		return NULL;
	return payload;
}

static const char *licence_of(const char *receipt, struct arena *arena)
{
	const struct json *payload = payload_of(receipt, arena);
	const struct json *licence = payload != NULL ? json_get(payload, "licence") : NULL;
	if (licence == NULL || licence->kind != JS_OBJECT)
		return NULL;
	const char *number = json_text(licence, "number"), *state = json_text(licence, "state"),
			   *expires = json_text(licence, "expires");
	if (number == NULL || state == NULL || expires == NULL)
		return NULL;
	return arena_printf(arena, "PE %s, %s, expires %s", number, state, expires);
}

static bool name_signer(struct db *db, const char *user_id, struct arena *arena, const char **name, struct err *err)
{
	struct user user;
	bool found = false;
	if (!user_by_id(db, user_id, arena, &user, &found, err))
		return false;
	*name = found && user.full_name != NULL ? user.full_name : found && user.email != NULL ? user.email : user_id;
	return true;
}

bool stamp_block_read(struct db *db, const struct project *project, struct arena *arena, struct report_stamp *block,
					  struct err *err)
{
	static const enum report_stamp_state states[] = {[PROJECT_UNSTAMPED] = STAMP_NONE,
													 [PROJECT_STAMP_OPEN] = STAMP_OPEN,
													 [PROJECT_STAMPED] = STAMP_VALID,
													 [PROJECT_STAMP_STALE] = STAMP_STALE,
													 [PROJECT_STAMP_REJECTED] = STAMP_REJECTED};
	struct project_stamp_row row;
	char at[STAMP_TEXT];
	if (!project_stamp_find(db, project, arena, &row, err))
		return false;
	*block = (struct report_stamp){.state = states[row.state]};
	if (row.state != PROJECT_STAMPED)
		return true;
	stamp_format(at, row.signature.created_us);
	block->licence = licence_of(row.signature.receipt, arena);
	block->at = arena_printf(arena, "%.19sZ", at); /* whole seconds */
	block->consent_version = arena_printf(arena, "%lld", (long long)row.signature.consent_version);
	block->receipt = row.signature.countersignature_id;
	return name_signer(db, row.signature.user_id, arena, &block->signer, err);
}
