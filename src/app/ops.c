#include "app/ops.h"

#include <string.h>

#include "core/embedded.h"
#include "core/must.h"
#include "flow/flow.h"
#include "seal/op.h"
#include "seal/ops.h"
#include "seal/pack.h"
#include "sign/sign.h"
#include "trade/trade.h"

static void add_ops(struct app_ops *all, const struct op *const *ops, size_t count)
{
	must(all->count + count <= APP_OPS_MAX);
	memcpy(all->ops + all->count, ops, count * sizeof *ops);
	all->count += count;
}

static void add_kinds(struct app_ops *all, const struct pack_kind *const *kinds, size_t count)
{
	must(all->kinds_count + count <= APP_KINDS_MAX);
	memcpy(all->kinds + all->kinds_count, kinds, count * sizeof *kinds);
	all->kinds_count += count;
}

void app_ops_init(struct app_ops *all)
{
	*all = (struct app_ops){.count = 0};
	add_ops(all, (const struct op *const[]){&core_jcs_op}, 1);
	add_ops(all, sign_ops, sign_ops_count);
	add_ops(all, trade_ops, trade_ops_count);
	add_ops(all, flow_ops, flow_ops_count);
	add_kinds(all, sign_pack_kinds, sign_pack_kinds_count);
	add_kinds(all, trade_pack_kinds, trade_pack_kinds_count);
	add_kinds(all, flow_pack_kinds, flow_pack_kinds_count);
}

const struct op *app_ops_find(const struct app_ops *all, const char *name)
{
	return op_find(all->ops, all->count, name);
}

bool app_packs_open(const struct app_ops *all, const char *folder, struct packs **packs, struct err *err)
{
	struct packs *open = packs_new(all->kinds, all->kinds_count);
	bool added = true;
	for (const struct embedded *file = embedded_packs; added && file->name != NULL; file++)
		added = packs_add(open, file->bytes, file->size, false, err);
	if (added && (folder == NULL || packs_add_folder(open, folder, err))) {
		*packs = open;
		return true;
	}
	packs_free(open);
	return false;
}
