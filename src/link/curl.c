#include "link/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "link/ready.h"

static struct {
	pthread_once_t once;
	struct curl_table table;
	bool loaded;
	char why[256]; /* not */
} shelf = {.once = PTHREAD_ONCE_INIT};

static bool find(void *library, const char *name, void *function, size_t size)
{
	void *found = library != NULL ? dlsym(library, name) : NULL;
	if (found == NULL)
		return false;
	must(size == sizeof found);
	memcpy(function, &found, size);
	return true;
}

static void load(void)
{
	void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	shelf.loaded = true;
#define CURL_FIND(name) \
	shelf.loaded = shelf.loaded && find(library, #name, &shelf.table.name##_, sizeof shelf.table.name##_);
	CURL_FUNCTIONS(CURL_FIND)
#undef CURL_FIND
	if (!shelf.loaded) {
		const char *why = dlerror();
		snprintf(shelf.why, sizeof shelf.why, "%s", why != NULL ? why : "libcurl.so.4 lacks a function");
	}
}

bool curl_ready(struct err *err)
{
	must(pthread_once(&shelf.once, load) == 0);
	return shelf.loaded ||
		   err_set(err, ERR_UNAVAILABLE, "nobody can be asked over HTTP or by mail: %s (install libcurl4)", shelf.why);
}

const struct curl_table *curl_table(void)
{
	must(curl_ready(NULL));
	return &shelf.table;
}
