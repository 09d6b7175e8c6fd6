#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "core/utf8.h"

struct kind_row {
	const char *code;
	int status;
	const char *title;
	bool retryable;
};

static const struct kind_row kinds[ERR_KINDS] = {
#define X(name, code, status, title, retry) [name] = {code, status, title, retry},
#include "core/err_kinds.h"
#undef X
};

static const struct kind_row *row(enum err_kind kind)
{
	must((unsigned)kind < ERR_KINDS);
	return &kinds[kind];
}

const char *err_code(enum err_kind kind)
{
	return row(kind)->code;
}

int err_status(enum err_kind kind)
{
	return row(kind)->status;
}

const char *err_title(enum err_kind kind)
{
	return row(kind)->title;
}

bool err_retryable(enum err_kind kind)
{
	return row(kind)->retryable;
}

bool err_raise(struct err *err, enum err_kind kind, const char *file, int line, const char *field, const char *format,
			   ...)
{
	if (err == NULL)
		return false;
	err->kind = kind;
	err->file = file;
	err->line = line;
	err->available[0] = '\0';
	snprintf(err->field, sizeof err->field, "%s", field != NULL ? field : "");
	va_list args;
	va_start(args, format);
	vsnprintf(err->message, sizeof err->message, format, args);
	va_end(args);
	utf8_mend(err->message); /* what is quoted from outside need not be UTF-8, and a cut may fall inside a character */
	utf8_mend(err->field);
	return false;
}

void faults_init(struct faults *faults, struct arena *arena)
{
	*faults = (struct faults){.arena = arena, .end = &faults->first};
}

void faults_add(struct faults *faults, const char *pointer, const char *code, const char *format, ...)
{
	faults->count++;
	if (faults->count > FAULTS_MAX)
		return;
	struct fault *fault = arena_alloc(faults->arena, sizeof *fault);
	if (fault == NULL)
		return;
	char message[ERR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	utf8_mend(message);
	fault->pointer = arena_dup(faults->arena, pointer);
	fault->code = arena_dup(faults->arena, code);
	fault->message = arena_dup(faults->arena, message);
	if (fault->pointer == NULL || fault->code == NULL || fault->message == NULL)
		return;
	fault->next = NULL;
	*faults->end = fault;
	faults->end = &fault->next;
}
