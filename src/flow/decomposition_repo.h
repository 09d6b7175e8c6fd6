/*
 * Decompositions in the store: a row each, and their nodes and dependencies as JSON arrays of some hundreds, which are
 * only added.  So a tree of 100,000 nodes is some hundred rows.
 */
#ifndef CS_FLOW_DECOMPOSITION_REPO_H
#define CS_FLOW_DECOMPOSITION_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

struct decomposition_row {
	const char *decomposition_id, *account_id, *goal, *strategy, *root_id, *created_by;
	const char *planner, *library, *state; /* JSON texts: what the planner did, and by what; NULL: there is none */
	int64_t max_depth, max_nodes, nodes_total, dependencies_total, parts, version, created_us, updated_us;
};

/* JSON arrays of nodes and of dependencies. */
struct decomposition_part {
	bool dependencies;
	const char *content;
};

bool decomposition_insert(struct db *db, const struct decomposition_row *row, struct err *err);

/* ERR_NOT_FOUND. */
bool decomposition_find(struct db *db, const char *account_id, const char *decomposition_id, struct arena *arena,
						struct decomposition_row *row, struct err *err);

/*
 * In an op: add parts to the row as it was read (row->version), and its new totals.  ERR_CONFLICT: somebody else added
 * meanwhile.
 */
bool decomposition_grow(struct db *db, struct decomposition_row *row, const struct decomposition_part *parts,
						size_t count, int64_t now_us, struct err *err);

/* All parts in their order. */
bool decomposition_parts(struct db *db, const char *decomposition_id, struct arena *arena,
						 struct decomposition_part **parts, size_t *count, struct err *err);

#endif
