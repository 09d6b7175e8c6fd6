#include "sign/sign.h"

#include "seal/op.h"
#include "seal/pack.h"
#include "sign/domain/aluminum.h"
#include "sign/domain/anchors_op.h"
#include "sign/domain/baseplate_op.h"
#include "sign/domain/cabinets.h"
#include "sign/domain/cantilever_op.h"
#include "sign/domain/concrete_op.h"
#include "sign/domain/design.h"
#include "sign/domain/footing_direct_op.h"
#include "sign/domain/footing_spread_op.h"
#include "sign/domain/grade.h"
#include "sign/domain/monument_op.h"
#include "sign/domain/poles_op.h"
#include "sign/domain/price.h"
#include "sign/domain/section_catalog.h"
#include "sign/domain/section_op.h"
#include "sign/domain/seismic_op.h"
#include "sign/domain/snow_ice_op.h"
#include "sign/domain/soil.h"
#include "sign/domain/wind_op.h"
#include "sign/domain/wind_pack.h"

const struct op *const sign_ops[] = {
	&sign_wind_op,      &sign_cabinets_op, &sign_cabinets_add_op,   &sign_design_op,
	&sign_snow_ice_op,  &sign_seismic_op,  &sign_footing_direct_op, &sign_footing_spread_op,
	&sign_baseplate_op, &sign_anchors_op,  &sign_concrete_op,       &sign_poles_op,
	&sign_price_op,     &sign_sections_op, &sign_monument_op,       &sign_cantilever_op,
};
const size_t sign_ops_count = sizeof sign_ops / sizeof *sign_ops;

const struct pack_kind *const sign_pack_kinds[] = {
	&sign_exposure_kind, &sign_costs_kind,       &sign_soils_kind,       &sign_footing_calibration_kind,
	&sign_concrete_kind, &sign_wind_figure_kind, &sign_aisc_shapes_kind, &sign_aluminum_kind,
	&sign_grades_kind,   &sign_pricing_kind,     &sign_sections_kind,
};
const size_t sign_pack_kinds_count = sizeof sign_pack_kinds / sizeof *sign_pack_kinds;
