/*
 * Whatever the bytes: the parser accepts or refuses them; what it accepted survives being written and read again, in
 * both forms; and the canonical form of the canonical form is itself [P-2.2].
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json *read_again(struct arena *arena, const struct buf *text)
{
	const struct json *json = NULL;
	must(buf_ok(text));
	must(json_parse(arena, buf_text(text), text->size, &json_body_limits, &json, NULL));
	return json;
}

static void check_plain_form(struct arena *arena, const struct json *json, struct buf *text)
{
	struct jw jw;
	jw_init(&jw, text);
	jw_json(&jw, json);
	must(jw_ok(&jw));
	must(json_same(json, read_again(arena, text)));
}

static void check_canonical_form(struct arena *arena, const struct json *json, struct buf *text, struct buf *again)
{
	jcs_write(text, json);
	jcs_write(again, read_again(arena, text));
	must(buf_ok(again));
	must(again->size == text->size && memcmp(again->bytes, text->bytes, text->size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct err err = {.kind = ERR_NONE};
	const struct json *json = NULL;
	arena_init(&arena, 64 << 20);
	if (json_parse(&arena, (const char *)data, size, &json_body_limits, &json, &err)) {
		struct buf plain, canonical, again;
		buf_init(&plain, 0);
		buf_init(&canonical, 0);
		buf_init(&again, 0);
		check_plain_form(&arena, json, &plain);
		check_canonical_form(&arena, json, &canonical, &again);
		buf_fini(&plain);
		buf_fini(&canonical);
		buf_fini(&again);
	} else {
		must(err.kind == ERR_JSON_INVALID && err.message[0] != '\0');
	}
	arena_fini(&arena);
	return 0;
}
