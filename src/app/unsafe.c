#include "app/unsafe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/config.h"
#include "core/must.h"

struct list {
	struct unsafe *found;
	size_t count;
};

static void __attribute__((format(printf, 4, 5)))
add(struct list *list, bool refused, const char *mend, const char *format, ...)
{
	va_list args;
	must(list->count < UNSAFE_MAX);
	struct unsafe *unsafe = &list->found[list->count++];
	*unsafe = (struct unsafe){.refused = refused, .mend = mend};
	va_start(args, format);
	vsnprintf(unsafe->what, sizeof unsafe->what, format, args);
	va_end(args);
}

static bool is_loopback(const char *address)
{
	static const char *const starts[] = {"127.", "[::1]", "localhost", "unix:"};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (strncmp(address, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static void look_at_listen(struct list *list, const struct config *config)
{
	bool plain = !config->http.behind_proxy && config->http.tls_cert == NULL;
	for (size_t i = 0; i < config->listen.count && plain; i++)
		if (!is_loopback(config->listen.items[i])) {
			add(list, true,
				"write `http: {tls_cert: …, tls_key: …}`, or put a proxy that ends TLS in front and write `http: "
				"{behind_proxy: true}`",
				"plain HTTP on %.80s, which is no loopback address", config->listen.items[i]);
			return;
		}
}

static void look_at_folder(struct list *list, const struct config *config)
{
	struct stat st;
	if (stat(config->data, &st) == 0 && (st.st_mode & 077) != 0)
		add(list, true, "chmod 700 the data folder", "others may enter the data folder (mode %03o)",
			(unsigned)st.st_mode & 0777);
}

static void look_at_cors(struct list *list, const struct config *config)
{
	for (size_t i = 0; i < config->cors.allow.count; i++)
		if (strchr(config->cors.allow.items[i], '*') != NULL)
			add(list, true, "list each origin of `cors: {allow: […]}` in full", "cors.allow has a wildcard");
}

size_t unsafe_settings(const struct config *config, struct unsafe found[UNSAFE_MAX])
{
	struct list list = {.found = found};
	if (config->mode != MODE_PRODUCTION)
		return 0;
	look_at_listen(&list, config);
	look_at_folder(&list, config);
	look_at_cors(&list, config);
	if (config->public_url_made)
		add(&list, true, "write `public_url: https://…`: tokens and links name it", "public_url is not set");
	if (config->audit.checkpoint_dir == NULL)
		add(&list, false, "write `audit: {checkpoint_dir: …}`, on another machine",
			"audit.checkpoint_dir is not set: a cut tail of the chain could not be shown");
	return list.count;
}
