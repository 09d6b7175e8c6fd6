#include "trade/domain/hook_sources.h"

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "seal/pack.h"

static const struct field fields[] = {
	F_STR(hook_sources, name, REQUIRED),
	F_STR(hook_sources, version, REQUIRED),
	F_STR(hook_sources, effective_from, REQUIRED),
	F_STR(hook_sources, source),
	F_STRS(hook_sources, addresses, REQUIRED, COUNT(1, 1000)),
};
static const struct field_table table = FIELD_TABLE("hook_sources", hook_sources, fields);

static bool decode(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct hook_sources *sources = arena_new(arena, struct hook_sources);
	struct faults faults;
	faults_init(&faults, arena);
	if (sources == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!field_decode(&table, tree, sources, arena, "", &faults))
		return err_field(err, ERR_INVALID, faults.first != NULL ? faults.first->pointer : "", "%s",
						 faults.first != NULL ? faults.first->message : "no memory");
	*data = sources;
	return true;
}

const struct pack_kind trade_hook_sources_kind = {.name = "hook_sources", .decode = decode};
