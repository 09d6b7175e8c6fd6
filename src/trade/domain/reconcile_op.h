/* trade.reconcile: domain/reconcile.h as an operation. */
#ifndef CS_TRADE_DOMAIN_RECONCILE_OP_H
#define CS_TRADE_DOMAIN_RECONCILE_OP_H

extern const struct op trade_reconcile_op;

#endif
