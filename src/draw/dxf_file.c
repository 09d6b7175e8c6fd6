#include "draw/dxf_impl.h"

/*
 * What stands around the entities: header, tables, blocks and objects, as little as readers of release 2018 insist on
 * (AutoCAD 2018 DXF reference).
 */

static void section(struct buf *out, const char *name)
{
	dxf_group(out, 0, "SECTION");
	dxf_group(out, 2, name);
}

static void variable(struct buf *out, const char *name, int code, const char *value)
{
	dxf_group(out, 9, name);
	dxf_group(out, code, value);
}

static void variable_point(struct buf *out, const char *name, double x, double y)
{
	dxf_group(out, 9, name);
	dxf_point(out, 10, x, y);
}

static void write_header(const struct dxf *dxf, struct box sheet, struct buf *out)
{
	section(out, "HEADER");
	variable(out, "$ACADVER", 1, "AC1032");
	variable(out, "$DWGCODEPAGE", 3, "ANSI_1252"); /* said by all; texts are UTF-8 since release 2007 */
	variable_point(out, "$INSBASE", 0, 0);
	variable_point(out, "$EXTMIN", sheet.x, sheet.y);
	variable_point(out, "$EXTMAX", sheet.x + sheet.width, sheet.y + sheet.height);
	dxf_group(out, 9, "$LTSCALE");
	dxf_number(out, 40, dxf->scale / 4);
	variable(out, "$TEXTSTYLE", 7, "Standard");
	variable(out, "$CLAYER", 8, "0");
	variable(out, "$LUNITS", 70, "4"); /* feet, inches and fractions */
	variable(out, "$MEASUREMENT", 70, "0");
	variable(out, "$INSUNITS", 70, "1"); /* inches */
	dxf_group(out, 9, "$HANDSEED");
	dxf_handle(out, 5, dxf->next);
	dxf_group(out, 0, "ENDSEC");
}

/* --- tables --- */

static void table(struct buf *out, const char *name, unsigned handle, int count)
{
	dxf_group(out, 0, "TABLE");
	dxf_group(out, 2, name);
	dxf_handle(out, 5, handle);
	dxf_handle(out, 330, 0);
	dxf_group(out, 100, "AcDbSymbolTable");
	dxf_whole(out, 70, count);
}

static void end_table(struct buf *out)
{
	dxf_group(out, 0, "ENDTAB");
}

static void record(struct buf *out, const char *type, unsigned handle, unsigned owner, const char *class,
				   const char *name)
{
	dxf_group(out, 0, type);
	dxf_handle(out, owner == DXF_DIMSTYLES ? 105 : 5, handle);
	dxf_handle(out, 330, owner);
	dxf_group(out, 100, "AcDbSymbolTableRecord");
	dxf_group(out, 100, class);
	dxf_group(out, 2, name);
	if (owner != DXF_RECORDS)
		dxf_whole(out, 70, 0);
}

static void write_vport(struct buf *out, struct box sheet)
{
	static const struct {
		int code;
		double value;
	} reals[] = {{10, 0}, {20, 0}, {11, 1}, {21, 1}, {13, 0}, {23, 0},  {14, .5}, {24, .5}, {15, .5}, {25, .5}, {16, 0},
				 {26, 0}, {36, 1}, {17, 0}, {27, 0}, {37, 0}, {42, 50}, {43, 0},  {44, 0},  {50, 0},  {51, 0}};
	static const int wholes[][2] = {{71, 0}, {72, 100}, {73, 1}, {74, 3}, {75, 0}, {76, 0}, {77, 0}, {78, 0}};
	table(out, "VPORT", DXF_VPORTS, 1);
	record(out, "VPORT", DXF_VPORT, DXF_VPORTS, "AcDbViewportTableRecord", "*Active");
	for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
		dxf_number(out, reals[i].code, reals[i].value);
	dxf_number(out, 12, sheet.x + sheet.width / 2);
	dxf_number(out, 22, sheet.y + sheet.height / 2);
	dxf_number(out, 40, sheet.height * 1.1);
	dxf_number(out, 41, sheet.width / sheet.height);
	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
		dxf_whole(out, wholes[i][0], wholes[i][1]);
	end_table(out);
}

