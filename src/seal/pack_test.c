#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/scratch.h"
#include "crypt/digest.h"
#include "seal/pack.h"

struct limit {
	double value;
};

/* A kind whose self-check wants a positive number. */
static bool decode_limit(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	const struct json *value = json_get(tree, "value");
	if (value == NULL || !json_numeric(value) || json_number(value) <= 0)
		return err_field(err, ERR_INVALID, "/value", "value must be above 0");
	struct limit *limit = arena_new(arena, struct limit);
	limit->value = json_number(value);
	*data = limit;
	return true;
}

static const struct pack_kind limit_kind = {.name = "limit", .decode = decode_limit};
static const struct pack_kind *const kinds[] = {&limit_kind};

static struct packs *new_packs(void)
{
	return packs_new(kinds, 1);
}

static bool add(struct packs *packs, const char *text, struct err *err)
{
	return packs_add(packs, text, strlen(text), true, err);
}

static void packs_are_ordered_and_found(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"name: other\nversion: v1\n",
		"name: limit\nversion: v10\nvalue: 10\neffective_from: 2025-06-01\n",
		"name: limit\nversion: v2\nvalue: 2\neffective_from: 2024-06-01\nsource: a table\n",
		"name: limit\nversion: v1\nvalue: 1\n",
	};
	static const char *const order[][2] = {{"limit", "v1"}, {"limit", "v2"}, {"limit", "v10"}, {"other", "v1"}};
	struct packs *packs = new_packs();
	for (size_t i = 0; i < 4; i++)
		assert_true(add(packs, texts[i], NULL));
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(packs_at(packs, i)->name, order[i][0]);
		assert_string_equal(packs_at(packs, i)->version, order[i][1]);
	}
	assert_null(packs_at(packs, 4));
	assert_string_equal(packs_find(packs, "limit", NULL, NULL)->version, "v10");
	assert_string_equal(packs_find(packs, "limit", "v2", NULL)->source, "a table");
	assert_null(packs_find(packs, "limit", "v3", NULL));
	assert_null(packs_find(packs, "limits", NULL, NULL));
	assert_string_equal(packs_find(packs, "limit", NULL, "2025-06-01")->version, "v10");
	assert_string_equal(packs_find(packs, "limit", NULL, "2025-05-31")->version, "v2");
	assert_string_equal(packs_find(packs, "limit", NULL, "2020-01-01")->version, "v1");
	packs_free(packs);
}

static void a_kind_gives_the_c_form(void **state)
{
	(void)state;
	struct packs *packs = new_packs();
	assert_true(add(packs, "name: limit\nversion: v1\nvalue: 2.5\n", NULL));
	assert_true(add(packs, "name: free\nversion: v1\nvalue: none\n", NULL));
	const struct limit *limit = packs_find(packs, "limit", "v1", NULL)->data;
	assert_true(limit->value == 2.5);
	const struct pack *other = packs_find(packs, "free", "v1", NULL);
	assert_null(other->data);
	assert_string_equal(json_text(other->tree, "value"), "none");
	packs_free(packs);
}

static void the_hash_is_of_the_bytes(void **state)
{
	(void)state;
	static const char text[] = "name: limit\nversion: v1\nvalue: 1 # with a remark\n";
	char sha[PACK_SHA_MAX];
	struct packs *packs = new_packs();
	assert_true(add(packs, text, NULL));
	sha256_hex(text, strlen(text), sha);
	const struct pack *pack = packs_at(packs, 0);
	assert_string_equal(pack->sha256, sha);
	assert_int_equal(pack->size, strlen(text));
	assert_memory_equal(pack->bytes, text, pack->size);
	packs_free(packs);
}

/* [P-2.3] A released pack never changes. */
static void other_bytes_of_the_same_version_are_refused(void **state)
{
	(void)state;
	struct err err;
	struct packs *packs = new_packs();
	assert_true(add(packs, "name: limit\nversion: v1\nvalue: 1\n", NULL));
	assert_true(add(packs, "name: limit\nversion: v1\nvalue: 1\n", NULL));
	assert_null(packs_at(packs, 1));
	assert_false(add(packs, "name: limit\nversion: v1\nvalue:  1\n", &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.message, "limit v1"));
	assert_string_equal(packs_at(packs, 0)->bytes, "name: limit\nversion: v1\nvalue: 1\n");
	packs_free(packs);
}

