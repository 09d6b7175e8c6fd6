#include "flow/domain/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdio.h>

enum { MATCHES_MAX = 1000000, DEPTH_MAX = 10000, HEAP_KIB_MAX = 4096 };

/* A struct regex is the library's code; nothing else is kept of it. */
struct regex *regex_new(const char *text, size_t size, char message[REGEX_MESSAGE_MAX])
{
	/* What ECMA-262 differs in: \uXXXX, $ at the very end only, empty classes, back references to groups not taken. */
	const uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
							 PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF;
	int code;
	PCRE2_SIZE offset;
	if (size > REGEX_SIZE_MAX) {
		if (message != NULL)
			snprintf(message, REGEX_MESSAGE_MAX, "must have at most %d bytes", REGEX_SIZE_MAX);
		return NULL;
	}
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (context != NULL)
		(void)pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)text, size, options, &code, &offset, context);
	pcre2_compile_context_free(context);
	if (compiled == NULL && message != NULL) {
		unsigned char reason[100] = "";
		(void)pcre2_get_error_message(code, reason, sizeof reason);
		snprintf(message, REGEX_MESSAGE_MAX, "%s at byte %zu", (const char *)reason, (size_t)offset);
	}
	return (struct regex *)compiled;
}

void regex_free(struct regex *regex)
{
	pcre2_code_free((pcre2_code *)regex);
}

static int match(const pcre2_code *code, const char *text, size_t size)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	int found = PCRE2_ERROR_NOMEMORY;
	if (data != NULL && context != NULL) {
		(void)pcre2_set_match_limit(context, MATCHES_MAX);
		(void)pcre2_set_depth_limit(context, DEPTH_MAX);
		(void)pcre2_set_heap_limit(context, HEAP_KIB_MAX);
		found = pcre2_match(code, (PCRE2_SPTR)text, size, 0, 0, data, context);
	}
	pcre2_match_context_free(context);
	pcre2_match_data_free(data);
	return found;
}

bool regex_found(const struct regex *regex, const char *text, size_t size, bool *bound)
{
	int found = match((const pcre2_code *)regex, text, size);
	if (bound != NULL)
		*bound = found < 0 && found != PCRE2_ERROR_NOMATCH;
	return found >= 0;
}
