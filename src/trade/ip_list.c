#include "trade/ip_list.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

/* An IPv4 address as the IPv6 address that maps it, so that there is one kind only. */
struct network {
	unsigned char bytes[16];
	int bits; /* that count */
};

static bool read_address(const char *text, struct network *network, int *own_bits)
{
	struct in_addr v4;
	if (inet_pton(AF_INET, text, &v4) == 1) {
		memset(network->bytes, 0, 10);
		memset(network->bytes + 10, 0xff, 2);
		memcpy(network->bytes + 12, &v4, 4);
		*own_bits = 32;
		return true;
	}
	*own_bits = 128;
	return inet_pton(AF_INET6, text, network->bytes) == 1;
}

static bool read_network(const char *text, struct network *network)
{
	char address[64];
	const char *slash = strchr(text, '/');
	size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text);
	int own_bits, bits, end = 0;
	if (size >= sizeof address)
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	if (!read_address(address, network, &own_bits))
		return false;
	bits = own_bits;
	if (slash != NULL && (sscanf(slash + 1, "%3d%n", &bits, &end) != 1 || slash[1 + end] != '\0'))
		return false;
	network->bits = 128 - own_bits + bits;
	return bits >= 0 && bits <= own_bits;
}

bool ip_list_valid(const char *text)
{
	struct network network;
	return read_network(text, &network);
}

bool ip_list_entry_holds(const char *entry, const char *address)
{
	struct network network, one;
	if (!read_network(entry, &network) || !read_network(address, &one))
		return false;
	for (int bit = 0; bit < network.bits; bit++) {
		int byte = bit / 8, mask = 0x80 >> bit % 8;
		if (((network.bytes[byte] ^ one.bytes[byte]) & mask) != 0)
			return false;
	}
	return true;
}

bool ip_list_holds(const struct json *list, const char *address)
{
	if (list == NULL)
		return true;
	for (uint32_t i = 0; i < list->count; i++)
		if (ip_list_entry_holds(list->items[i].text, address))
			return true;
	return false;
}

bool ip_list_text_holds(struct arena *arena, const char *text, const char *address)
{
	const struct json *list = NULL;
	return json_parse(arena, text, strlen(text), &json_body_limits, &list, NULL) && ip_list_holds(list, address);
}
