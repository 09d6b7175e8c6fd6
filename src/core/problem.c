#include "core/problem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/jw.h"
#include "core/utf8.h"

enum { DETAIL_MAX = 4096 }; /* bytes of one detail: three faults at their longest are half of it */

struct problem problem_of(const struct err *err, const struct faults *faults)
{
	if (faults != NULL && faults->count > 0)
		return (struct problem){.kind = ERR_INVALID, .faults = faults};
	return (struct problem){
		.kind = err->kind, .detail = err->message, .pointer = err->field, .available = err->available};
}

/* How many faults the one sentence tells; the list has all of them. */
#define FAULTS_TOLD 3

/* A pointer holds names that the peer chose, of any length; what is wrong with them is ours and is never cut. */
static void tell_fault(struct buf *text, const struct fault *fault)
{
	size_t size = strlen(fault->pointer), kept = utf8_cut(fault->pointer, size, ERR_FIELD_MAX);
	if (size == 0)
		buf_adds(text, "The body");
	buf_add(text, fault->pointer, kept);
	if (kept < size)
		buf_adds(text, "…");
	buf_addf(text, "%s %s", isupper((unsigned char)*fault->message) ? ":" : "", fault->message);
}

static void end_sentence(struct buf *text)
{
	if (text->size > 0 && strchr(".!?", text->bytes[text->size - 1]) == NULL)
		buf_addc(text, '.');
}

static void tell_faults(struct buf *text, const struct faults *faults)
{
	size_t told = 0;
	if (faults->count > 1)
		buf_addf(text, "%zu members are not valid: ", faults->count);
	for (const struct fault *fault = faults->first; fault != NULL && told < FAULTS_TOLD; fault = fault->next, told++) {
		if (told > 0)
			buf_adds(text, "; ");
		tell_fault(text, fault);
	}
	if (told == 0)
		buf_adds(text, err_title(ERR_INVALID));
	end_sentence(text);
	if (told < faults->count)
		buf_adds(text, " All are in `errors`.");
}

/* What went wrong inside is for the log, not for the peer. */
static const char *detail_of(const struct problem *problem, struct buf *text)
{
	if (problem->faults != NULL && problem->faults->count > 0) {
		tell_faults(text, problem->faults);
		return buf_text(text);
	}
	if (err_status(problem->kind) == 500 || problem->detail == NULL || problem->detail[0] == '\0')
		return err_title(problem->kind);
	return problem->detail;
}

static void write_fault(struct jw *jw, const char *pointer, const char *code, const char *message)
{
	jw_object(jw);
	jw_member_str(jw, "pointer", pointer);
	jw_member_str(jw, "code", code);
	jw_member_str(jw, "message", message);
	jw_object_end(jw);
}

static void write_errors(struct jw *jw, const struct problem *problem, const char *detail)
{
	jw_key(jw, "errors");
	jw_array(jw);
	if (problem->faults != NULL)
		for (const struct fault *fault = problem->faults->first; fault != NULL; fault = fault->next)
			write_fault(jw, fault->pointer, fault->code, fault->message);
	else if (problem->pointer != NULL && problem->pointer[0] != '\0')
		write_fault(jw, problem->pointer, err_code(problem->kind), detail);
	jw_array_end(jw);
}

static void write_available(struct jw *jw, const char *list)
{
	char one[ERR_AVAILABLE_MAX];
	jw_key(jw, "available");
	jw_array(jw);
	for (const char *at = list; *at != '\0';) {
		size_t size = strcspn(at, ",");
		snprintf(one, sizeof one, "%.*s", (int)size, at);
		jw_str(jw, one);
		at += size;
		at += strspn(at, ", ");
	}
	jw_array_end(jw);
}

static void write_empty(struct jw *jw, const char *name, bool object)
{
	jw_key(jw, name);
	if (object) {
		jw_object(jw);
		jw_object_end(jw);
	} else {
		jw_array(jw);
		jw_array_end(jw);
	}
}

static void write_trace(struct jw *jw, const struct problem *problem)
{
	jw_key(jw, "trace");
	jw_object(jw);
	write_empty(jw, "inputs", true);
	write_empty(jw, "intermediates", true);
	write_empty(jw, "checks", false);
	write_empty(jw, "pack_metadata", true);
	jw_key(jw, "code_version");
	jw_object(jw);
	jw_member_str(jw, "version", problem->version);
	jw_member_str(jw, "git_sha", problem->git_sha);
	jw_object_end(jw);
	jw_member_str(jw, "route", problem->route);
	jw_member_str(jw, "request_id", problem->request_id);
	jw_object_end(jw);
}

void problem_write(struct jw *jw, const struct problem *problem)
{
	char type[80];
	struct buf text;
	buf_init(&text, DETAIL_MAX);
	const char *detail = detail_of(problem, &text);
	snprintf(type, sizeof type, "/docs/errors/%s", err_code(problem->kind));
	jw_object(jw);
	jw_member_str(jw, "type", type);
	jw_member_str(jw, "title", err_title(problem->kind));
	jw_member_int(jw, "status", err_status(problem->kind));
	jw_member_str(jw, "detail", detail);
	jw_member_str(jw, "instance", problem->instance);
	jw_member_str(jw, "code", err_code(problem->kind));
	write_errors(jw, problem, detail);
	if (problem->available != NULL && problem->available[0] != '\0')
		write_available(jw, problem->available);
	if (problem->extend != NULL)
		problem->extend(jw, problem->self);
	jw_member_str(jw, "request_id", problem->request_id);
	jw_key(jw, "result");
	jw_null(jw);
	write_empty(jw, "assumptions", false);
	write_empty(jw, "warnings", false);
	jw_member_int(jw, "confidence", 1);
	write_trace(jw, problem);
	jw_member_str(jw, "content_sha256", NULL);
	jw_member_str(jw, "inputs_sha256", NULL);
	jw_member_str(jw, "envelope_version", "1.0");
	jw_member_str(jw, "timestamp", problem->timestamp);
	jw_object_end(jw);
	buf_fini(&text);
}
