/*
 * A product as runs meet it: two effect operations [flow.md 2.7] over a sequence in the store.  `sim.count` takes the
 * next number, in the transaction of its result; `sim.tell` asks the network under its effect key, and takes the next
 * number with what came of it.  Done twice, or not at all, either shows in the numbers of all that follow.
 */
#ifndef CS_SIM_FLOW_HOUSE_H
#define CS_SIM_FLOW_HOUSE_H

#include "flow/flow.h"

struct net;

struct flow_part house_part(struct net *net);

#endif
