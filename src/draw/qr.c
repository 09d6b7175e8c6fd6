#include "draw/qr.h"

#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUIET = 4,            /* modules, ISO/IEC 18004 section 5.3.8 */
	TEXT_MAX_BYTES = 500, /* a denser code is hard to read from paper */
};

/* Dark modules of one row, joined into runs: a renderer leaves hairlines between squares that only touch. */
static size_t row_boxes(const QRcode *code, int row, struct point corner, double module, struct box *boxes)
{
	size_t count = 0;
	const unsigned char *modules = code->data + (size_t)row * (size_t)code->width;
	for (int from = 0; from < code->width; from++) {
		int to = from;
		while (to < code->width && (modules[to] & 1) != 0)
			to++;
		if (to == from)
			continue;
		boxes[count++] = (struct box){corner.x + from * module, corner.y + row * module, (to - from) * module, module};
		from = to;
	}
	return count;
}

bool qr_draw(struct canvas *canvas, double x, double y, double side, const char *text, colour dark)
{
	if (text == NULL || text[0] == '\0' || strlen(text) > TEXT_MAX_BYTES)
		return false;
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (code == NULL)
		return false;
	size_t width = (size_t)code->width;
	struct box *boxes = calloc(width * width / 2 + width, sizeof *boxes);
	if (boxes != NULL) {
		double module = side / (code->width + 2 * QUIET);
		struct point corner = {x + QUIET * module, y + QUIET * module};
		size_t count = 0;
		for (int row = 0; row < code->width; row++)
			count += row_boxes(code, row, corner, module, boxes + count);
		canvas_boxes(canvas, boxes, count, &(struct ink){.fill = dark});
	}
	bool drawn = boxes != NULL;
	free(boxes);
	QRcode_free(code);
	return drawn;
}
