#include "flow/domain/datum.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/utf8.h"
#include "crypt/digest.h"

enum {
	DEPTH_MAX = 500,      /* levels: the helpers of expressions go as deep */
	VALUES_MAX = 2000000, /* in DATUM_MAX bytes there are hardly more */
	TREE_CAP = 512 << 20, /* bytes of a tree of DATUM_MAX bytes of text, with room to spare */
	TREE_LEAST = 192,
	TREE_A_BYTE = 8, /* of text: most trees fit in the first block, and runs that sleep hold theirs */
};

const struct json_limits datum_limits = {.depth = DEPTH_MAX, .values = VALUES_MAX};

struct datum {
	_Atomic unsigned refs;
	size_t size;
	const struct json *tree; /* NULL: not made yet */
	struct arena *arena;     /* of the tree */
	char text[];
};

static struct datum *new_datum(size_t size)
{
	struct datum *datum = malloc(sizeof *datum + size + 1);
	must(datum != NULL);
	datum->refs = 1;
	datum->size = size;
	datum->tree = NULL;
	datum->arena = NULL;
	datum->text[size] = '\0';
	return datum;
}

struct datum *datum_text(const char *text, size_t size)
{
	struct datum *datum = new_datum(size);
	if (size > 0)
		memcpy(datum->text, text, size);
	return datum;
}

static bool make_tree(struct datum *datum, struct err *err)
{
	struct arena *arena = malloc(sizeof *arena);
	must(arena != NULL);
	size_t first = TREE_LEAST + datum->size * TREE_A_BYTE;
	arena_init_small(arena, TREE_CAP, first < ARENA_FIRST_BLOCK ? first : ARENA_FIRST_BLOCK);
	if (json_parse(arena, datum->text, datum->size, &datum_limits, &datum->tree, err)) {
		datum->arena = arena;
		return true;
	}
	arena_fini(arena);
	free(arena);
	return false;
}

struct datum *datum_parse(const char *text, size_t size, struct err *err)
{
	struct datum *datum = datum_text(text, size);
	if (make_tree(datum, err))
		return datum;
	datum_unref(datum);
	return NULL;
}

struct datum *datum_take_buf(struct buf *buf)
{
	must(buf_ok(buf));
	struct datum *datum = datum_text(buf_text(buf), buf->size);
	buf_fini(buf);
	return datum;
}

struct datum *datum_json(const struct json *json)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_json(&jw, json);
	must(jw_ok(&jw));
	return datum_take_buf(&text);
}

struct datum *datum_null(void)
{
	return datum_text("null", 4);
}

struct datum *datum_ref(struct datum *datum)
{
	atomic_fetch_add_explicit(&datum->refs, 1, memory_order_relaxed);
	return datum;
}

void datum_unref(struct datum *datum)
{
	if (datum == NULL || atomic_fetch_sub_explicit(&datum->refs, 1, memory_order_acq_rel) > 1)
		return;
	if (datum->arena != NULL)
		arena_fini(datum->arena);
	free(datum->arena);
	free(datum);
}

void datum_set(struct datum **to, struct datum *datum)
{
	struct datum *old = *to;
	*to = datum == NULL ? NULL : datum_ref(datum);
	datum_unref(old);
}

const char *datum_bytes(const struct datum *datum, size_t *size)
{
	if (size != NULL)
		*size = datum->size;
	return datum->text;
}

bool datum_is_null(const struct datum *datum)
{
	return datum == NULL || strcmp(datum->text, "null") == 0;
}

bool datum_is_false(const struct datum *datum)
{
	return datum_is_null(datum) || strcmp(datum->text, "false") == 0;
}

bool datum_same_text(const struct datum *a, const struct datum *b)
{
	return a == b || (a->size == b->size && memcmp(a->text, b->text, a->size) == 0);
}

const struct json *datum_tree(struct datum *datum)
{
	struct err err;
	if (datum->tree == NULL)
		must(make_tree(datum, &err)); /* texts of ours are JSON */
	return datum->tree;
}

void datum_add_bytes(struct jw *jw, const char *bytes, size_t size)
{
	bool text = utf8_valid(bytes, size);
	if (text && memchr(bytes, '\0', size) == NULL) {
		jw_strn(jw, bytes, size);
		return;
	}
	struct buf encoded;
	buf_init(&encoded, 0);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (c == 0)
			buf_adds(&encoded, "\xef\xbf\xbd");
		else if (c < 0x80 || text)
			buf_addc(&encoded, (char)c);
		else
			buf_addf(&encoded, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
	}
	jw_strn(jw, buf_text(&encoded), encoded.size);
	buf_fini(&encoded);
}

void datum_sha256(const struct datum *datum, char hex[65])
{
	sha256_hex(datum->text, datum->size, hex);
}
