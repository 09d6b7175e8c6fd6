/* A time that is accepted lies in range and comes back from its own text [P-8.12]. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/must.h"
#include "core/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t us, again;
	char text[STAMP_TEXT];
	const struct stamp_fault *fault = NULL;
	if (!stamp_parse((const char *)data, size, &us, &fault)) {
		must(fault != NULL);
		return 0;
	}
	must(us >= 0);
	stamp_format(text, us);
	must(stamp_parse(text, STAMP_LENGTH, &again, NULL) && again == us);
	return 0;
}
