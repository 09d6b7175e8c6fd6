/*
 * One signed request of a terminal on its way [trade.md 4.2]: who it is, its nonce, and the three forms of an answer.
 * Every handler's own struct begins with a struct terminal.  Private to src/trade.
 *
 *     struct poll *p = terminal_start(x, sizeof *p);     on a worker; NULL: answered
 *     terminal_write(&p->terminal, part, answer);        part(terminal, db, err) in an op, then answer(terminal)
 *
 * `part` may refuse: what it did is undone, but the nonce stays used.  Every problem tells server_time.
 */
#ifndef CS_TRADE_TERMINAL_H
#define CS_TRADE_TERMINAL_H

#include "people/principal.h"
#include "trade/accounts.h"
#include "trade/deed.h"
#include "trade/devices.h"
#include "trade/tell.h"

struct terminal {
	struct deed deed; /* first */
	struct device device;
	struct principal principal; /* the device */
	const char *nonce;
	struct trading_account account; /* read before `part`, when the device has one */
	bool has_account, may_trade;    /* it is one at a broker: nothing of a paper account leaves [trade.md 12] */

	/* of terminal.c */
	bool (*part)(struct terminal *terminal, struct db *db, struct err *err);
	void (*answer)(struct terminal *terminal);
};

/* Are the headers of a device's signature there and well formed?  ERR_UNAUTHENTICATED; the problem tells server_time.
 */
bool terminal_signed(struct exchange *x, struct err *err);

/* No route is found: tell server_time below the paths of terminals. */
void terminal_astray(struct exchange *x);

/* An exit is never kept waiting by a rate. */
enum terminal_rate { TERMINAL_LIMITED, TERMINAL_EXIT };
void *terminal_start(struct exchange *x, size_t size, enum terminal_rate rate);

/* exchange_decode_query(), and exchange_decode_checked() with the terminal as self unless body is NULL.  False:
 * answered, and counted as an error. */
bool terminal_decode(struct terminal *terminal, void *query, void *body,
					 void (*more)(void *self, struct faults *faults));

void terminal_write(struct terminal *terminal, bool (*part)(struct terminal *terminal, struct db *db, struct err *err),
					void (*answer)(struct terminal *terminal));

/* A second op of one that was not answered yet: the nonce is spent already.  The clock is read anew. */
void terminal_again(struct terminal *terminal);

/*
 * Answer the result that `t` holds in the form that ?form= asks for.  A table's rows are those of the member `list`,
 * or with NULL the result itself; `columns` are its members, NULL-terminated.  The query must have been decoded.
 */
extern const char *const terminal_form_names[]; /* ends with NULL */
#define TERMINAL_FORM(s) \
	F_ENUM(s, form, terminal_form_names, DEFAULT(0), DOC("json: an envelope; flat: the result; tsv: lines of cells"))
extern const struct field_table terminal_sealed_table; /* a body of a device that encrypts, for the document */
#define TERMINAL_ANSWERS .flat = true, .result_other = &terminal_sealed_table
void terminal_answer(struct terminal *terminal, int status, struct telling *telling, const char *list,
					 const char *const *columns);

/* The broker's spelling of an instrument, by the account's map, and back; an unknown one is itself. */
const char *symbol_of(struct arena *arena, const struct trading_account *account, const char *instrument);

#endif
