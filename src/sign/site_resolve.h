/*
 * What is known of a site: gather what cache and providers say, then let sign.site decide.  A provider that fails, or
 * has no address in the configuration, is no error: the decision is made without it.  Private to src/sign.
 */
#ifndef CS_SIGN_SITE_RESOLVE_H
#define CS_SIGN_SITE_RESOLVE_H

#include <stddef.h>

#include "seal/op.h"
#include "sign/domain/site.h"
#include "sign/site_repo.h"

struct db;
struct err;
struct exchange;
struct faults;
struct sign_api;

struct site_resolving {
	struct exchange *x;
	struct sign_api *api;
	const char *account_id; /* whose cache */
	struct site_request request;
	/* of site_resolve */
	struct site_facts facts;
	struct op_answer answer;
	struct site_entry fresh[2]; /* to be kept */
	size_t fresh_count;
};

/* Resolve `request`; all memory is the exchange's arena.  False: *faults or *err, as of op_run.  May ask the network.
 */
bool site_resolve(struct site_resolving *resolving, struct faults *faults, struct err *err);

/* In an op: keep in the cache what providers said. */
bool site_keep(const struct site_resolving *resolving, struct db *db, struct err *err);

#endif
