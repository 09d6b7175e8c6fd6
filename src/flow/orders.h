/*
 * What people have ordered a run to do: kept in the store in the transaction of their request, carried out by the run's
 * next turn, so that an order that was answered is not lost.
 */
#ifndef CS_FLOW_ORDERS_H
#define CS_FLOW_ORDERS_H

#include <stdbool.h>

struct control;
struct db;
struct err;
struct id_maker;

/* In an op. */
bool orders_put(struct db *db, struct id_maker *ids, const char *run_id, const struct control *control,
				struct err *err);

#endif
