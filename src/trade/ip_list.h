/*
 * Lists of addresses and networks that may call: "192.0.2.7", "192.0.2.0/24", "2001:db8::/32".  Thread: any.
 */
#ifndef CS_TRADE_IP_LIST_H
#define CS_TRADE_IP_LIST_H

#include <stdbool.h>

struct arena;
struct json;

/* Is it an address or a network? */
bool ip_list_valid(const char *text);

/* Does this entry hold the address?  An address that cannot be read is in no network. */
bool ip_list_entry_holds(const char *entry, const char *address);

/* The same for an array of texts; NULL holds everyone. */
bool ip_list_holds(const struct json *list, const char *address);

/* The same for a list as JSON text, as the store keeps it; one that cannot be read holds nobody. */
bool ip_list_text_holds(struct arena *arena, const char *text, const char *address);

#endif
