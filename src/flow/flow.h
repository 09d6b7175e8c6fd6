/*
 * What the rest of the house sees of the workflow product: its pure operations and kinds of packs.
 */
#ifndef CS_FLOW_FLOW_H
#define CS_FLOW_FLOW_H

#include <stddef.h>

struct op;
struct pack_kind;

extern const struct op *const flow_ops[];
extern const size_t flow_ops_count;
extern const struct pack_kind *const flow_pack_kinds[];
extern const size_t flow_pack_kinds_count;

#endif
