#include "flow/domain/trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/utf8.h"
#include "flow/domain/datum.h"

static const struct {
	const char *name;
	int status;
} kinds[] = {
#define X(name, text, status) [name] = {text, status},
	TROUBLES(X)
#undef X
};

bool trouble_set(struct trouble *trouble, enum trouble_kind kind, const char *title, const char *format, ...)
{
	va_list args;
	*trouble = (struct trouble){.kind = kind};
	snprintf(trouble->title, sizeof trouble->title, "%s", title);
	va_start(args, format);
	vsnprintf(trouble->detail, sizeof trouble->detail, format, args);
	va_end(args);
	utf8_mend(trouble->title);
	utf8_mend(trouble->detail); /* a cut may fall inside of a character */
	return false;
}

struct datum *trouble_datum(const struct trouble *trouble, const char *base, const char *instance)
{
	struct buf text, type;
	struct jw jw;
	buf_init(&text, 0);
	buf_init(&type, 0);
	buf_addf(&type, "%s%s", base == NULL ? TROUBLE_BASE : base, kinds[trouble->kind].name);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "type", buf_text(&type));
	jw_member_int(&jw, "status", trouble->status > 0 ? trouble->status : kinds[trouble->kind].status);
	jw_member_str(&jw, "title", trouble->title);
	if (trouble->detail[0] != '\0')
		jw_member_str(&jw, "detail", trouble->detail);
	jw_member_str(&jw, "instance", instance);
	if (trouble->final)
		jw_member_bool(&jw, "retryable", false);
	jw_object_end(&jw);
	buf_fini(&type);
	return datum_take_buf(&text);
}

bool trouble_is_final(struct datum *error)
{
	const struct json *retryable = json_get(datum_tree(error), "retryable");
	return retryable != NULL && retryable->kind == JS_BOOL && !retryable->boolean;
}

/* The standard name that a type is another spelling of, or NULL. */
static const char *standard_name(const char *type)
{
	static const char *const prefixes[] = {
		TROUBLE_BASE,
		"https://serverlessworkflow.io/dsl/errors/types/",
		"https://serverlessworkflow.io/errors/types/",
		"https://serverlessworkflow.io.io/dsl/errors/types/",
		"https://open-workflow-specification.org/spec/1.0.0/errors/",
		"https://open-workflow-specification.org/dsl/errors/types/",
	};
	for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++) {
		size_t size = strlen(prefixes[p]);
		if (strncmp(type, prefixes[p], size) != 0)
			continue;
		for (size_t k = 0; k < TROUBLE_KINDS; k++)
			if (strcmp(type + size, kinds[k].name) == 0)
				return kinds[k].name;
	}
	return NULL;
}

bool trouble_same_type(const char *a, const char *b)
{
	const char *x = standard_name(a), *y = standard_name(b);
	return strcmp(a, b) == 0 || (x != NULL && x == y);
}
