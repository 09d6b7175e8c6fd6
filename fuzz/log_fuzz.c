/* Whatever a value holds, an event is one line of valid UTF-8 without a control byte, and as JSON it parses [P-11.3].
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/log.h"
#include "core/must.h"
#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *line, size_t size)
{
	must(size > 0 && size <= LOG_LINE_MAX && line[size - 1] == '\n');
	must(utf8_valid(line, size));
	for (size_t i = 0; i + 1 < size; i++)
		must((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
}

static void check_json(const char *line, size_t size)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	const struct json *json = NULL;
	must(json_parse(&arena, line, size, &json_body_limits, &json, NULL));
	must(json_text(json, "value") != NULL);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[LOG_LINE_MAX];
	struct log_pair pairs[] = {log_str("msg", "event"), log_strn("value", (const char *)data, size)};
	size_t length = log_compose(line, LOG_FORMAT_LOGFMT, 0, LOG_LEVEL_INFO, pairs, 2);
	check_line(line, length);
	length = log_compose(line, LOG_FORMAT_JSON, 0, LOG_LEVEL_INFO, pairs, 2);
	check_line(line, length);
	/* The parser refuses U+0000, which the line may well hold. */
	if (size == 0 || memchr(data, 0, size < LOG_VALUE_MAX ? size : LOG_VALUE_MAX) == NULL)
		check_json(line, length);
	return 0;
}
