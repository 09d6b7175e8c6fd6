/*
 * Base plates.  REF: AISC Design Guide 1 section 3.3; AISC Design Guide 1 section 3.4; AISC 360-22 J2.4; AISC 360-22
 * J3.7
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/domain/published_bed.h"

#include "sign/domain/baseplate_op.h"

/* clang-format off: one figure a line */
static const struct published_case cases[] = {
	{
		"AISC DG1 2nd ed. 4.1",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":20,\"l_in\":22,\"t_in\":1.75},\"column\":{\"shape\":\"w\",\"d_in\":12.7,"
		"\"b_in\":12.2},\"concrete\":{\"fc_psi\":3000},\"anchors\":{\"edge_in\":1.5},\"loads\":{\"P_kip\":700}}",
		{
			{"m_in", 4.97, CLOSED},
			{"n_in", 5.12, CLOSED},
			{"t_required_in", 1.6, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. 4.1 ASD",
		&sign_baseplate_op,
		"{\"level\":\"asd\",\"plate\":{\"w_in\":20,\"l_in\":22,\"t_in\":1.75},\"column\":{\"shape\":\"w\","
		"\"d_in\":12.7,\"b_in\":12.2},\"concrete\":{\"fc_psi\":3000},\"anchors\":{\"edge_in\":1.5},"
		"\"loads\":{\"P_kip\":430}}",
		{
			{"t_required_in", 1.54, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. 4.6",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":19,\"l_in\":19,\"t_in\":1.5},\"column\":{\"shape\":\"w\",\"d_in\":12.7,"
		"\"b_in\":12.2},\"concrete\":{\"fc_psi\":4000},\"anchors\":{\"edge_in\":1.5},\"loads\":{\"P_kip\":376,"
		"\"M_kipin\":940}}",
		{
			{"eccentricity_in", 2.5, CLOSED},
			{"e_crit_in", 5.02, CLOSED},
			{"y_in", 14, CLOSED},
			{"fp_ksi", 1.41, ROUNDED},
			{"t_required_in", 1.36, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. 4.7",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":20,\"l_in\":20,\"t_in\":2},\"column\":{\"shape\":\"w\",\"d_in\":12.7,\"b_in\":12.2},"
		"\"concrete\":{\"fc_psi\":4000},\"anchors\":{\"edge_in\":1.5},\"loads\":{\"P_kip\":376,"
		"\"M_kipin\":3600}}",
		{
			{"e_crit_in", 5.75, CLOSED},
			{"y_in", 12.6, ROUNDED},
			{"tension_kip", 181, ROUNDED},
		},
	},
	{
		"AISC DG1 3rd ed. 4.7-11",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":22,\"l_in\":24,\"t_in\":2,\"fy_ksi\":50},\"column\":{\"shape\":\"w\",\"d_in\":12.5,"
		"\"b_in\":12.1},\"concrete\":{\"fc_psi\":4000},\"anchors\":{\"edge_in\":2.75},\"loads\":{\"P_kip\":376,"
		"\"M_kipin\":3600}}",
		{
			{"e_crit_in", 8.13, CLOSED},
			{"y_in", 8.6, ROUNDED},
			{"tension_kip", 42, 0.015},
		},
	},
	{
		"AISC DG1 3rd ed. 4.7-1",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":18,\"l_in\":20,\"t_in\":1.5,\"fy_ksi\":50},\"column\":{\"shape\":\"w\",\"d_in\":12.1,"
		"\"b_in\":12},\"concrete\":{\"fc_psi\":4000},\"anchors\":{\"edge_in\":2},\"loads\":{\"P_kip\":700}}",
		{
			{"m_in", 4.25, CLOSED},
			{"n_in", 4.2, CLOSED},
			{"t_required_in", 1.25, ROUNDED},
		},
	},
	{
		"AISC DG1 appendix B, eng-tips 396465: no pull although e > N/6",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":20,\"l_in\":16,\"t_in\":2},\"column\":{\"d_in\":8},\"concrete\":{\"fc_psi\":4000},"
		"\"anchors\":{\"edge_in\":1.5},\"method\":\"triangular\",\"bearing_ksi\":2.224,"
		"\"loads\":{\"P_kip\":110.55,\"M_kipin\":564}}",
		{
			{"eccentricity_in", 5.102, CLOSED},
			{"y_in", 8.694, CLOSED},
			{"tension_kip", 0, ROUNDED},
		},
	},
	/* 268 kip for 267.75 in the formula of A, and T from the rounded A.  Its fp is at the .60 of its day. */
	{
		"AISC DG1 2nd ed. B.5.2: triangular, LRFD",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":14,\"l_in\":14,\"t_in\":1.25},\"column\":{\"shape\":\"w\",\"d_in\":8,\"b_in\":8},"
		"\"concrete\":{\"fc_psi\":3000,\"a2_over_a1\":4},\"anchors\":{\"edge_in\":1.5},\"method\":\"triangular\","
		"\"bearing_ksi\":3.06,\"loads\":{\"P_kip\":90,\"M_kipin\":720}}",
		{
			{"eccentricity_in", 8, CLOSED},
			{"y_in", 5.27, ROUNDED},
			{"fp_ksi", 3.06, CLOSED},
			{"m_in", 3.2, CLOSED},
		},
	},
	{
		"AISC DG1 2nd ed. B.5.2: triangular, ASD",
		&sign_baseplate_op,
		"{\"level\":\"asd\",\"plate\":{\"w_in\":14,\"l_in\":14,\"t_in\":1.25},\"column\":{\"shape\":\"w\","
		"\"d_in\":8,\"b_in\":8},\"concrete\":{\"fc_psi\":3000,\"a2_over_a1\":4},\"anchors\":{\"edge_in\":1.5},"
		"\"method\":\"triangular\",\"bearing_ksi\":2.04,\"loads\":{\"P_kip\":60,\"M_kipin\":480}}",
		{
			{"eccentricity_in", 8, CLOSED},
			{"y_in", 5.27, ROUNDED},
		},
	},
	{
		"CivilBay base plate, AISC DG1 (scribd 738723698): LC1",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":20,\"l_in\":20,\"t_in\":1.75},\"column\":{\"shape\":\"w\",\"d_in\":12.1,"
		"\"b_in\":12},\"concrete\":{\"fc_psi\":5200,\"a2_over_a1\":2.56},\"anchors\":{\"edge_in\":2},"
		"\"loads\":{\"P_kip\":100}}",
		{
			{":plate_bearing_side/utilization", .37, ROUNDED},
			{":bearing/utilization", .05, .1},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 0.75 in, F1554-36",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":0.75,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 14.4, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 0.75 in, F1554-36, ASD",
		&sign_baseplate_op,
		"{\"level\":\"asd\",\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":0.75,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 9.6, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 1 in, F1554-36",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":1,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 25.6, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 1 in, F1554-36, ASD",
		&sign_baseplate_op,
		"{\"level\":\"asd\",\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":1,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 17.1, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 1.25 in, F1554-36",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":1.25,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 40.0, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 1.25 in, F1554-36, ASD",
		&sign_baseplate_op,
		"{\"level\":\"asd\",\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":1.25,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 26.7, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 1.5 in, F1554-36",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":1.5,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 57.7, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 1.5 in, F1554-36, ASD",
		&sign_baseplate_op,
		"{\"level\":\"asd\",\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":1.5,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 38.4, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 2 in, F1554-36",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":2,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 103, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 2 in, F1554-36, ASD",
		&sign_baseplate_op,
		"{\"level\":\"asd\",\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":2,\"grade\":\"F1554-36\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 68.3, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 1 in, F1554-55",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":1,\"grade\":\"F1554-55\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 33.1, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.1: 1 in, F1554-105",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":24,\"l_in\":24,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"dia_in\":1,\"grade\":\"F1554-105\",\"edge_in\":3},\"loads\":{\"M_kipin\":100}}",
		{
			{":anchor_steel/capacity", 55.2, ROUNDED},
		},
	},
	{
		"AISC Manual 16, eq. 8-2a: 5/16 in fillet",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":20,\"l_in\":20,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"edge_in\":2},\"weld\":{\"size_in\":0.3125},\"loads\":{\"M_kipin\":100}}",
		{
			{":weld/capacity", 6.96, CLOSED},
		},
	},
	{
		"AISC Manual 16, eq. 8-2b: 5/16 in fillet",
		&sign_baseplate_op,
		"{\"level\":\"asd\",\"plate\":{\"w_in\":20,\"l_in\":20,\"t_in\":2},\"column\":{\"d_in\":10},"
		"\"anchors\":{\"edge_in\":2},\"weld\":{\"size_in\":0.3125},\"loads\":{\"M_kipin\":100}}",
		{
			{":weld/capacity", 4.64, CLOSED},
		},
	},
	{
		"AISC DG1 2nd ed. 4.6: bearing",
		&sign_baseplate_op,
		"{\"plate\":{\"w_in\":19,\"l_in\":19,\"t_in\":1.5},\"column\":{\"shape\":\"w\",\"d_in\":12.7,"
		"\"b_in\":12.2},\"concrete\":{\"fc_psi\":4000},\"anchors\":{\"edge_in\":1.5},\"loads\":{\"P_kip\":376,"
		"\"M_kipin\":940}}",
		{
			{"fp_max_ksi", 2.21, CLOSED},
		},
	},
};
/* clang-format on */

int main(void)
{
	return published_run("published plates", cases, sizeof cases / sizeof *cases);
}
