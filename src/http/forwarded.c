#include "http/forwarded.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/exchange.h"

enum { MAPPED_BITS = 96, ADDRESS_BITS = 128 };

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* The bytes of an address; *base is how many bits of them its prefix length does not count. */
static bool parse_address(const char *text, unsigned char bytes[16], unsigned *base)
{
	struct in_addr v4;
	*base = 0;
	if (inet_pton(AF_INET6, text, bytes) == 1)
		return true;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	*base = MAPPED_BITS;
	memcpy(bytes, mapped, sizeof mapped);
	memcpy(bytes + sizeof mapped, &v4, sizeof v4);
	return true;
}

static bool parse_bits(const char *text, unsigned base, unsigned *bits)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 3 || text[digits] != '\0')
		return false;
	*bits = base + (unsigned)atoi(text);
	return *bits <= ADDRESS_BITS;
}

bool net_parse(const char *cidr, struct net *net)
{
	char address[INET6_ADDRSTRLEN];
	size_t size = strcspn(cidr, "/");
	struct net made = {.bits = ADDRESS_BITS};
	unsigned base;
	if (size >= sizeof address)
		return false;
	memcpy(address, cidr, size);
	address[size] = '\0';
	if (!parse_address(address, made.bytes, &base))
		return false;
	if (cidr[size] == '/' && !parse_bits(cidr + size + 1, base, &made.bits))
		return false;
	*net = made;
	return true;
}

static bool holds(const struct net *net, const unsigned char bytes[16])
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	if (memcmp(net->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || ((net->bytes[whole] ^ bytes[whole]) & (0xff00 >> rest & 0xff)) == 0;
}

bool net_holds(const struct net *net, const char *address)
{
	unsigned char bytes[16];
	unsigned base;
	return parse_address(address, bytes, &base) && holds(net, bytes);
}

static bool trusted(const struct proxies *proxies, const char *address)
{
	for (size_t i = 0; i < proxies->count; i++)
		if (net_holds(&proxies->nets[i], address))
			return true;
	return false;
}

/*
 * One hop as proxies write it: an address, an IPv6 one perhaps in brackets, either perhaps with a port.  In the form of
 * inet_ntop(), so that one client has one name.
 */
static bool read_hop(const char *text, size_t size, char hop[INET6_ADDRSTRLEN])
{
	char copy[64];
	unsigned char bytes[16];
	unsigned base;
	if (size == 0 || size >= sizeof copy)
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	char *address = copy, *colon = strchr(copy, ':');
	if (*copy == '[') {
		address++;
		address[strcspn(address, "]")] = '\0';
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		*colon = '\0';
	}
	if (!parse_address(address, bytes, &base))
		return false;
	bool four = memcmp(bytes, mapped, sizeof mapped) == 0;
	return inet_ntop(four ? AF_INET : AF_INET6, four ? bytes + sizeof mapped : bytes, hop, INET6_ADDRSTRLEN) != NULL;
}

static size_t trim(const char **text, size_t size)
{
	while (size > 0 && (**text == ' ' || **text == '\t')) {
		(*text)++;
		size--;
	}
	while (size > 0 && ((*text)[size - 1] == ' ' || (*text)[size - 1] == '\t'))
		size--;
	return size;
}

/* Go through one header line from its end.  False: the client was found, or what follows cannot be relied on. */
static bool walk(const struct proxies *proxies, const struct header *header, char peer[INET6_ADDRSTRLEN])
{
	const char *value = header->value;
	for (size_t end = header->value_size;;) {
		size_t start = end;
		while (start > 0 && value[start - 1] != ',')
			start--;
		const char *text = value + start;
		size_t size = trim(&text, end - start);
		char hop[INET6_ADDRSTRLEN];
		if (!read_hop(text, size, hop))
			return false;
		memcpy(peer, hop, sizeof hop);
		if (!trusted(proxies, hop))
			return false;
		if (start == 0)
			return true;
		end = start - 1;
	}
}

/* What the nearest proxy said last. */
static bool last_is_https(const struct header *header)
{
	const char *value = header->value, *comma = memrchr(value, ',', header->value_size);
	const char *text = comma != NULL ? comma + 1 : value;
	size_t size = trim(&text, header->value_size - (size_t)(text - value));
	return size == 5 && strncasecmp(text, "https", 5) == 0;
}

void forwarded_apply(const struct proxies *proxies, struct exchange *x)
{
	bool walking = true, told = false;
	if (proxies->count == 0 || x->local || !trusted(proxies, x->peer))
		return;
	for (size_t i = x->head.header_count; i-- > 0;) {
		const struct header *header = &x->head.headers[i];
		if (strcmp(header->name, "x-forwarded-for") == 0) {
			walking = walking && walk(proxies, header, x->peer);
		} else if (strcmp(header->name, "x-forwarded-proto") == 0 && !told) {
			told = true;
			x->secure = last_is_https(header);
		}
	}
}
