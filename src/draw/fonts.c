#include "draw/fonts_impl.h"

#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangofc-fontmap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/embedded.h"
#include "core/err.h"
#include "core/must.h"

/* Ends with a NULL name. */
extern const struct embedded embedded_fonts[];

static const struct {
	const char *family;
	PangoWeight weight;
} face_rows[FACE_COUNT] = {
	[FACE_SANS] = {"IBM Plex Sans", PANGO_WEIGHT_NORMAL},
	[FACE_BOLD] = {"IBM Plex Sans", PANGO_WEIGHT_SEMIBOLD},
	[FACE_MONO] = {"IBM Plex Mono", PANGO_WEIGHT_NORMAL},
};

/* The font library opens fonts by path and caches by path for the life of the process: a memory file has one that no
 * other file can take while its descriptor is open, so these are opened once and never closed. */
static struct {
	pthread_once_t once;
	FcConfig *config;
	int error; /* errno of what failed, -1 when a file was no font */
} shelf = {.once = PTHREAD_ONCE_INIT};

static bool write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

/* The font library keeps its patterns by offsets, which a leak checker cannot follow: what its caches hold looks lost.
 * They do not grow: measured over hundreds of reports and of fonts_new. */
#if defined(__SANITIZE_ADDRESS__)
#define LEAK_CHECKER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAK_CHECKER 1
#endif
#endif
#ifdef LEAK_CHECKER
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}
#endif

static int add_font(FcConfig *config, const struct embedded *font)
{
	int fd = memfd_create(font->name, MFD_CLOEXEC);
	if (fd < 0 || !write_all(fd, font->bytes, font->size))
		return errno;
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return FcConfigAppFontAddFile(config, (const FcChar8 *)path) ? 0 : -1;
}

static void fill_shelf(void)
{
	FcConfig *config = FcConfigCreate();
	if (config == NULL) {
		shelf.error = ENOMEM;
		return;
	}
	for (const struct embedded *font = embedded_fonts; font->name != NULL && shelf.error == 0; font++)
		shelf.error = add_font(config, font);
	/* As the process's own, it also keeps the library from reading the machine's configuration and fonts. */
	if (shelf.error == 0 && !FcConfigSetCurrent(config))
		shelf.error = ENOMEM;
	shelf.config = config;
}

static bool open_face(struct fonts *fonts, enum typeface face)
{
	PangoFontDescription *description = pango_font_description_new();
	fonts->faces[face].description = description;
	pango_font_description_set_family_static(description, face_rows[face].family);
	pango_font_description_set_weight(description, face_rows[face].weight);
	pango_font_description_set_absolute_size(description, 10 * PANGO_SCALE);
	PangoFont *font = pango_font_map_load_font(fonts->map, fonts->context, description);
	if (font == NULL)
		return false;
	cairo_scaled_font_t *scaled = pango_cairo_font_get_scaled_font(PANGO_CAIRO_FONT(font));
	hb_face_t *hb = hb_font_get_face(pango_font_get_hb_font(font));
	unsigned upem = hb_face_get_upem(hb);
	hb_font_t *shaper = hb_font_create(hb);
	hb_font_set_scale(shaper, (int)upem, (int)upem);
	fonts->faces[face].shaper = shaper;
	fonts->faces[face].units_per_em = upem;
	for (int i = 0; i < KERN * KERN; i++)
		(&fonts->faces[face].kern[0][0])[i] = KERN_UNKNOWN;
	fonts->faces[face].cairo = cairo_font_face_reference(cairo_scaled_font_get_font_face(scaled));
	g_object_unref(font);
	return true;
}

/* Outlines only: no hinting and no rounding to pixels, which would depend on the machine's set-up. */
static void set_options(PangoContext *context)
{
	cairo_font_options_t *options = cairo_font_options_create();
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	cairo_font_options_destroy(options);
	pango_context_set_round_glyph_positions(context, FALSE);
	pango_context_set_language(context, pango_language_from_string("en"));
	pango_context_set_base_dir(context, PANGO_DIRECTION_LTR);
}

