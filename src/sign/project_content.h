/*
 * What clients send of a project's content, and what of it may be there.
 */
#ifndef CS_SIGN_PROJECT_CONTENT_H
#define CS_SIGN_PROJECT_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sign/projects_repo.h"

struct exchange;
struct field_table;

struct content {
	const char *name, *customer, *description, *site_name, *street;
	int status; /* -1: not given */
	const char *account_id, *project_id, *created_by;
	int64_t version;
};

extern const struct field_table content_create_table, content_update_table;

/* What the server sets may be sent back as it is, and no other way [P-5.3].  False: answered. */
bool content_own(struct exchange *x, const struct content *content, const struct project *own);

/* What is given takes the place of what is there; "" takes an optional text away. */
void content_lay_over(struct project *project, const struct content *content);

#endif