/* Dashes in inches of paper, a gap negative. */
static const struct {
	const char *name, *shown;
	int count;
	double dashes[4];
} ltypes[] = {
	{"ByBlock", "", 0, {0}},
	{"ByLayer", "", 0, {0}},
	{"Continuous", "Solid line", 0, {0}},
	{"CENTER", "Center ____ _ ____ _ ____", 4, {1.25, -.25, .25, -.25}},
	{"HIDDEN", "Hidden __ __ __ __ __ __", 2, {.25, -.125}},
};
enum { LTYPES = sizeof ltypes / sizeof *ltypes };

static void write_ltypes(struct buf *out)
{
	table(out, "LTYPE", DXF_LTYPES, LTYPES);
	for (unsigned i = 0; i < LTYPES; i++) {
		double length = 0;
		for (int d = 0; d < ltypes[i].count; d++)
			length += ltypes[i].dashes[d] < 0 ? -ltypes[i].dashes[d] : ltypes[i].dashes[d];
		record(out, "LTYPE", DXF_LTYPE_FIRST + i, DXF_LTYPES, "AcDbLinetypeTableRecord", ltypes[i].name);
		dxf_group(out, 3, ltypes[i].shown);
		dxf_whole(out, 72, 65);
		dxf_whole(out, 73, ltypes[i].count);
		dxf_number(out, 40, length);
		for (int d = 0; d < ltypes[i].count; d++) {
			dxf_number(out, 49, ltypes[i].dashes[d]);
			dxf_whole(out, 74, 0);
		}
	}
	end_table(out);
}

/* Colours by their AutoCAD index; widths of lines in hundredths of a millimetre. */
static const struct {
	int index, width;
	const char *ltype;
} layers[DXF_LAYERS] = {
	[DXF_DIMS] = {3, 18, "Continuous"},  [DXF_TEXT] = {7, 25, "Continuous"},  [DXF_CENTER] = {1, 18, "CENTER"},
	[DXF_TITLE] = {7, 35, "Continuous"}, [DXF_REBAR] = {5, 50, "Continuous"}, [DXF_CONCRETE] = {8, 35, "Continuous"},
	[DXF_STEEL] = {4, 50, "Continuous"}, [DXF_GRID] = {9, 18, "CENTER"},
};

static void write_layer(struct buf *out, unsigned handle, const char *name, int index, int width, const char *ltype)
{
	record(out, "LAYER", handle, DXF_LAYER_TABLE, "AcDbLayerTableRecord", name);
	dxf_whole(out, 62, index);
	dxf_group(out, 6, ltype);
	dxf_whole(out, 370, width);
	dxf_handle(out, 390, DXF_PLOTSTYLE);
}

static void write_layers(struct buf *out)
{
	table(out, "LAYER", DXF_LAYER_TABLE, DXF_LAYERS + 1);
	write_layer(out, DXF_LAYER_FIRST, "0", 7, -3, "Continuous");
	for (unsigned i = 0; i < DXF_LAYERS; i++)
		write_layer(out, DXF_LAYER_FIRST + 1 + i, dxf_layer_names[i], layers[i].index, layers[i].width,
					layers[i].ltype);
	end_table(out);
}

static void write_style(struct buf *out)
{
	table(out, "STYLE", DXF_STYLES, 1);
	record(out, "STYLE", DXF_STYLE, DXF_STYLES, "AcDbTextStyleTableRecord", "Standard");
	dxf_number(out, 40, 0);
	dxf_number(out, 41, 1);
	dxf_number(out, 50, 0);
	dxf_whole(out, 71, 0);
	dxf_number(out, 42, 2.5);
	dxf_group(out, 3, "arial.ttf");
	dxf_group(out, 4, "");
	end_table(out);
}

static void write_small_tables(struct buf *out)
{
	table(out, "VIEW", DXF_VIEWS, 0);
	end_table(out);
	table(out, "UCS", DXF_UCSS, 0);
	end_table(out);
	table(out, "APPID", DXF_APPIDS, 1);
	record(out, "APPID", DXF_APPID, DXF_APPIDS, "AcDbRegAppTableRecord", "ACAD");
	end_table(out);
	table(out, "DIMSTYLE", DXF_DIMSTYLES, 1);
	dxf_group(out, 100, "AcDbDimStyleTable");
	record(out, "DIMSTYLE", DXF_DIMSTYLE, DXF_DIMSTYLES, "AcDbDimStyleTableRecord", "Standard");
	end_table(out);
}