struct fonts *fonts_new(struct err *err)
{
	pthread_once(&shelf.once, fill_shelf);
	if (shelf.error > 0) {
		err_set(err, ERR_IO, "The fonts could not be put into memory: %s", strerror(shelf.error));
		return NULL;
	}
	struct fonts *fonts = calloc(1, sizeof *fonts);
	if (shelf.error < 0 || fonts == NULL) {
		free(fonts);
		err_set(err, ERR_INTERNAL, "The carried fonts cannot be read");
		return NULL;
	}
	fonts->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
	pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(fonts->map), shelf.config);
	fonts->context = pango_font_map_create_context(fonts->map);
	set_options(fonts->context);
	fonts->layout = pango_layout_new(fonts->context);
	fonts->buffer = hb_buffer_create();
	for (int face = 0; face < FACE_COUNT; face++)
		if (!open_face(fonts, (enum typeface)face)) {
			fonts_free(fonts);
			err_set(err, ERR_INTERNAL, "A carried font is missing");
			return NULL;
		}
	return fonts;
}

void fonts_free(struct fonts *fonts)
{
	if (fonts == NULL)
		return;
	for (int face = 0; face < FACE_COUNT; face++) {
		cairo_font_face_destroy(fonts->faces[face].cairo);
		hb_font_destroy(fonts->faces[face].shaper);
		pango_font_description_free(fonts->faces[face].description);
	}
	hb_buffer_destroy(fonts->buffer);
	g_object_unref(fonts->layout);
	g_object_unref(fonts->context);
	g_object_unref(fonts->map);
	free(fonts->glyphs);
	free(fonts);
}

/* Bytes of the good UTF-8 character at `at`, 0 when there is none. */
static size_t good_char(const char *at, size_t left)
{
	gunichar c = g_utf8_get_char_validated(at, (gssize)left);
	return c == (gunichar)-1 || c == (gunichar)-2 || c == 0 ? 0 : (size_t)g_utf8_skip[(unsigned char)*at];
}

const char *fonts_clean(struct fonts *fonts, const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd", ellipsis[] = "\xe2\x80\xa6";
	if (text == NULL)
		text = "";
	size_t left = strlen(text), used = 0;
	while (left > 0 && used < FONTS_TEXT_MAX - 4) {
		size_t n = good_char(text, left);
		bool control = n != 0 && g_unichar_iscntrl(g_utf8_get_char(text));
		const char *from = n == 0 ? replacement : control ? " " : text;
		size_t size = n == 0 ? 3 : control ? 1 : n;
		memcpy(fonts->text + used, from, size);
		used += size;
		n += n == 0;
		text += n;
		left -= n;
	}
	if (left > 0) {
		memcpy(fonts->text + used, ellipsis, 3);
		used += 3;
	}
	fonts->text[used] = '\0';
	return fonts->text;
}

/* Glyphs and advances of a text of one or two characters, by the shaper. */
static unsigned ask(struct fonts *fonts, const struct face *face, const uint32_t *characters, int count,
					uint32_t glyphs[4], int32_t advances[4])
{
	/* Text is searched and copied by its letters: no glyph stands for two of them. */
	static const hb_feature_t features[] = {
		{HB_TAG('l', 'i', 'g', 'a'), 0, 0, HB_FEATURE_GLOBAL_END},
		{HB_TAG('c', 'l', 'i', 'g'), 0, 0, HB_FEATURE_GLOBAL_END},
	};
	hb_buffer_clear_contents(fonts->buffer);
	hb_buffer_set_direction(fonts->buffer, HB_DIRECTION_LTR);
	hb_buffer_set_script(fonts->buffer, HB_SCRIPT_LATIN);
	hb_buffer_add_utf32(fonts->buffer, characters, count, 0, count);
	hb_shape(face->shaper, fonts->buffer, features, 2);
	unsigned got;
	const hb_glyph_info_t *infos = hb_buffer_get_glyph_infos(fonts->buffer, &got);
	const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(fonts->buffer, NULL);
	for (unsigned i = 0; i < got && i < 4; i++) {
		glyphs[i] = infos[i].codepoint;
		advances[i] = positions[i].x_advance;
	}
	return got;
}

static struct letter *slot_of(struct face *face, uint32_t character)
{
	if (character < DIRECT)
		return &face->direct[character];
	size_t at = (character * 2654435761u >> 16) % OTHERS;
	return &face->others[at]; /* a collision asks again, nothing worse */
}

static struct letter letter_of(struct fonts *fonts, struct face *face, uint32_t character)
{
	struct letter *letter = slot_of(face, character);
	if (letter->known && letter->character == character)
		return *letter;
	uint32_t glyphs[4] = {0};
	int32_t advances[4] = {0};
	unsigned count = ask(fonts, face, &character, 1, glyphs, advances);
	*letter = (struct letter){.character = character, .known = true};
	if (count == 1) {
		letter->glyph = glyphs[0];
		letter->advance = advances[0];
	}
	return *letter;
}

