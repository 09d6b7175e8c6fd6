#include "seal/pack.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "crypt/digest.h"

enum { PACKS_MEMORY = 256 << 20 }; /* bytes: an imported grid of wind speeds is the largest thing */

struct packs {
	struct arena arena;
	const struct pack_kind *const *kinds;
	size_t kinds_count;
	struct pack **items; /* by name, then version */
	size_t count, room;
};

struct packs *packs_new(const struct pack_kind *const *kinds, size_t count)
{
	struct packs *packs = calloc(1, sizeof *packs);
	must(packs != NULL);
	arena_init(&packs->arena, PACKS_MEMORY);
	packs->kinds = kinds;
	packs->kinds_count = count;
	return packs;
}

void packs_free(struct packs *packs)
{
	if (packs == NULL)
		return;
	arena_fini(&packs->arena);
	free(packs->items);
	free(packs);
}

static unsigned long version_number(const char *version)
{
	return strtoul(version + (*version == 'v'), NULL, 10);
}

static int compare(const struct pack *a, const char *name, const char *version)
{
	int by_name = strcmp(a->name, name);
	if (by_name != 0)
		return by_name;
	unsigned long left = version_number(a->version), right = version_number(version);
	return left < right ? -1 : left > right;
}

static bool insert(struct packs *packs, struct pack *pack, struct err *err)
{
	size_t at = 0;
	while (at < packs->count && compare(packs->items[at], pack->name, pack->version) < 0)
		at++;
	if (at < packs->count && compare(packs->items[at], pack->name, pack->version) == 0) {
		if (strcmp(packs->items[at]->sha256, pack->sha256) == 0)
			return true;
		return err_set(err, ERR_CONFLICT, "pack %s %s exists with other bytes (SHA-256 %.12s…, not %.12s…)", pack->name,
					   pack->version, packs->items[at]->sha256, pack->sha256);
	}
	if (packs->count == packs->room) {
		packs->room = packs->room == 0 ? 16 : 2 * packs->room;
		packs->items = realloc(packs->items, packs->room * sizeof(struct pack *));
		must(packs->items != NULL);
	}
	memmove(packs->items + at + 1, packs->items + at, (packs->count - at) * sizeof(struct pack *));
	packs->items[at] = pack;
	packs->count++;
	return true;
}

static bool decode_kind(struct packs *packs, struct pack *pack, struct err *err)
{
	for (size_t i = 0; i < packs->kinds_count; i++) {
		struct err why = {.kind = ERR_NONE};
		if (strcmp(packs->kinds[i]->name, pack->name) != 0 ||
			packs->kinds[i]->decode(pack->tree, &packs->arena, &pack->data, &why))
			continue;
		return err_field(err, ERR_INVALID, why.field, "pack %s %s: %s", pack->name, pack->version, why.message);
	}
	return true;
}

/* A version is "v" and a number without leading zeros, so that names and order are one. */
static bool is_version(const char *text)
{
	return text != NULL && text[0] == 'v' && text[1] >= '1' && text[1] <= '9' && strlen(text) <= 9 &&
		   strspn(text + 1, "0123456789") == strlen(text + 1);
}

/* Names become parts of file names, so they hold nothing that means something in a path. */
static bool is_name(const char *text)
{
	return text != NULL && text[0] != '\0' && strlen(text) <= 60 &&
		   strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

bool packs_add(struct packs *packs, const char *bytes, size_t size, bool copy, struct err *err)
{
	struct pack *pack = arena_new(&packs->arena, struct pack);
	const char *kept = copy && pack != NULL ? arena_dupn(&packs->arena, bytes, size) : bytes;
	if (pack == NULL || kept == NULL)
		return err_set(err, ERR_LIMIT, "the packs need more than %d MiB", PACKS_MEMORY >> 20);
	pack->bytes = kept;
	pack->size = size;
	if (!yaml_parse(&packs->arena, bytes, size, &pack->tree, err))
		return false;
	pack->name = json_text(pack->tree, "name");
	pack->version = json_text(pack->tree, "version");
	pack->effective_from = json_text(pack->tree, "effective_from");
	pack->source = json_text(pack->tree, "source");
	if (!is_name(pack->name))
		return err_field(err, ERR_INVALID, "/name", "a pack needs a name of 1 to 60 small letters, digits and _");
	if (!is_version(pack->version))
		return err_field(err, ERR_INVALID, "/version", "pack %s needs a version like v1", pack->name);
	sha256_hex(bytes, size, pack->sha256);
	return decode_kind(packs, pack, err) && insert(packs, pack, err);
}

static bool read_file(const char *path, struct buf *buf, struct err *err)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return err_set(err, ERR_IO, "cannot read the pack %s: %m", path);
	char chunk[65536];
	size_t got;
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		buf_add(buf, chunk, got);
	bool whole = !ferror(file) && buf_ok(buf);
	fclose(file);
	return whole || err_set(err, ERR_IO, "cannot read the pack %s whole", path);
}

static int is_yaml(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);
	return entry->d_name[0] != '.' && size > 5 && strcmp(entry->d_name + size - 5, ".yaml") == 0;
}

bool packs_add_folder(struct packs *packs, const char *path, struct err *err)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_yaml, alphasort);
	bool added = true;
	for (int i = 0; i < count; i++) {
		struct buf buf;
		buf_init(&buf, PACKS_MEMORY);
		char file[4096];
		snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
		added = added && read_file(file, &buf, err) && packs_add(packs, buf_text(&buf), buf.size, true, err);
		buf_fini(&buf);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return added;
}

const struct pack *packs_at(const struct packs *packs, size_t index)
{
	return index < packs->count ? packs->items[index] : NULL;
}

static bool in_force(const struct pack *pack, const char *on_date)
{
	return on_date == NULL || pack->effective_from == NULL || strcmp(pack->effective_from, on_date) <= 0;
}

const struct pack *packs_find(const struct packs *packs, const char *name, const char *version, const char *on_date)
{
	const struct pack *found = NULL;
	for (size_t i = 0; i < packs->count; i++) {
		const struct pack *pack = packs->items[i];
		if (strcmp(pack->name, name) != 0)
			continue;
		if (version != NULL ? strcmp(pack->version, version) == 0 : in_force(pack, on_date))
			found = pack;
	}
	return found;
}

const char *packs_versions(const struct packs *packs, const char *name, struct arena *arena)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < packs->count; i++)
		if (strcmp(packs->items[i]->name, name) == 0)
			buf_addf(&text, "%s%s", text.size > 0 ? ", " : "", packs->items[i]->version);
	const char *copy = arena_dup(arena, text.size > 0 ? buf_text(&text) : "none");
	buf_fini(&text);
	return copy != NULL ? copy : "";
}