static void write_record(struct buf *out, unsigned handle, const char *name, unsigned layout)
{
	record(out, "BLOCK_RECORD", handle, DXF_RECORDS, "AcDbBlockTableRecord", name);
	dxf_handle(out, 340, layout);
	dxf_whole(out, 70, 0);
	dxf_whole(out, 280, 1);
	dxf_whole(out, 281, 0);
}

static void write_tables(struct buf *out, struct box sheet)
{
	section(out, "TABLES");
	write_vport(out, sheet);
	write_ltypes(out);
	write_layers(out);
	write_style(out);
	write_small_tables(out);
	table(out, "BLOCK_RECORD", DXF_RECORDS, 2);
	write_record(out, DXF_MODEL, "*Model_Space", DXF_MODEL_LAYOUT);
	write_record(out, DXF_PAPER, "*Paper_Space", DXF_PAPER_LAYOUT);
	end_table(out);
	dxf_group(out, 0, "ENDSEC");
}

/* --- blocks --- */

static void block_end(struct buf *out, const char *type, unsigned handle, unsigned owner, bool paper)
{
	dxf_group(out, 0, type);
	dxf_handle(out, 5, handle);
	dxf_handle(out, 330, owner);
	dxf_group(out, 100, "AcDbEntity");
	if (paper)
		dxf_whole(out, 67, 1);
	dxf_group(out, 8, "0");
}

static void write_block(struct buf *out, unsigned owner, unsigned begin, unsigned end, const char *name)
{
	bool paper = owner == DXF_PAPER;
	block_end(out, "BLOCK", begin, owner, paper);
	dxf_group(out, 100, "AcDbBlockBegin");
	dxf_group(out, 2, name);
	dxf_whole(out, 70, 0);
	dxf_point(out, 10, 0, 0);
	dxf_group(out, 3, name);
	dxf_group(out, 1, "");
	block_end(out, "ENDBLK", end, owner, paper);
	dxf_group(out, 100, "AcDbBlockEnd");
}

static void write_blocks(struct buf *out)
{
	section(out, "BLOCKS");
	write_block(out, DXF_MODEL, DXF_MODEL_BEGIN, DXF_MODEL_END, "*Model_Space");
	write_block(out, DXF_PAPER, DXF_PAPER_BEGIN, DXF_PAPER_END, "*Paper_Space");
	dxf_group(out, 0, "ENDSEC");
}

/* --- objects --- */

static void dictionary(struct buf *out, const char *type, unsigned handle, unsigned owner)
{
	dxf_group(out, 0, type);
	dxf_handle(out, 5, handle);
	dxf_handle(out, 330, owner);
	dxf_group(out, 100, "AcDbDictionary");
	dxf_whole(out, 281, 1);
}

static void entry(struct buf *out, const char *name, unsigned handle)
{
	dxf_group(out, 3, name);
	dxf_handle(out, 350, handle);
}

static void write_plot(struct buf *out, bool model)
{
	static const struct {
		int code;
		double value;
	} reals[] = {{40, .25}, {41, .25}, {42, .25}, {43, .25}, {44, 17}, {45, 11}, {46, 0},
				 {47, 0},   {48, 0},   {49, 0},   {140, 0},  {141, 0}, {142, 1}, {143, 1}};
	dxf_group(out, 100, "AcDbPlotSettings");
	dxf_group(out, 1, "");
	dxf_group(out, 2, "none_device");
	dxf_group(out, 4, "ANSI_B_(17.00_x_11.00_Inches)");
	dxf_group(out, 6, "");
	for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
		dxf_number(out, reals[i].code, reals[i].value);
	dxf_whole(out, 70, model ? 1712 : 688);
	dxf_whole(out, 72, 0);
	dxf_whole(out, 73, 0);
	dxf_whole(out, 74, 5);
	dxf_group(out, 7, "");
	dxf_whole(out, 75, 16);
	dxf_number(out, 147, 1);
	dxf_whole(out, 76, 0);
	dxf_whole(out, 77, 2);
	dxf_whole(out, 78, 300);
	dxf_number(out, 148, 0);
	dxf_number(out, 149, 0);
}

