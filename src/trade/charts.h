/*
 * A picture in answer to a request: drawn once and then remembered [trade.md 10].  Private to src/trade.
 */
#ifndef CS_TRADE_CHARTS_H
#define CS_TRADE_CHARTS_H

struct exchange;
struct field_table;
struct json;
struct op;

extern const struct field_table chart_view_table; /* of the answer that is no picture, for the document */

/*
 * Draw what `body` asks of the operation, or find what was drawn before, and answer: the picture where it is asked for,
 * else what it is and where.  status: of what was not there before.
 */
void chart_answer(struct exchange *x, const struct op *op, const struct json *body, int status);

#endif