struct refusal {
	const char *text, *field, *why;
};

static void damaged_packs_name_themselves(void **state)
{
	(void)state;
	static const struct refusal rows[] = {
		{"name: limit\nversion: v1\nvalue: 0\n", "/value", "pack limit v1: value must be above 0"},
		{"name: limit\nversion: v7\n", "/value", "pack limit v7: value must be above 0"},
		{"version: v1\n", "/name", "needs a name"},
		{"name: ''\nversion: v1\n", "/name", "needs a name"},
		{"name: 5\nversion: v1\n", "/name", "needs a name"},
		{"name: limit\n", "/version", "pack limit needs a version like v1"},
		{"name: limit\nversion: 1\n", "/version", "like v1"},
		{"name: limit\nversion: v0\n", "/version", "like v1"},
		{"name: limit\nversion: v01\n", "/version", "like v1"},
		{"name: limit\nversion: v1.2\n", "/version", "like v1"},
		{"name: limit\nversion: 1v\n", "/version", "like v1"},
		{"name: limit\nversion: v123456789\n", "/version", "like v1"},
		{"[1]", "/name", "needs a name"},
		{"text", "/name", "needs a name"},
		{"name: [", "", "line 2"},
		{"", "", "empty"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err = {.kind = ERR_NONE};
		struct packs *packs = new_packs();
		assert_false(add(packs, rows[i].text, &err));
		assert_int_equal(err.kind, ERR_INVALID);
		assert_string_equal(err.field, rows[i].field);
		if (strstr(err.message, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].text, err.message);
		assert_null(packs_at(packs, 0));
		packs_free(packs);
	}
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[300];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void remove_files(const char *folder, const char *const *names)
{
	char path[300];
	for (; *names != NULL; names++) {
		snprintf(path, sizeof path, "%s/%s", folder, *names);
		unlink(path);
	}
	rmdir(folder);
}

static void a_folder_is_read(void **state)
{
	(void)state;
	static const char *const names[] = {"b.yaml", "a.yaml", "notes.txt", ".hidden.yaml", NULL};
	char folder[SCRATCH_PATH];
	struct err err;
	assert_true(scratch_make(folder, "packs", NULL));
	struct packs *packs = new_packs();
	assert_true(packs_add_folder(packs, "/nowhere/at/all", NULL));
	write_file(folder, "b.yaml", "name: limit\nversion: v1\nvalue: 1\n");
	write_file(folder, "a.yaml", "name: limit\nversion: v2\nvalue: 2\n");
	write_file(folder, "notes.txt", "no pack");
	write_file(folder, ".hidden.yaml", "no pack");
	assert_true(packs_add_folder(packs, folder, NULL));
	assert_non_null(packs_at(packs, 1));
	assert_null(packs_at(packs, 2));
	write_file(folder, "a.yaml", "name: limit\nversion: v2\nvalue: -2\n");
	struct packs *again = new_packs();
	assert_false(packs_add_folder(again, folder, &err));
	assert_non_null(strstr(err.message, "limit v2"));
	packs_free(again);
	packs_free(packs);
	remove_files(folder, names);
}

static void versions_are_listed(void **state)
{
	(void)state;
	struct arena arena;
	struct packs *packs = new_packs();
	arena_init(&arena, 1 << 12);
	assert_string_equal(packs_versions(packs, "limit", &arena), "none");
	assert_true(add(packs, "name: limit\nversion: v2\nvalue: 1\n", NULL));
	assert_true(add(packs, "name: limit\nversion: v1\nvalue: 1\n", NULL));
	assert_string_equal(packs_versions(packs, "limit", &arena), "v1, v2");
	arena_fini(&arena);
	packs_free(packs);
	packs_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_are_ordered_and_found),   cmocka_unit_test(a_kind_gives_the_c_form),
		cmocka_unit_test(the_hash_is_of_the_bytes),      cmocka_unit_test(other_bytes_of_the_same_version_are_refused),
		cmocka_unit_test(damaged_packs_name_themselves), cmocka_unit_test(a_folder_is_read),
		cmocka_unit_test(versions_are_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
