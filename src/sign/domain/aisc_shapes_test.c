#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "sign/domain/aisc_shapes.h"
#include "sign/domain/section_catalog.h"
#include "sign/domain/steel_bed.h"

#define HEAD \
	"Type,EDI_Std_Nomenclature,AISC_Manual_Label,T_F,W,A,d,bf,tw,tf,bf/2tf,h/tw,Ix,Zx,Sx,rx,Iy,Zy,Sy,ry,J,Cw," \
	"AISC_Manual_Label,W,A,d\r\n"
#define W30X99 \
	"W,W30X99,W30X99,F,99,29,29.7,10.5,0.52,0.67,7.8,51.9,3990,312,269,11.7,128,38.6,24.5,2.1,3.77,26800," \
	"W760X147,147,18700,754\r\n"
#define W8X18 \
	"W,W8X18,W8X18,F,18,5.26,8.14,5.25,0.23,0.33,7.95,29.9,61.9,17,15.2,3.43,7.97,4.66,3.04,1.23,0.172,122," \
	"W200X26.6,26.6,3390,207\r\n"
#define HSS \
	"HSS,HSS4X4X.25,HSS4X4X1/" \
	"4,F,12.21,3.37,\xe2\x80\x93,\xe2\x80\x93,-,\xe2\x80\x93,,,7.8,4.69,3.9,1.52,7.8,4.69,3.9," \
	"1.52,12.8,\x96,\"HSS101,6\",18,2170,\xe2\x80\x93\r\n"

struct import {
	bool done;
	struct buf yaml;
	struct aisc_counts counts;
	struct err err;
};

static struct import import(const char *csv)
{
	struct import i = {.err = {.kind = ERR_NONE}};
	buf_init(&i.yaml, 0);
	i.done = aisc_import(csv, strlen(csv), "v1", &i.yaml, &i.counts, &i.err);
	return i;
}

static void rows_are_counted_by_type_and_w_kept(void **state)
{
	(void)state;
	struct import i = import("\xef\xbb\xbf" HEAD W30X99 HSS W8X18 HSS ",,,\r\n");
	assert_true(i.done);
	assert_int_equal(i.counts.count, 2);
	assert_string_equal(i.counts.items[0].type, "W");
	assert_int_equal(i.counts.items[0].rows, 2);
	assert_string_equal(i.counts.items[1].type, "HSS");
	assert_int_equal(i.counts.items[1].rows, 2);
	assert_non_null(strstr(buf_text(&i.yaml), "- W30X99 99 29 29.7 10.5 0.52 0.67 3990 312 269 11.7 128 38.6 24.5 2.1 "
											  "3.77 26800 7.8 51.9\n"));
	struct import again = import("\xef\xbb\xbf" HEAD W30X99 HSS W8X18 HSS ",,,\r\n");
	assert_string_equal(buf_text(&i.yaml), buf_text(&again.yaml));
	buf_fini(&again.yaml);
	buf_fini(&i.yaml);
}

static void imported_shapes_extend_the_catalog(void **state)
{
	(void)state;
	struct import i = import(HEAD W30X99 W8X18);
	struct packs *packs = bed_packs();
	assert_true(packs_add(packs, buf_text(&i.yaml), i.yaml.size, true, &i.err));
	struct section_set set = bed_sections(packs), plain = set;
	set.imported = packs_find(packs, "aisc_shapes", NULL, NULL)->data;
	const struct section *w30 = section_find(&set, SECTION_A1085, section_key("w30x99"));
	assert_non_null(w30);
	assert_int_equal(w30->source, SECTION_IMPORTED);
	near(w30->zx_in3, 312, 0);
	near(w30->sx_in3, 269, 0);
	near(w30->ix_in4, 3990, 0);
	near(w30->cw_in6, 26800, 0);
	near(w30->h_t, 51.9, 0);
	assert_int_equal(section_find(&set, SECTION_A500, section_key("W8X18"))->source, SECTION_IMPORTED);
	assert_int_equal(section_find(&set, SECTION_A500, section_key("W8X21"))->source, SECTION_COMPUTED);
	const struct section *list[1000];
	size_t count = section_list(&set, SECTION_A500, SECTION_ALL, list);
	assert_int_equal(count, section_list(&plain, SECTION_A500, SECTION_ALL, list) + 1);
	count = section_list(&set, SECTION_A500, SECTION_ALL, list);
	for (size_t k = 1; k < count; k++)
		assert_true(section_compare(list[k - 1], list[k]) < 0);
	packs_free(packs);
	buf_fini(&i.yaml);
}

