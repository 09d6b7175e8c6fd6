/*
 * The report of a sealed sign design: four pages of US letter, as PDF.
 *
 *   1 cover: project, what was designed, seal and its QR code, stamp
 *   2 elevation to scale
 *   3 design output: site, wind, pole, foundation, load cases, every check
 *   4 notes: assumptions, warnings, references, packs, identities
 *
 * A pure function of the struct: the same values give the same bytes.  It computes nothing: what is shown is what the
 * caller took from the seal.  Always four pages: long texts are wrapped and then cut with an ellipsis, long lists are
 * set smaller and then cut with a line that says how many more there are.
 *
 * Texts are UTF-8 of any length and may be NULL (shown as nothing, or as a dash where a value is expected); numbers
 * that are not known are NaN (a dash).  Nothing is kept after the call.  Thread: one at a time per fonts object.
 */
#ifndef CS_DRAW_REPORT_H
#define CS_DRAW_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/structure.h"

struct buf;
struct err;
struct fonts;

/* One line of a panel: `text` if given, else `number` with `decimals` (0 to 6), and its unit. */
struct report_item {
	const char *label;
	const char *text;
	double number;
	int decimals;
	const char *unit;
};

struct report_items {
	const struct report_item *items;
	size_t count;
};

/* One row of the load table.  Numbers that do not apply are NaN. */
struct report_load {
	const char *name; /* "Case A", "Poles", "ASD 0.6 W" */
	double force_lb, arm_ft, moment_lbft, torsion_lbft;
	const char *note;
	bool governing;
};

/* One check; see seal's check rows.  `group` (pole, foundation, …) heads the rows that follow with the same text. */
struct report_check {
	const char *group, *name, *unit, *reference;
	double demand, capacity;
	double utilization; /* NaN: none (nothing available) */
	bool pass, governing;
};

enum report_stamp_state {
	STAMP_NONE,
	STAMP_OPEN,
	STAMP_VALID,
	STAMP_STALE,
	STAMP_REJECTED,
};

/* The engineer's countersignature.  Only STAMP_VALID is shown as a stamp. */
struct report_stamp {
	enum report_stamp_state state;
	const char *signer, *licence; /* "PE 12345, TX, expires 2027-06-30" */
	const char *at;               /* ISO 8601 */
	const char *consent_version, *receipt;
};

struct report_pack {
	const char *name, *version, *sha256;
};

struct report_texts {
	const char *const *items;
	size_t count;
};

struct report {
	/* project */
	const char *project_name, *project_id, *project_number, *status;
	const char *customer, *site_name, *street, *description, *prepared_by;
	/* the seal */
	const char *seal_sha256;    /* names the seal: 64 hex digits */
	const char *content_sha256; /* of the result */
	const char *inputs_sha256;
	const char *seal_qr;      /* what the QR code says; NULL: seal_sha256 */
	const char *sealed_at;    /* UTC, "2026-11-21T04:15:00Z"; also the date of the document */
	const char *code_version; /* of the program that sealed it */
	const char *design_code;  /* "ASCE 7-16" */
	double confidence;        /* 0 to 1 */
	struct report_stamp stamp;
	/* cover */
	struct report_items summary; /* up to 10 are shown */
	/* elevation */
	struct structure structure;
	/* design output */
	struct report_items site, wind, pole, foundation;
	const struct report_load *loads;
	size_t load_count;
	const struct report_check *checks;
	size_t check_count;
	/* notes */
	struct report_texts assumptions, warnings, references;
	const struct report_pack *packs;
	size_t pack_count;
};

/* Append the PDF to `out`.  ERR_LIMIT when memory or the buffer's limit is not enough (`out` is then to be thrown
 * away).  Cost: about 10 ms, 60 to 120 kB. */
bool report_pdf(struct fonts *fonts, const struct report *report, struct buf *out, struct err *err);

#endif
