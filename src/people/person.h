/*
 * All that is known of a person, given out and taken away [P-7.8].  Handlers of users_api.c; private to src/people.
 * Another account's person is not there, as everywhere (manage.h).
 */
#ifndef CS_PEOPLE_PERSON_H
#define CS_PEOPLE_PERSON_H

#include "core/err.h"
#include "core/field.h"

struct exchange;

/* GET …/export: NDJSON, one object a row, each with its kind; recorded as user.export. */
void person_handle_export(struct exchange *x);

/* POST …/erase: one op; recorded as user.erase.  409 legal_hold takes only the name away. */
void person_handle_erase(struct exchange *x);

extern const struct field_table person_erase_table, person_erased_table;
extern const enum err_kind person_erase_errors[];

#endif