/* How much nearer (negative) or further the second of a pair stands, in font units. */
static int kern_of(struct fonts *fonts, struct face *face, uint32_t first, uint32_t second)
{
	uint32_t a = first - FIRST_KERN, b = second - FIRST_KERN;
	if (a >= KERN || b >= KERN)
		return 0;
	int16_t *kern = &face->kern[a][b];
	if (*kern != KERN_UNKNOWN)
		return *kern;
	uint32_t glyphs[4] = {0};
	int32_t advances[4] = {0};
	unsigned count = ask(fonts, face, (const uint32_t[]){first, second}, 2, glyphs, advances);
	*kern = count == 2 ? (int16_t)(advances[0] - letter_of(fonts, face, first).advance) : 0;
	return *kern;
}

/* Scripts whose letters join, reorder or run from right to left, and marks that combine, are not for us. */
static bool simple(uint32_t c)
{
	return c < 0x300 || (c >= 0x370 && c < 0x530) || (c >= 0x1e00 && c < 0x2c00);
}

bool fonts_plain(struct fonts *fonts, enum typeface face, const char *text)
{
	for (const char *at = text; *at != '\0'; at += g_utf8_skip[(unsigned char)*at]) {
		uint32_t c = g_utf8_get_char(at);
		if (c >= 0x80 && (!simple(c) || letter_of(fonts, &fonts->faces[face], c).glyph == 0))
			return false;
	}
	return true;
}

static bool make_room(struct fonts *fonts, size_t count)
{
	if (count <= fonts->glyph_room)
		return true;
	cairo_glyph_t *glyphs = reallocarray(fonts->glyphs, count * 2, sizeof *glyphs);
	if (glyphs == NULL)
		return false;
	fonts->glyphs = glyphs;
	fonts->glyph_room = count * 2;
	return true;
}

/* Font units are whole: a line's width does not depend on how it is summed. */
size_t fonts_shape(struct fonts *fonts, enum typeface which, double size, const char *text, double *width)
{
	struct face *face = &fonts->faces[which];
	double scale = size / face->units_per_em;
	size_t count = 0;
	long x = 0;
	uint32_t before = 0;
	for (const char *at = text; *at != '\0'; at += g_utf8_skip[(unsigned char)*at]) {
		uint32_t c = g_utf8_get_char(at);
		struct letter letter = letter_of(fonts, face, c);
		x += kern_of(fonts, face, before, c);
		if (!make_room(fonts, count + 1))
			break;
		fonts->glyphs[count++] = (cairo_glyph_t){.index = letter.glyph, .x = (double)x * scale};
		x += letter.advance;
		before = c;
	}
	*width = (double)x * scale;
	return count;
}

double fonts_plain_width(struct fonts *fonts, enum typeface which, double size, const char *text, size_t bytes)
{
	struct face *face = &fonts->faces[which];
	long x = 0;
	uint32_t before = 0;
	for (const char *at = text; at < text + bytes; at += g_utf8_skip[(unsigned char)*at]) {
		uint32_t c = g_utf8_get_char(at);
		x += kern_of(fonts, face, before, c) + letter_of(fonts, face, c).advance;
		before = c;
	}
	return (double)x * size / face->units_per_em;
}

PangoLayout *fonts_layout(struct fonts *fonts, enum typeface face, double size, const char *text, double width)
{
	PangoFontDescription *description = fonts->faces[face].description;
	pango_font_description_set_absolute_size(description, size * PANGO_SCALE);
	pango_layout_set_font_description(fonts->layout, description);
	pango_layout_set_single_paragraph_mode(fonts->layout, TRUE);
	pango_layout_set_width(fonts->layout, width > 0 ? (int)(width * PANGO_SCALE) : -1);
	pango_layout_set_wrap(fonts->layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_text(fonts->layout, text, -1);
	return fonts->layout;
}

double fonts_width(struct fonts *fonts, enum typeface face, double size, const char *text)
{
	const char *clean = fonts_clean(fonts, text);
	if (fonts_plain(fonts, face, clean))
		return fonts_plain_width(fonts, face, size, clean, strlen(clean));
	int units;
	pango_layout_get_size(fonts_layout(fonts, face, size, clean, 0), &units, NULL);
	return (double)units / PANGO_SCALE;
}
