#include "draw/report.h"

#include "core/buf.h"
#include "core/err.h"
#include "draw/page.h"

static const struct {
	const char *name;
	void (*draw)(struct canvas *canvas, const struct report *report);
} pages[PAGE_COUNT] = {
	{"Cover", page_cover},
	{"Elevation", page_elevation},
	{"Design output", page_output},
	{"Notes", page_notes},
};

bool report_pdf(struct fonts *fonts, const struct report *report, struct buf *out, struct err *err)
{
	struct pdf_info info = {
		.width = PAGE_WIDTH,
		.height = PAGE_HEIGHT,
		.title = report->project_name,
		.author = report->prepared_by,
		.subject = "Structural calculation report of a sealed sign design",
		.keywords = report->seal_sha256,
		.created = report->sealed_at,
	};
	struct canvas *canvas = canvas_pdf(fonts, &info, out, err);
	if (canvas == NULL)
		return false;
	for (int i = 0; i < PAGE_COUNT; i++) {
		pages[i].draw(canvas, report);
		page_foot(canvas, report, i + 1);
		canvas_page(canvas, pages[i].name);
	}
	bool done = canvas_finish(canvas, err);
	canvas_free(canvas);
	return done;
}