static void write_layout(struct buf *out, unsigned handle, bool model, struct box sheet)
{
	dxf_group(out, 0, "LAYOUT");
	dxf_handle(out, 5, handle);
	dxf_handle(out, 330, DXF_LAYOUTS);
	write_plot(out, model);
	dxf_group(out, 100, "AcDbLayout");
	dxf_group(out, 1, model ? "Model" : "Layout1");
	dxf_whole(out, 70, 1);
	dxf_whole(out, 71, model ? 0 : 1);
	dxf_number(out, 10, 0);
	dxf_number(out, 20, 0);
	dxf_number(out, 11, 17);
	dxf_number(out, 21, 11);
	dxf_point(out, 12, 0, 0);
	dxf_point(out, 14, model ? sheet.x : 0, model ? sheet.y : 0);
	dxf_point(out, 15, model ? sheet.x + sheet.width : 17, model ? sheet.y + sheet.height : 11);
	dxf_number(out, 146, 0);
	dxf_point(out, 13, 0, 0);
	dxf_point(out, 16, 1, 0);
	dxf_point(out, 17, 0, 1);
	dxf_whole(out, 76, 0);
	dxf_handle(out, 330, model ? DXF_MODEL : DXF_PAPER);
}

static void write_objects(struct buf *out, struct box sheet)
{
	section(out, "OBJECTS");
	dictionary(out, "DICTIONARY", DXF_ROOT, 0);
	entry(out, "ACAD_GROUP", DXF_GROUPS);
	entry(out, "ACAD_LAYOUT", DXF_LAYOUTS);
	entry(out, "ACAD_PLOTSTYLENAME", DXF_PLOTSTYLES);
	dictionary(out, "DICTIONARY", DXF_GROUPS, DXF_ROOT);
	dictionary(out, "DICTIONARY", DXF_LAYOUTS, DXF_ROOT);
	entry(out, "Layout1", DXF_PAPER_LAYOUT);
	entry(out, "Model", DXF_MODEL_LAYOUT);
	dictionary(out, "ACDBDICTIONARYWDFLT", DXF_PLOTSTYLES, DXF_ROOT);
	entry(out, "Normal", DXF_PLOTSTYLE);
	dxf_group(out, 100, "AcDbDictionaryWithDefault");
	dxf_handle(out, 340, DXF_PLOTSTYLE);
	dxf_group(out, 0, "ACDBPLACEHOLDER");
	dxf_handle(out, 5, DXF_PLOTSTYLE);
	dxf_handle(out, 330, DXF_PLOTSTYLES);
	write_layout(out, DXF_MODEL_LAYOUT, true, sheet);
	write_layout(out, DXF_PAPER_LAYOUT, false, sheet);
	dxf_group(out, 0, "ENDSEC");
}

/* Classes of objects that a reader may not have built in. */
static void write_classes(struct buf *out)
{
	static const struct {
		const char *type, *name;
	} classes[] = {{"ACDBDICTIONARYWDFLT", "AcDbDictionaryWithDefault"}, {"ACDBPLACEHOLDER", "AcDbPlaceHolder"}};
	section(out, "CLASSES");
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		dxf_group(out, 0, "CLASS");
		dxf_group(out, 1, classes[i].type);
		dxf_group(out, 2, classes[i].name);
		dxf_group(out, 3, "ObjectDBX Classes");
		dxf_whole(out, 90, 0);
		dxf_whole(out, 91, 1);
		dxf_whole(out, 280, 0);
		dxf_whole(out, 281, 0);
	}
	dxf_group(out, 0, "ENDSEC");
}

void dxf_write(const struct dxf *dxf, struct box sheet, struct buf *out)
{
	_Static_assert(DXF_PAPER_LAYOUT < DXF_FIRST_ENTITY, "handles of the file are below those of entities");
	_Static_assert(LTYPES == DXF_LTYPE_LAST - DXF_LTYPE_FIRST + 1, "a handle for each type of line");
	write_header(dxf, sheet, out);
	write_classes(out);
	write_tables(out, sheet);
	write_blocks(out);
	section(out, "ENTITIES");
	buf_add(out, dxf->entities.bytes, dxf->entities.size);
	dxf_group(out, 0, "ENDSEC");
	write_objects(out, sheet);
	dxf_group(out, 0, "EOF");
}
