/*
 * The error of a run, while it is being told [flow.md 2.5]: what RFC 7807 asks for, as the DSL has it.
 * Thread: values.
 */
#ifndef CS_FLOW_DOMAIN_TROUBLE_H
#define CS_FLOW_DOMAIN_TROUBLE_H

#include <stdbool.h>

struct datum;
struct json;

/* X(enum name, NAME of the table in section 2.5, status) */
#define TROUBLES(X) \
	X(TROUBLE_CONFIGURATION, "configuration", 400) \
	X(TROUBLE_VALIDATION, "validation", 400) \
	X(TROUBLE_EXPRESSION, "expression", 400) \
	X(TROUBLE_AUTHENTICATION, "authentication", 401) \
	X(TROUBLE_AUTHORIZATION, "authorization", 403) \
	X(TROUBLE_TIMEOUT, "timeout", 408) \
	X(TROUBLE_COMMUNICATION, "communication", 500) \
	X(TROUBLE_RUNTIME, "runtime", 500)

enum trouble_kind {
#define X(name, text, status) name,
	TROUBLES(X)
#undef X
		TROUBLE_KINDS
};

struct trouble {
	enum trouble_kind kind;
	int status; /* 0: the kind's */
	bool final; /* trying again is of no use */
	char title[120];
	char detail[480]; /* "": none */
};

#define TROUBLE_BASE "https://serverlessworkflow.io/spec/1.0.0/errors/"

/* Fill in; returns false, so that a caller can `return trouble_set(…)`. */
bool trouble_set(struct trouble *trouble, enum trouble_kind kind, const char *title, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* {type, status, title, detail?, instance}.  `base` NULL: TROUBLE_BASE. */
struct datum *trouble_datum(const struct trouble *trouble, const char *base, const char *instance);

/* Has who failed said that trying again is of no use (retryable: false)? */
bool trouble_is_final(struct datum *error);

/* Are the types of two errors the same, by the alias table of section 2.5? */
bool trouble_same_type(const char *a, const char *b);

#endif
