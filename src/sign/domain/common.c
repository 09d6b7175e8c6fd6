#include "sign/domain/common.h"

#include "core/err.h"

const char *const sign_code_names[] = {"ASCE7-10", "ASCE7-16", "ASCE7-22", NULL};
const char *const sign_level_names[] = {"asd", "lrfd", NULL};

bool sign_pack_decode(const struct field_table *table, const struct json *tree, void *into, struct arena *arena,
					  struct err *err)
{
	struct faults faults;
	faults_init(&faults, arena);
	if (field_decode(table, tree, into, arena, "", &faults))
		return true;
	if (faults.first == NULL)
		return err_set(err, ERR_LIMIT, "the pack is too large");
	return err_field(err, ERR_INVALID, faults.first->pointer, "%s %s", faults.first->pointer, faults.first->message);
}
