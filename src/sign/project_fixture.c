#include "sign/project_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "flow/tasks_fixture.h"
#include "http/router.h"
#include "people/dead_letters.h"
#include "people/roles.h"
#include "sign/sign.h"
#include "store/blob.h"
#include "store/store.h"

#define LICENCE "{\"state\":\"TX\",\"number\":\"12345\",\"expires\":\"2027-06-30\"}"

/* Everybody but sam has a licence; only an engineer's counts. */
static const struct fixture_person people[] = {
	{"ann", "01900000-0000-7000-8000-000000000001", FIXTURE_ACCOUNT, ROLE_ENGINEER, .licence = LICENCE},
	{"pat", "01900000-0000-7000-8000-000000000002", FIXTURE_ACCOUNT, ROLE_PE, .licence = LICENCE},
	{"bob", "01900000-0000-7000-8000-000000000003", FIXTURE_ACCOUNT, ROLE_APPROVER, .licence = LICENCE},
	{"adam", "01900000-0000-7000-8000-000000000004", FIXTURE_ACCOUNT, ROLE_ADMIN | ROLE_OWNER, .licence = LICENCE},
	{"vic", "01900000-0000-7000-8000-000000000005", FIXTURE_ACCOUNT, ROLE_VIEWER, .licence = LICENCE},
	{"eve", "01900000-0000-7000-8000-000000000006", FIXTURE_OTHER, ROLE_ENGINEER, .licence = LICENCE},
	{"sam", "01900000-0000-7000-8000-000000000007", FIXTURE_ACCOUNT, ROLE_PE},
	{"max", "01900000-0000-7000-8000-000000000008", FIXTURE_ACCOUNT, ROLE_PE | ROLE_ENGINEER, .licence = LICENCE},
};

static bool fetch(void *self, const char *url, struct buf *body, struct err *err)
{
	struct project_fixture *f = self;
	const char *says = strstr(url, "geocode.test") != NULL ? f->geocodes : f->hazards;
	f->fetches++;
	snprintf(f->fetched, sizeof f->fetched, "%s", url);
	if (says == NULL)
		return err_set(err, ERR_UNAVAILABLE, "nobody answers");
	buf_adds(body, says);
	return true;
}

static int number_of(struct project_fixture *f, const char *key)
{
	int at = 0;
	while (at < PM_KEYS && f->pm_keys[at][0] != '\0' && strcmp(f->pm_keys[at], key) != 0)
		at++;
	must(at < PM_KEYS);
	snprintf(f->pm_keys[at], sizeof f->pm_keys[at], "%s", key);
	return at + 1;
}

static bool pm(void *self, const char *project_id, const char *body, struct buf *answer, struct err *err)
{
	struct project_fixture *f = self;
	f->pm_calls++;
	snprintf(f->pm_key, sizeof f->pm_key, "%s", project_id);
	if (f->pm_down)
		return err_set(err, ERR_UNAVAILABLE, "the PM system is down");
	if (f->pm_says != NULL)
		buf_adds(answer, f->pm_says);
	else
		buf_addf(answer, "{\"project_number\":\"PM-%d\"}", number_of(f, project_id));
	return strstr(body, "\"seal_sha256\"") != NULL;
}

static bool mail(void *self, const char *to, const char *subject, const char *text, struct err *err)
{
	struct project_fixture *f = self;
	f->mails++;
	must(to[0] != '\0' && subject[0] != '\0' && text[0] != '\0');
	return !f->mail_down || err_set(err, ERR_UNAVAILABLE, "no mail today");
}

static void open_sign(struct project_fixture *f, bool require_stamp, bool with_pm)
{
	const struct sign_api_options options = {.store = f->store,
											 .blobs = f->blobs,
											 .packs = f->packs,
											 .env = &f->env.env,
											 .ids = &f->ids,
											 .audit = &f->audit,
											 .countersign = f->desk.countersign,
											 .outbox = f->desk.outbox,
											 .version = "1.2.3",
											 .git_sha = "abc",
											 .geocoder_url = "https://geocode.test/json",
											 .geocoder_key = "secret",
											 .hazard_url = "https://hazard.test/?v=1",
											 .fetch = fetch,
											 .fetch_self = f,
											 .require_stamp = require_stamp,
											 .pm = with_pm ? pm : NULL,
											 .pm_self = f,
											 .search = f->search,
											 .search_self = f->search_self,
											 .mail = mail,
											 .mail_self = f};
	f->sign = sign_api_open(&options);
	struct router *router = router_new();
	sign_api_add(router, f->sign);
	dead_letters_free(f->letters);
	f->letters = dead_letters_new(f->store, (const unsigned char[32]){0});
	const struct tasks_fixture_options tasks = {.store = f->store,
												.env = &f->env.env,
												.ids = &f->ids,
												.audit = &f->audit,
												.outbox = f->desk.outbox,
												.part = sign_flow_part(f->sign)};
	f->tasks = tasks_fixture_open(&tasks);
	tasks_fixture_add(f->tasks, router, f->letters);
	dead_letters_add_routes(router, f->letters);
	people_fixture_serve(&f->people, router);
}

void fixture_reopen(struct project_fixture *f, bool require_stamp, bool with_pm)
{
	tasks_fixture_close(f->tasks);
	sign_api_close(f->sign);
	countersign_fixture_renew(&f->desk);
	open_sign(f, require_stamp, with_pm);
}

int project_fixture_new(void **state)
{
	struct project_fixture *f = calloc(1, sizeof *f);
	struct err err;
	must(f != NULL);
	people_fixture_open(&f->people, "projects", people, sizeof people / sizeof *people, sign_pack_kinds,
						sign_pack_kinds_count);
	countersign_fixture_open(&f->desk, f->store, &f->env.env, &f->ids, &f->audit);
	const struct blobs_options blobs = {.folder = f->folder};
	must(blobs_open(&blobs, &f->blobs, &err));
	open_sign(f, false, true);
	*state = f;
	return 0;
}

int project_fixture_free(void **state)
{
	struct project_fixture *f = *state;
	tasks_fixture_close(f->tasks);
	sign_api_close(f->sign);
	dead_letters_free(f->letters);
	blobs_close(f->blobs);
	store_close(f->store);
	f->store = NULL;
	countersign_fixture_close(&f->desk);
	people_fixture_close(&f->people);
	free(f);
	return 0;
}

void fixture_work(struct project_fixture *f)
{
	tasks_fixture_work(f->tasks);
}

int fixture_ask(struct project_fixture *f, const char *who, const char *method, const char *target, const char *body,
				const char *const *headers)
{
	return people_fixture_ask(&f->people, who, method, target, body, headers);
}
