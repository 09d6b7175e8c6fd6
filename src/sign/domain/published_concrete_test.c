/*
 * Anchors.  REF: ACI 318-19 section 17.6.1; ACI 318-19 section 17.6.2; ACI 318-19 section 17.6.3; ACI 318-19 section
 * 17.7.2; ACI 318-19 section 17.7.3
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/domain/published_bed.h"

#include "sign/domain/anchors_op.h"

/* clang-format off: one figure a line */
static const struct published_case cases[] = {
	{
		"ACI 349.2R-07, A1",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.5,\"hef_in\":4.69,\"abrg_in2\":0.589},"
		"\"edges\":{\"cx1_in\":12,\"cy1_in\":12,\"thickness_in\":18}}",
		{
			{"nb_lb", 15417, CLOSED},
			{"ncb_lb", 15417, CLOSED},
			{"np_lb", 18848, CLOSED},
		},
	},
	{
		"ACI 349.2R-07, A3",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.625,\"hef_in\":6.63,\"abrg_in2\":0.92},"
		"\"edges\":{\"cx1_in\":12,\"cy1_in\":20,\"cy2_in\":20,\"thickness_in\":18}}",
		{
			{"ncb_lb", 25912.6, CLOSED},
			{"np_lb", 29440, CLOSED},
			{"vcp_lb", 51825, CLOSED},
			{"vcb_lb", 22052.5025, CLOSED},
		},
	},
	{
		"ACI 349.2R-07, A2",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.5,\"hef_in\":3.06},\"edges\":{\"cx1_in\":10,\"cy1_in\":18,"
		"\"cy2_in\":18,\"thickness_in\":18}}",
		{
			{"vcp_lb", 16250, CLOSED},
			{"vcb_lb", 14222.075, CLOSED},
		},
	},
	{
		"ACI 349.2R-07, A4",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1.125,\"grade\":\"F1554-105\",\"hef_in\":17.57,"
		"\"abrg_in2\":4.068}}",
		{
			{"ase_in2", 0.763, CLOSED},
			{"nsa_lb", 95400, CLOSED},
			{"nb_lb", 120163, CLOSED},
			{"np_lb", 130190, CLOSED},
		},
	},
	{
		"PCA Notes 318-08, example 34.2",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.5,\"hef_in\":4.5},\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":6,"
		"\"sy_in\":6},\"edges\":{\"cx1_in\":3}}",
		{
			{"anc_in2", 307, CLOSED},
			{"anco_in2", 182, ROUNDED},
			{"psi_ed_n", 0.83, ROUNDED},
			{"nb_lb", 14490, CLOSED},
		},
	},
	{
		"AISC DG1 2nd ed. 4.5",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"cracked\":false,\"anchor\":{\"dia_in\":0.875,\"hef_in\":12},\"layout\":{\"nx\":2,"
		"\"ny\":2,\"sx_in\":4,\"sy_in\":4}}",
		{
			{"anc_in2", 1600, CLOSED},
			{"phi_ncb_lb", 68800, ROUNDED},
		},
	},
	{
		"AISC DG1 3rd ed. 4.7-3",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.875,\"hef_in\":15},\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":4,"
		"\"sy_in\":4}}",
		{
			{"anc_in2", 2400, CLOSED},
			{"anco_in2", 2030, ROUNDED},
			{"phi_nsa_lb", 80400, ROUNDED},
			{"phi_np_lb", 26700, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.2: 0.75 in",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.75,\"hef_in\":24}}",
		{
			{"phi_np_lb", 20300, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.2: 1 in",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1,\"hef_in\":24}}",
		{
			{"phi_np_lb", 33600, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.2: 1.25 in",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1.25,\"hef_in\":24}}",
		{
			{"phi_np_lb", 50200, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.2: 1.5 in",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1.5,\"hef_in\":24}}",
		{
			{"phi_np_lb", 70100, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.2: 1.75 in",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1.75,\"hef_in\":24}}",
		{
			{"phi_np_lb", 93400, ROUNDED},
		},
	},
	{
		"AISC DG1 2nd ed. table 3.2: 2 in",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":2,\"hef_in\":24}}",
		{
			{"phi_np_lb", 120000, ROUNDED},
		},
	},
	{
		"Hilti design guide Oct 2025, p 86",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.75,\"hef_in\":5.75,\"kc\":21},"
		"\"layout\":{\"nx\":4,\"ny\":4,\"sx_in\":9,\"sy_in\":6},\"edges\":{\"cy1_in\":8}}",
		{
			{"anc_in2", 1532.16, CLOSED},
			{"psi_ed_n", 0.978, CLOSED},
			{"nb_lb", 18313, CLOSED},
			{"ncb_lb", 92221, CLOSED},
			{"phi_ncb_lb", 59943, CLOSED},
			{"vcp_lb", 184442, CLOSED},
			{"phi_vcp_lb", 129109, CLOSED},
		},
	},
	/* Shallower than 2.5 in: kcp 1.  The spacing is that of its ANc, 105.58 in2. */
	{
		"Clearview CVGR 1001 guide, anchor calculation p 6: hef 2.375 in",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.375,\"hef_in\":2.375},"
		"\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":3.15,\"sy_in\":3.15},\"loads\":{\"V_kip\":0.46}}",
		{
			{"anco_in2", 50.77, CLOSED},
			{"anc_in2", 105.58, CLOSED},
			{"nb_lb", 3935, CLOSED},
			{"vcp_lb", 8184, CLOSED},
			{"phi_vcp_lb", 5729, CLOSED},
			{":pryout/utilization", .08, ROUNDED},
		},
	},
	{
		"Hilti design guide Oct 2025, p 106",
		&sign_anchors_op,
		"{\"fc_psi\":3500,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.75,\"hef_in\":14},"
		"\"positions_in\":[[0,0],[0,4],[0,12],[0,20],[4,0],[4,4],[4,12],[4,20],[8,0],[8,4],[8,12],"
		"[8,20],[24,0],[24,4],[24,12],[24,20]],\"edges\":{\"cy1_in\":6},\"loads\":{\"N_kip\":1,\"ecc_n_in\":3}}",
		{
			{"anc_in2", 3102, CLOSED},
			{"psi_ed_n", 0.786, CLOSED},
			{"psi_ec_n", 0.875, CLOSED},
			{"nb_lb", 52684, CLOSED},
		},
	},
	{
		"Hilti design guide Oct 2025, p 88",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.75,\"hef_in\":5.75,\"kc\":21},"
		"\"layout\":{\"nx\":4,\"ny\":4,\"sx_in\":6,\"sy_in\":9},\"edges\":{\"cx1_in\":8,\"thickness_in\":10},"
		"\"loads\":{\"V_kip\":1}}",
		{
			{"/trace/intermediates/avc_in2", 510, CLOSED},
			{"/trace/intermediates/avco_in2", 288, CLOSED},
			{"/trace/intermediates/psi_h_v", 1.1, ROUNDED},
		},
	},
	{
		"Hilti design guide Oct 2025, p 149",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.5,\"hef_in\":3.25},"
		"\"layout\":{\"nx\":1,\"ny\":2,\"sy_in\":7.8},\"edges\":{\"cx1_in\":6,\"cy1_in\":10,\"thickness_in\":6},"
		"\"loads\":{\"V_kip\":1,\"ecc_v_in\":0.171}}",
		{
			{"/trace/intermediates/avc_in2", 154.8, CLOSED},
			{"/trace/intermediates/avco_in2", 162, CLOSED},
			{"/trace/intermediates/psi_h_v", 1.23, ROUNDED},
			{"/trace/intermediates/psi_ec_v", 0.981, CLOSED},
			{"/trace/intermediates/psi_ed_v", 1, CLOSED},
		},
	},
	{
		"PCA Notes 318-08, example 34.2: design strength",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.5,\"hef_in\":4.5},\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":6,"
		"\"sy_in\":6},\"edges\":{\"cx1_in\":3}}",
		{
			{"phi_ncb_lb", 14200, ROUNDED},
		},
	},
	{
		"PCA Notes 318-08, example 34.3: 2 in off the centre",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.5,\"hef_in\":4.5},\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":6,"
		"\"sy_in\":6},\"edges\":{\"cx1_in\":3},\"loads\":{\"N_kip\":1,\"ecc_n_in\":2}}",
		{
			{"psi_ec_n", 0.77, ROUNDED},
			{"phi_ncb_lb", 10934, ROUNDED},
		},
	},
	{
		"Hilti design guide Oct 2025, p 78",
		&sign_anchors_op,
		"{\"fc_psi\":5000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.75,\"hef_in\":10,\"futa_k"
		"si\":60},\"layout\":{\"ny\":4,\"sy_in\":9},\"edges\":{\"cx1_in\":14,\"thickness_in\":15},\"load"
		"s\":{\"V_kip\":1}}",
		{
			{"/trace/intermediates/avc_in2", 1035, CLOSED},
			{"/trace/intermediates/avco_in2", 882, CLOSED},
			{"/trace/intermediates/psi_h_v", 1.18, ROUNDED},
		},
	},
	{
		"Hilti design guide Oct 2025, p 98",
		&sign_anchors_op,
		"{\"fc_psi\":5000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.75,\"hef_in\":10,\"futa_k"
		"si\":60},\"layout\":{\"ny\":4,\"sy_in\":9},\"edges\":{\"cx1_in\":6,\"thickness_in\":12},\"loads"
		"\":{\"V_kip\":1}}",
		{
			{"/trace/intermediates/avc_in2", 405, CLOSED},
			{"/trace/intermediates/avco_in2", 162, CLOSED},
			{"vb_lb", 9353, CLOSED},
		},
	},
	{
		"Hilti design guide Oct 2025, p 99",
		&sign_anchors_op,
		"{\"fc_psi\":5000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.75,\"hef_in\":10,\"futa_k"
		"si\":60},\"layout\":{\"ny\":4,\"sy_in\":9},\"edges\":{\"cx1_in\":18,\"thickness_in\":12},\"load"
		"s\":{\"V_kip\":1}}",
		{
			{"/trace/intermediates/avc_in2", 972, CLOSED},
			{"/trace/intermediates/avco_in2", 1458, CLOSED},
			{"/trace/intermediates/psi_h_v", 1.5, CLOSED},
		},
	},
	{
		"Hilti design guide Oct 2025, p 123",
		&sign_anchors_op,
		"{\"fc_psi\":5000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.75,\"hef_in\":10,\"futa_k"
		"si\":60},\"layout\":{\"ny\":4,\"sy_in\":9},\"edges\":{\"cx1_in\":18,\"cy1_in\":12,\"thickness_i"
		"n\":12},\"loads\":{\"V_kip\":1,\"ecc_v_in\":0.361}}",
		{
			{"/trace/intermediates/avc_in2", 792, CLOSED},
			{"/trace/intermediates/psi_ec_v", 0.987, CLOSED},
			{"/trace/intermediates/psi_ed_v", 0.833, CLOSED},
			{"/trace/intermediates/psi_h_v", 1.5, CLOSED},
		},
	},
	{
		"AISC DG1 3rd ed. 4.7-3: breakout",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.875,\"hef_in\":15},\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":4,"
		"\"sy_in\":4}}",
		{
			{"ase_in2", .462, CLOSED},
			{"nb_lb", 92300, CLOSED},
			{"ncb_lb", 109000, ROUNDED},
			{"phi_ncb_lb", 76300, ROUNDED},
		},
	},
	{
		"AISC DG1 3rd ed. 4.7-4: shear toward an edge at 12 in",
		&sign_anchors_op,
		"{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.75,\"hef_in\":6},\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":4,"
		"\"sy_in\":4},\"edges\":{\"cx1_in\":12},\"loads\":{\"V_kip\":17.3}}",
		{
			{"/trace/intermediates/avco_in2", 648, CLOSED},
			{"/trace/intermediates/avc_in2", 720, CLOSED},
			{"vb_lb", 23700, ROUNDED},
			{"vcb_lb", 26300, CLOSED},
			{"phi_vcb_lb", 18400, CLOSED},
		},
	},
};
/* clang-format on */

int main(void)
{
	return published_run("published concrete", cases, sizeof cases / sizeof *cases);
}
