/*
 * From a request of sign.poles to a problem: what is refused beyond its field table, which metal and grades, which
 * sections.  For poles_op.c only.
 */
#ifndef CS_SIGN_DOMAIN_POLES_CHOICE_H
#define CS_SIGN_DOMAIN_POLES_CHOICE_H

#include "sign/domain/poles_search.h"
#include "sign/domain/section_catalog.h"

struct calc;

struct poles_choice {
	struct calc *calc;
	const struct poles_request *request;
	struct poles_problem problem;
	struct section_set set;
	enum section_standard standard;
	unsigned families;           /* that the metal and the grade have */
	const struct section **list; /* to check */
	size_t count;
};

/* The faults that no table knows; of a choice only calc and request are read. */
void poles_choice_check(struct poles_choice *choice);

/* Fill in all but calc and request.  False: refused (faults or err of calc), or abstained. */
bool poles_choose(struct poles_choice *choice);

/* Does the request name its section, or the segments of one pole? */
bool poles_names_sections(const struct poles_request *request);

#endif
