/*
 * The members of sign.wind's request, for operations that accept all of them: their request begins with a
 * `struct wind_request`, and their table with WIND_REQUEST_FIELDS.  For operations of this folder only.
 */
#ifndef CS_SIGN_DOMAIN_WIND_FIELDS_H
#define CS_SIGN_DOMAIN_WIND_FIELDS_H

#include "core/field.h"
#include "sign/domain/wind_op.h"

extern const char *const wind_open_shapes[], *const wind_kz_methods[], *const wind_gusts[];
extern const struct field_table wind_poles_table;

#define WIND_REQUEST_FIELDS \
	F_NUM(wind_request, wind_speed_mph, REQUIRED, RANGE(60, 300), UNIT("mph"), \
		  DOC("Ultimate wind speed of the map for the risk category")), \
		F_ENUM(wind_request, exposure, wind_exposure_names, DEFAULT(EXPOSURE_C)), \
		F_ENUM(wind_request, risk_category, wind_risk_names, DEFAULT(1), \
			   DOC("Selects the map; never multiplies a load")), \
		F_NUM(wind_request, height_ft, REQUIRED, RANGE(1, 500), UNIT("ft"), DOC("h: top of the sign above grade")), \
		F_NUM(wind_request, sign_height_ft, REQUIRED, RANGE(.1, 500), UNIT("ft"), \
			  DOC("s: vertical dimension of the sign")), \
		F_NUM(wind_request, sign_width_ft, REQUIRED, RANGE(.1, 2000), UNIT("ft"), DOC("B: horizontal dimension")), \
		F_NUM(wind_request, area_ft2, RANGE(.01, 1e6), UNIT("ft2"), DOC("Gross area As; default B·s")), \
		F_NUM(wind_request, solid_ratio, RANGE(.01, 1), DEFAULT(1), DOC("ε: solid to gross area")), \
		F_ENUM(wind_request, open_shape, wind_open_shapes, DEFAULT(OPEN_FLAT), DOC("Members of an open sign")), \
		F_NUM(wind_request, member_width_in, RANGE(.1, 60), DEFAULT(4), UNIT("in"), \
			  DOC("Of an open sign's round members")), \
		F_NUM(wind_request, return_corner_ft, RANGE(0, 5000), DEFAULT(0), UNIT("ft"), DOC("Lr")), \
		F_NUM(wind_request, kzt, RANGE(1, 3), DOC("Topographic factor; default 1")), \
		F_OBJECT_PTR(wind_request, hill, &wind_hill_table, DOC("Instead of kzt")), \
		F_NUM(wind_request, kd, RANGE(.5, 1), DEFAULT(.85), DOC("Directionality factor")), \
		F_NUM(wind_request, ke, RANGE(.3, 1.1), DOC("Ground elevation factor")), \
		F_NUM(wind_request, ground_elevation_ft, RANGE(-500, 15000), UNIT("ft"), DOC("Instead of ke; default 0")), \
		F_ENUM(wind_request, kz_method, wind_kz_methods, DEFAULT(0)), \
		F_ENUM(wind_request, gust, wind_gusts, DEFAULT(WIND_RIGID)), \
		F_NUM(wind_request, g, RANGE(.5, 3), DOC("Gust factor of your own; overrides")), \
		F_NUM(wind_request, natural_frequency_hz, RANGE(.05, 100), UNIT("Hz"), DOC("Required for a flexible gust")), \
		F_NUM(wind_request, damping_ratio, RANGE(.001, .2), DEFAULT(.01)), \
		F_NUM(wind_request, depth_ft, RANGE(.1, 100), DEFAULT(1), UNIT("ft"), \
			  DOC("L: along the wind, of a flexible gust")), \
		F_OBJECT_PTR(wind_request, poles, &wind_poles_table, DOC("Poles that stand in the wind below the sign")), \
		SIGN_COMMON_FIELDS(wind_request, SIGN_ASD)

#endif
