#include "trade/domain/moment.h"

#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/stamp.h"
#include "seal/calc.h"

static const struct stamp_fault *parse(const char *text, int64_t *us)
{
	const struct stamp_fault *fault;
	size_t size = strlen(text);
	bool date = size < STAMP_DATE_TEXT;
	bool good = date ? stamp_parse_date(text, size, us, &fault) : stamp_parse(text, size, us, &fault);
	return good ? NULL : fault;
}

bool moment_read(struct calc *calc, const char *text, const char *pointer, int64_t *us)
{
	const struct stamp_fault *fault = text != NULL ? parse(text, us) : NULL;
	if (text != NULL && fault == NULL)
		return true;
	*us = FIELD_NO_INT;
	if (text == NULL)
		return false;
	calc_fault(calc, pointer, fault->code, "%s", fault->message);
	return false;
}

int64_t *moment_read_list(struct calc *calc, const char *const *texts, size_t count, const char *pointer)
{
	int64_t *us = arena_array(calc->arena, count, sizeof *us), latest = INT64_MIN;
	for (size_t i = 0; us != NULL && i < count; i++) {
		us[i] = FIELD_NO_INT;
		if (texts[i] == NULL)
			continue;
		const struct stamp_fault *fault = parse(texts[i], &us[i]);
		if (fault != NULL) {
			us[i] = FIELD_NO_INT;
			calc_fault(calc, field_pointer_index(calc->arena, pointer, i), fault->code, "%s", fault->message);
		} else if (us[i] < latest) {
			calc_fault(calc, field_pointer_index(calc->arena, pointer, i), "order",
					   "must not lie before the one before");
		} else {
			latest = us[i];
		}
	}
	return us;
}
