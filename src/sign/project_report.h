/*
 * The report of a project's newest sealed design, known by the digest of all it shows: drawn once, and the same bytes
 * come back for as long as nothing changed [sign.md 6].  Thread: any that may draw (5 ms); one at a time draws.
 */
#ifndef CS_SIGN_PROJECT_REPORT_H
#define CS_SIGN_PROJECT_REPORT_H

#include "core/buf.h"
#include "draw/report.h"
#include "seal/envelope.h"
#include "seal/seals.h"
#include "sign/projects_repo.h"
#include "sign/reports_repo.h"

struct arena;
struct design_owner;
struct sign_api;

enum { PROJECT_REPORT_PAGES = 4 };

struct project_report {
	struct project project; /* whose; filled by the caller, the rest here */
	struct report_stamp stamp;
	struct seal seal;
	struct report_row row;
	char snapshot_sha256[SHA256_HEX_SIZE];
	struct buf bytes;
	bool cached; /* it had been drawn, and its blob is there */
};

/* `r` is zeroed, with its project.  Free the bytes with buf_fini in any case. */
void project_report_init(struct project_report *r);

/* Read the seal and the stamp, and look for the row.  ERR_NO_PAYLOAD: there is nothing to draw. */
bool project_report_find(struct sign_api *api, struct arena *arena, struct project_report *r, struct err *err);

/* After finding: draw it where it is not there; its bytes where it is, if they are wanted. */
bool project_report_make(struct sign_api *api, struct arena *arena, struct project_report *r, bool bytes,
						 struct err *err);

/* Store the bytes that were drawn, before the row is. */
bool project_report_keep(struct sign_api *api, const struct project_report *r, struct err *err);

/* Whose design it is, for documents; with the stamp that was found. */
struct design_owner project_owner(const struct project_report *r);

/* {sha256, cached, download_url, pages, size} as JSON text in the arena. */
const char *project_report_json(const struct project_report *r, struct arena *arena);

/* Only the seal: for documents that show nothing else.  ERR_NO_PAYLOAD. */
bool project_seal_find(struct sign_api *api, const struct project *project, struct arena *arena, struct seal *seal,
					   struct err *err);

#endif