/* What the file does not have is computed from the dimensions. */
static void few_columns_are_enough(void **state)
{
	(void)state;
	struct import i = import("tf,tw,bf,d,A,W,AISC_Manual_Label,Type\n0.67,0.52,10.5,29.7,29,99,W30X99,W\n");
	assert_true(i.done);
	struct packs *packs = bed_packs();
	assert_true(packs_add(packs, buf_text(&i.yaml), i.yaml.size, true, &i.err));
	struct section_set set = {.shipped = packs_find(packs, "sections", NULL, NULL)->data,
							  .imported = packs_find(packs, "aisc_shapes", NULL, NULL)->data};
	const struct section *w30 = section_find(&set, SECTION_A500, section_key("W30X99"));
	near_share(w30->ix_in4, 3990, .01);
	near_share(w30->zx_in3, 312, .01);
	near_share(w30->j_in4, 3.77, .05);
	near_share(w30->cw_in6, 26800, .03);
	packs_free(packs);
	buf_fini(&i.yaml);
}

static void a_damaged_row_is_named_by_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *csv, *says;
	} cases[] = {
		{HEAD W30X99 "W,W8X18,W8X18,F,18,5.26,8.14,5.25,O.23,0.33\r\n", "line 3: tw is no number"},
		{HEAD "\r\n" W30X99 "W,W8X18,W8X18,F,18,5.26,8.14,5.25,,0.33\r\n", "line 4: tw is missing"},
		{HEAD W30X99 W30X99, "line 3: the shape stands twice"},
		{HEAD W30X99 "W,W8X18,HSS4X4X1/4,F,18,5.26,8.14,5.25,0.23,0.33\r\n", "line 3: the label"},
		{HEAD W30X99 "W,W8X18,W8X18,F,18,52.6,8.14,5.25,0.23,0.33\r\n", "line 3: d, bf, tw, tf and A"},
		{HEAD W30X99 "W,W8X18\r\n", "line 3: W is missing"},
		{HEAD W30X99 "hello,W8X18\r\n", "line 3: Type"},
		{HEAD "W,\"two\nlines\",W8X18,F,18,5.26,8.14,5.25,0.23,0.33\r\nW,,W8X21,F,-21,6,8,5,.2,.4\r\n",
		 "line 4: W is no number"},
		{HEAD W30X99 "W,\"W8X18", "line 3: a quoted field does not end"},
		{HEAD W30X99 "W,\"W8\"X18", "line 3: a quote ends inside a field"},
		{HEAD "HSS,x,HSS4X4X1/4,F,12.21,abc\n", "line 2: A is no number"},
		{HEAD HSS, "no W shape"},
		{"Type,AISC_Manual_Label,W,A,d,bf,tw\n", "line 1: the header has no column tf"},
		{"", "line 1: the header has no column Type"},
		{"Type,AISC_Manual_Label,W,W,A,d,bf,tw,tf\n", "line 1: the header has no column A"},
	};
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		struct import i = import(cases[k].csv);
		assert_false(i.done);
		assert_int_equal(i.err.kind, ERR_INVALID);
		if (strstr(i.err.message, cases[k].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", i.err.message, cases[k].says);
		assert_int_equal(i.yaml.size, 0);
		assert_int_equal(i.counts.count, 0);
		buf_fini(&i.yaml);
	}
}

/* The first list itself, written as a workbook, comes back as it was computed. */
static void the_first_list_survives_the_round(void **state)
{
	(void)state;
	struct packs *packs = bed_packs();
	struct section_set set = bed_sections(packs);
	const struct section *list[1000];
	size_t count = section_list(&set, SECTION_A500, 1u << SECTION_W, list);
	struct buf csv;
	buf_init(&csv, 0);
	buf_adds(&csv, "Type,AISC_Manual_Label,W,A,d,bf,tw,tf\n");
	for (size_t k = 0; k < count; k++)
		buf_addf(&csv, "W,%s,%g,%g,%g,%g,%g,%g\n", list[k]->designation, list[k]->weight_lb_ft, list[k]->area_in2,
				 list[k]->depth_in, list[k]->width_in, list[k]->tw_in, list[k]->tf_in);
	struct import i = import(buf_text(&csv));
	assert_true(i.done);
	assert_int_equal(i.counts.items[0].rows, count);
	assert_true(packs_add(packs, buf_text(&i.yaml), i.yaml.size, true, &i.err));
	struct section_set both = {set.shipped, packs_find(packs, "aisc_shapes", NULL, NULL)->data};
	for (size_t k = 0; k < count; k++) {
		const struct section *s = section_find(&both, SECTION_A500, list[k]->key);
		assert_int_equal(s->source, SECTION_IMPORTED);
		near_share(s->zx_in3, list[k]->zx_in3, 1e-12);
		near_share(s->j_in4, list[k]->j_in4, 1e-12);
	}
	buf_fini(&csv);
	buf_fini(&i.yaml);
	packs_free(packs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_counted_by_type_and_w_kept),
		cmocka_unit_test(imported_shapes_extend_the_catalog),
		cmocka_unit_test(few_columns_are_enough),
		cmocka_unit_test(a_damaged_row_is_named_by_its_line),
		cmocka_unit_test(the_first_list_survives_the_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
