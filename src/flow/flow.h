/*
 * What the rest of the house sees of the workflow product: its pure operations.
 */
#ifndef CS_FLOW_FLOW_H
#define CS_FLOW_FLOW_H

#include <stddef.h>

struct op;

extern const struct op *const flow_ops[];
extern const size_t flow_ops_count;

#endif
