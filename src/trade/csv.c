#include "trade/csv.h"

#include <math.h>
#include <string.h>

#include "core/buf.h"
#include "core/num.h"
#include "core/stamp.h"

static void begin_cell(struct csv *csv)
{
	if (csv->begun)
		buf_addc(csv->out, ',');
	csv->begun = true;
}

void csv_text(struct csv *csv, const char *text)
{
	begin_cell(csv);
	if (text == NULL)
		return;
	/* a tab or a line end before it is dropped by some, so it counts as well */
	bool runs = text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL;
	if (!runs && text[strcspn(text, ",\"\r\n")] == '\0') {
		buf_adds(csv->out, text);
		return;
	}
	buf_adds(csv->out, runs ? "\"'" : "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_addc(csv->out, '"');
		buf_addc(csv->out, *text);
	}
	buf_addc(csv->out, '"');
}

void csv_number(struct csv *csv, double x)
{
	char text[NUM_TEXT_MAX];
	begin_cell(csv);
	if (!isnan(x))
		buf_add(csv->out, text, num_format(text, x));
}

void csv_time(struct csv *csv, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	csv_text(csv, text);
}

void csv_end(struct csv *csv)
{
	buf_adds(csv->out, "\r\n");
	csv->begun = false;
}
