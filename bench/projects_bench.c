/*
 * Lists of 100,000 projects: a page of 50 without and with a search, from the first page and from the middle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "sign/project_fixture.h"
#include "sign/projects_repo.h"
#include "store/store.h"

enum { PROJECTS = 100000, BATCH = 1000, PAGE = 50, ROUNDS = 101 };

#define ACCOUNT "01900000-0000-7000-8000-00000000000a"

struct batch {
	struct project_fixture *f;
	int from;
	char middle[64];
};

static bool insert_batch(struct db *db, void *self, struct err *err)
{
	static const char *const cities[] = {"Dallas", "Tulsa", "Omaha", "Boise", "Reno"};
	struct batch *batch = self;
	for (int i = batch->from; i < batch->from + BATCH; i++) {
		char id[5 + ID_TEXT] = "proj_", name[64], customer[64], site[64];
		id_make(&batch->f->ids, id + 5);
		snprintf(name, sizeof name, "Pylon sign %d", i);
		snprintf(customer, sizeof customer, "Customer %d", i % 5000);
		snprintf(site, sizeof site, "%d Main St, %s", i % 900, cities[i % 5]);
		const struct project project = {.project_id = id,
										.account_id = ACCOUNT,
										.name = name,
										.customer = customer,
										.site_name = site,
										.version = 1,
										.status = (enum project_status)(i % PROJECT_STATUSES)};
		if (!project_insert(db, &project, err))
			return false;
		if (i == PROJECTS / 2)
			strcpy(batch->middle, id);
	}
	return true;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void measure(struct project_fixture *f, const char *label, const struct project_query *query)
{
	static struct project projects[PAGE];
	int64_t times[ROUNDS];
	size_t count = 0;
	struct err err;
	for (int i = 0; i < ROUNDS; i++) {
		struct db *db = store_read(f->store);
		int64_t begin = env_mono_us(env_real());
		must(projects_list(db, query, &f->arena, projects, &count, &err));
		times[i] = env_mono_us(env_real()) - begin;
		store_read_end(f->store, db);
		arena_reset(&f->arena);
	}
	qsort(times, ROUNDS, sizeof *times, by_time);
	printf("%-44s %3zu rows  median %8.3f ms  worst %8.3f ms\n", label, count, (double)times[ROUNDS / 2] / 1e3,
		   (double)times[ROUNDS - 1] / 1e3);
}

int main(void)
{
	void *state = NULL;
	struct err err;
	must(project_fixture_new(&state) == 0);
	struct batch batch = {.f = state};
	for (batch.from = 0; batch.from < PROJECTS; batch.from += BATCH)
		must(store_write(batch.f->store, insert_batch, &batch, &err));
	const struct project_query all = {.account_id = ACCOUNT, .status = -1, .limit = PAGE};
	struct project_query query = all;
	measure(batch.f, "the first page of 100,000", &query);
	query.before = batch.middle;
	measure(batch.f, "a page from the middle", &query);
	query.status = PROJECT_ACCEPTED;
	measure(batch.f, "a page from the middle, of one status", &query);
	query = all;
	query.text = "pylon 4711";
	measure(batch.f, "search: a word of all, a rare one", &query);
	query.text = "dallas";
	measure(batch.f, "search: a word of 20,000", &query);
	query.text = "pylon";
	measure(batch.f, "search: a word of all", &query);
	query.text = "main dal";
	measure(batch.f, "search: a word of all, a beginning of 20,000", &query);
	return project_fixture_free(&state);
}
