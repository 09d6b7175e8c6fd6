/*
 * A message to a chat of Telegram: the body of the Bot API's sendMessage, and what its answers mean.
 *
 * Pure.  Text goes without parse_mode, so that nothing in it is markup.  Described at core.telegram.org/bots/api,
 * "Making requests", "sendMessage" and "ResponseParameters".
 */
#ifndef CS_TRADE_DOMAIN_TELEGRAM_H
#define CS_TRADE_DOMAIN_TELEGRAM_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;
struct err;

/* The body, JSON. */
void telegram_message(const char *chat_id, const char *text, struct buf *out);

/*
 * What an answer of `status` means; `body` as it came, or "".  False: ERR_UNAVAILABLE, to be tried again (429, 408,
 * 5xx, and what no Bot API answers), *retry_after_s raised to what it asks for; ERR_INVALID, never to be (another 4xx:
 * the token is refused, there is no such chat, the bot was blocked).  The message holds its description.
 */
bool telegram_taken(struct arena *arena, int status, const char *body, int64_t *retry_after_s, struct err *err);

#endif
