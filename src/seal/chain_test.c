#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/chain.h"

/* [P-7.5] Whatever is changed in a chain is found, at the row where it was changed. */

enum { ROWS = 7, TEXT = 160 };

static const char store_id[] = "01a1fe09-0000-7000-8000-000000000001";

/* A row whose texts can be written to. */
struct own_row {
	struct chain_row row;
	char texts[13][TEXT];
};

static struct own_row rows[ROWS];

static const char **text_of(struct chain_row *row, int which)
{
	const char **texts[13] = {&row->account_id,  &row->stream,    &row->actor,    &row->role, &row->action,
							  &row->target_kind, &row->target_id, &row->status,   &row->ip,   &row->user_agent,
							  &row->request_id,  &row->meta,      &row->prev_hash};
	return texts[which];
}

static void own(struct own_row *o)
{
	for (int i = 0; i < 13; i++) {
		const char **text = text_of(&o->row, i);
		if (*text == NULL)
			continue;
		snprintf(o->texts[i], TEXT, "%s", *text);
		*text = o->texts[i];
	}
}

static char hashes[ROWS][CHAIN_HASH];

static int make_chain(void **state)
{
	(void)state;
	char previous[CHAIN_HASH];
	chain_genesis(store_id, "main", previous);
	for (int i = 0; i < ROWS; i++) {
		char target[64];
		snprintf(target, sizeof target, "01a1fe09-0000-7000-8000-0000000001%02d", i);
		rows[i].row = (struct chain_row){
			.account_id = i % 3 == 0 ? NULL : "01a1fe09-0000-7000-8000-000000000002",
			.stream = "main",
			.seq = i + 1,
			.at_us = INT64_C(1800000000000000) + i * 1000000,
			.actor = i % 2 == 0 ? "local" : "01a1fe09-0000-7000-8000-000000000003",
			.role = i % 2 == 0 ? NULL : "owner",
			.action = "project.created",
			.target_kind = "project",
			.target_id = target,
			.status = "success",
			.ip = "p1:0123456789abcdef0123456789abcdef",
			.user_agent = i == 4 ? NULL : "p1:fedcba9876543210fedcba9876543210",
			.request_id = "r-1",
			.meta = i % 3 == 0 ? "{}" : "{\"account_id\":\"01a1fe09-0000-7000-8000-000000000002\",\"reason\":\"Käse\"}",
			.prev_hash = previous,
		};
		own(&rows[i]);
		chain_hash(&rows[i].row, hashes[i]);
		rows[i].row.hash = hashes[i];
		memcpy(previous, hashes[i], CHAIN_HASH);
	}
	return 0;
}

/* The seq at which the chain breaks; 0: it is sound. */
static int64_t first_bad(const int *order, int count)
{
	struct chain_check check;
	chain_check_init(&check, store_id, "main");
	for (int i = 0; i < count; i++) {
		const char *reason = NULL;
		const struct chain_row *row = &rows[order[i]].row;
		if (!chain_check_row(&check, row, &reason)) {
			assert_non_null(reason);
			return row->seq;
		}
	}
	return 0;
}

static int64_t all_bad(void)
{
	static const int order[ROWS] = {0, 1, 2, 3, 4, 5, 6};
	return first_bad(order, ROWS);
}

static void test_sound(void **state)
{
	(void)state;
	assert_int_equal(all_bad(), 0);
}

static void flip_text(int row, char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++)
		for (int bit = 0; bit < 8; bit++) {
			char was = text[i];
			text[i] = (char)(was ^ 1 << bit);
			if (all_bad() != row + 1)
				fail_msg("row %d: byte %zu of %s, bit %d", row + 1, i, text, bit);
			text[i] = was;
		}
}

static void test_every_bit_of_every_text(void **state)
{
	(void)state;
	for (int row = 0; row < ROWS; row++) {
		for (int i = 0; i < 13; i++)
			if (*text_of(&rows[row].row, i) != NULL)
				flip_text(row, rows[row].texts[i]);
		flip_text(row, hashes[row]);
	}
	assert_int_equal(all_bad(), 0);
}

static void test_every_bit_of_every_number(void **state)
{
	(void)state;
	for (int row = 0; row < ROWS; row++)
		for (int bit = 0; bit < 62; bit++) {
			struct chain_row *r = &rows[row].row;
			int64_t mask = INT64_C(1) << bit, seq = r->seq, at_us = r->at_us;
			r->at_us ^= mask;
			assert_int_equal(all_bad(), seq);
			r->at_us = at_us;
			r->seq ^= mask;
			assert_int_equal(all_bad(), r->seq);
			r->seq = seq;
		}
	assert_int_equal(all_bad(), 0);
}

/* A text that was null, and one that becomes null. */
static void test_null_and_text(void **state)
{
	(void)state;
	for (int row = 0; row < ROWS; row++)
		for (int i = 0; i < 11; i++) {
			const char **text = text_of(&rows[row].row, i), *was = *text;
			if (i == 1 || i == 4 || i == 7) /* never null */
				continue;
			*text = was == NULL ? "" : NULL;
			assert_int_equal(all_bad(), row + 1);
			*text = was;
		}
}

static void test_rows_that_move(void **state)
{
	(void)state;
	for (int gone = 0; gone < ROWS - 1; gone++) { /* a cut tail shows by a checkpoint from outside only */
		int order[ROWS], count = 0;
		for (int i = 0; i < ROWS; i++)
			if (i != gone)
				order[count++] = i;
		assert_int_equal(first_bad(order, count), gone + 2);
	}
	for (int a = 0; a < ROWS; a++)
		for (int b = a + 1; b < ROWS; b++) {
			int order[ROWS] = {0, 1, 2, 3, 4, 5, 6};
			order[a] = b;
			order[b] = a;
			assert_int_equal(first_bad(order, ROWS), b + 1);
		}
}

/* A chain of another store or stream begins with another hash. */
static void test_another_store(void **state)
{
	(void)state;
	struct chain_check check;
	const char *reason;
	chain_check_init(&check, "01a1fe09-0000-7000-8000-000000000009", "main");
	assert_false(chain_check_row(&check, &rows[0].row, &reason));
	chain_check_init(&check, store_id, "other");
	assert_false(chain_check_row(&check, &rows[0].row, &reason));
	chain_check_init(&check, store_id, "main");
	chain_check_resume(&check, 3, hashes[2], rows[2].row.at_us); /* after an archive */
	assert_true(chain_check_row(&check, &rows[3].row, &reason));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_every_bit_of_every_text),
		cmocka_unit_test(test_every_bit_of_every_number),
		cmocka_unit_test(test_null_and_text),
		cmocka_unit_test(test_rows_that_move),
		cmocka_unit_test(test_another_store),
	};
	return cmocka_run_group_tests(tests, make_chain, NULL);
}
