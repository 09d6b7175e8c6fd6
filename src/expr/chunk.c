#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "expr/book.h"

/*
 * . as [$__cs_n, $__cs_now, $IN, $context, …] | (definitions named) | (a definition of each leaf) |
 * if $__cs_n < 2 then (if $__cs_n < 1 then (entry 0) else (entry 1) end) else … end
 *
 * Nothing is bound at compile time, and a variable that no leaf names is not bound at all.
 */

static void write_arguments(struct buf *out, const struct expr_book *book, const uint64_t *uses)
{
	buf_adds(out, ". as [$__cs_n,$__cs_now,$IN");
	for (unsigned i = EXPR_IN + 1; i < book->variable_count; i++)
		if ((uses[i / 64] >> i % 64 & 1) != 0)
			buf_addf(out, ",$%s", book->names[i]);
	buf_adds(out, "] | ");
}

static void write_prelude(struct buf *out, struct leaf *const *leaves, size_t count)
{
	uint32_t needed = 0;
	for (size_t i = 0; i < count; i++)
		needed |= leaves[i]->prelude;
	for (unsigned i = 0; i < scan_prelude_count; i++)
		if ((needed >> i & 1) != 0)
			buf_addf(out, "%s\n", scan_prelude[i].text);
}

/* The line end closes a comment. */
static void write_leaf(struct buf *out, const struct leaf *leaf, size_t number)
{
	buf_addf(out, "def __cs_%zu: $IN | %sfirst((", number, leaf->fallback != NULL ? "try " : "");
	buf_add(out, leaf->program, leaf->program_size);
	buf_adds(out, "\n), null)");
	if (leaf->fallback != NULL) {
		struct jw text;
		jw_init(&text, out);
		buf_adds(out, " catch ");
		jw_json(&text, leaf->fallback);
	}
	buf_adds(out, ";\n");
}

/* The first leaf of entry `entry`. */
static size_t entry_start(struct leaf *const *leaves, size_t count, size_t entry)
{
	size_t at = 0;
	for (; at < count && entry > 0; entry--)
		for (const struct expr *expr = leaves[at]->expr; at < count && leaves[at]->expr == expr;)
			at++;
	return at;
}

static void write_entry(struct buf *out, struct leaf *const *leaves, size_t count, size_t entry)
{
	size_t first = entry_start(leaves, count, entry), end = entry_start(leaves, count, entry + 1);
	if (end == first + 1) {
		buf_addf(out, "__cs_%zu", first);
		return;
	}
	for (size_t i = first; i < end; i++)
		buf_addf(out, "%c__cs_%zu", i == first ? '[' : ',', i);
	buf_addc(out, ']');
}

static void write_choice(struct buf *out, struct leaf *const *leaves, size_t count, size_t first, size_t end)
{
	size_t middle = first + (end - first) / 2;
	if (end - first == 1) {
		write_entry(out, leaves, count, first);
		return;
	}
	buf_addf(out, "if $__cs_n < %zu then ", middle);
	write_choice(out, leaves, count, first, middle);
	buf_adds(out, " else ");
	write_choice(out, leaves, count, middle, end);
	buf_adds(out, " end");
}

void chunk_write(struct buf *out, const struct expr_book *book, struct leaf *const *leaves, size_t count,
				 const uint64_t *uses)
{
	size_t entries = 0;
	write_arguments(out, book, uses);
	write_prelude(out, leaves, count);
	for (size_t i = 0; i < count; i++) {
		entries += i == 0 || leaves[i]->expr != leaves[i - 1]->expr;
		write_leaf(out, leaves[i], i);
	}
	write_choice(out, leaves, count, 0, entries);
}
