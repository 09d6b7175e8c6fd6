#include "draw/sample.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LIST(array) \
	{ \
		(array), COUNT(array) \
	}
#define NUMBER(name, value, places, of) \
	{ \
		.label = (name), .number = (value), .decimals = (places), .unit = (of) \
	}
#define TEXT(name, value) \
	{ \
		.label = (name), .text = (value) \
	}

static const struct report_item summary[] = {
	TEXT("Sign", "12.00 \xc3\x97 8.00 ft, 96 ft\xc2\xb2"),
	NUMBER("Overall height", 20, 2, "ft"),
	NUMBER("Wind speed, risk II", 115, 0, "mph"),
	TEXT("Exposure", "C"),
	NUMBER("Governing force, Case A", 3732.7, 0, "lb"),
	TEXT("Pole", "HSS12X12X3/8, A500-C"),
	TEXT("Foundation", "Drilled pier 3.0 \xc3\x97 8.25 ft"),
	NUMBER("Concrete", 2.16, 2, "yd\xc2\xb3"),
	NUMBER("Estimated cost", 5218, 0, "USD"),
	NUMBER("Highest utilization", 0.934, 3, ""),
};
static const struct report_item site[] = {
	NUMBER("Wind speed", 115, 0, "mph"),
	TEXT("Exposure", "C"),
	TEXT("Risk category", "II"),
	NUMBER("Ground elevation", 614, 0, "ft"),
	NUMBER("Kzt", 1, 2, ""),
	NUMBER("Frost depth", 30, 0, "in"),
	TEXT("Soil class", "4, IBC 1806.2"),
	NUMBER("Lateral bearing", 150, 0, "psf/ft"),
};
static const struct report_item wind[] = {
	NUMBER("Kz at h", 0.902, 3, ""),     NUMBER("Kd", 0.85, 2, ""),
	NUMBER("Ke", 0.978, 3, ""),          NUMBER("G", 0.85, 2, ""),
	NUMBER("qh", 25.38, 2, "psf"),       NUMBER("s/h", 0.4, 2, ""),
	NUMBER("B/s", 1.5, 2, ""),           NUMBER("Cf", 1.763, 3, ""),
	NUMBER("Pressure", 38.02, 2, "psf"), NUMBER("Area", 96, 1, "ft\xc2\xb2"),
};
static const struct report_item pole[] = {
	TEXT("Section", "HSS12X12X3/8"),
	TEXT("Grade", "A500-C"),
	NUMBER("Fy", 50, 0, "ksi"),
	NUMBER("Weight", 58.1, 1, "lb/ft"),
	NUMBER("Length", 20, 2, "ft"),
	NUMBER("Zx", 70.2, 1, "in\xc2\xb3"),
	NUMBER("Ix", 357, 0, "in\xe2\x81\xb4"),
	NUMBER("Deflection", 1.46, 2, "in"),
};
static const struct report_item foundation[] = {
	TEXT("Type", "Drilled pier"),
	NUMBER("Diameter", 3, 2, "ft"),
	NUMBER("Depth", 8.25, 2, "ft"),
	NUMBER("Required depth", 8.114, 3, "ft"),
	NUMBER("Concrete", 2.16, 2, "yd\xc2\xb3"),
	TEXT("Verticals", "9 #6"),
	TEXT("Ties", "#3 at 12 in"),
};
static const struct report_load loads[] = {
	{"Case A", 3650.1, 16, 58401, 0, "at the geometric centre", false},
	{"Case B", 3650.1, 16, 58401, 8760, "at 0.2 B from the centre", true},
	{"Case C", NAN, NAN, NAN, NAN, "does not apply: B/s < 2", false},
	{"Pole", 214.6, 6, 1288, NAN, "square, Cf 1.4, 0 to 12 ft", false},
	{"Total, LRFD 1.0 W", 3864.7, 15.44, 59689, 8760, "Case B and pole", false},
	{"Total, ASD 0.6 W", 2318.8, 15.44, 35813, 5256, "", false},
};
static const struct report_check checks[] = {
	{"pole", "axial", "kip", "AISC 360-22 E3, E7", 2.31, 187.4, 0.012, true, false},
	{"pole", "flexure", "kip-in", "AISC 360-22 F7", 429.76, 1892.2, 0.227, true, false},
	{"pole", "shear", "kip", "AISC 360-22 G4", 2.319, 131.5, 0.018, true, false},
	{"pole", "torsion", "kip-in", "AISC 360-22 H3.1", 63.07, 1514.9, 0.042, true, false},
	{"pole", "interaction", "1", "AISC 360-22 H3.2 (H3-6)", 0.241, 1, 0.241, true, false},
	{"pole", "deflection", "in", "Serviceability, h/120", 1.46, 2, 0.73, true, false},
	{"foundation", "lateral", "ft", "IBC 2021 1807.3.2.1 (18-1)", 8.114, 8.688, 0.934, true, true},
	{"foundation", "bearing", "psf", "IBC 2021 1806.2", 1512.4, 2000, 0.756, true, false},
	{"foundation", "pier_flexure", "lb-ft", "ACI 318-19 22.4", 63204, 118420, 0.534, true, false},
	{"foundation", "minimum_steel", "1", "ACI 318-19 10.6.1.1", 0.005, 0.0055, 0.909, true, false},
};
static const struct report_check plate_checks[] = {
	{"pole", "flexure", "kip-in", "AISC 360-22 F7", 429.76, 1892.2, 0.227, true, false},
	{"pole", "shear", "kip", "AISC 360-22 G4", 2.319, 131.5, 0.018, true, false},
	{"base_plate", "bearing", "kip-in", "AISC DG1 3.4", 211.8, 388.1, 0.546, true, false},
	{"base_plate", "plate_bearing_side", "in", "AISC DG1 eq. 3.3.14a", 0.842, 1.25, 0.674, true, false},
	{"base_plate", "plate_tension_side", "in", "AISC DG1 eq. 3.4.7a", 1.31, 1.25, 1.048, false, false},
	{"base_plate", "weld", "kip/in", "AISC 360-22 J2.4", 3.12, 5.57, 0.56, true, false},
	{"anchors", "steel_tension", "lb", "ACI 318-19 17.6.1", 21480, 26300, 0.817, true, false},
	{"anchors", "breakout", "lb", "ACI 318-19 17.6.2", 42960, 38215, 1.124, false, true},
	{"anchors", "pullout", "lb", "ACI 318-19 17.6.3", 21480, 41100, 0.523, true, false},
	{"anchors", "side_face", "lb", "ACI 318-19 17.6.4", 0, 0, NAN, false, false},
	{"anchors", "interaction", "1", "ACI 318-19 17.8", 1.18, 1.2, 0.983, true, false},
};
static const char *const assumptions[] = {
	"The wind speed is the ultimate speed of the map for risk category II; risk is not applied again as a factor.",
	"Kd 0.85 of solid freestanding signs is used for the pole as well.",
	"Class 4 soil (sand, silty sand) is presumed by IBC table 1806.2; no geotechnical report was given.",
	"The foundation is not constrained at grade and the half inch motion of 1806.3.4 is not acceptable.",
	"Cabinet weight 10 psf of face.",
	"Cost figures come from pack costs v1; check against a current quotation.",
	"Case C regions beyond 3s: check against a printed copy.",
};
static const char *const warnings[] = {
	"Frost depth of 30 in does not govern the depth of the pier.",
};
static const char *const references[] = {
	"ASCE/SEI 7-16, Minimum Design Loads and Associated Criteria for Buildings and Other Structures, ch. 26 and 29",
	"ANSI/AISC 360-22, Specification for Structural Steel Buildings",
	"ACI 318-19, Building Code Requirements for Structural Concrete",
	"International Building Code 2021, sections 1806 and 1807.3",
};
static const struct report_pack packs[] = {
	{"wind_figure", "v1", "5a3c1fb5e1d5c3b0c0f0b8a56c1ab0d9f5c8d7f2d57b0a9a6b9df0be5bb6a0c1"},
	{"exposure", "v1", "0f9e8d7c6b5a49382716051423324150a1b2c3d4e5f60718293a4b5c6d7e8f90"},
	{"soils", "v1", "c0ffee00112233445566778899aabbccddeeff00112233445566778899aabbcc"},
	{"steel_grades", "v1", "8877665544332211ffeeddccbbaa99887766554433221100ffeeddccbbaa9988"},
	{"costs", "v1", "1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef"},
	{"pricing", "v1", "d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f5a6"},
};
static const struct structure_cabinet one[] = {{0, 12, 12, 8, "Main ID cabinet"}};
static const struct structure_cabinet three[] = {
	{0, 22, 16, 6, "Main ID"}, {0, 17, 16, 4.5, "Tenant panels"}, {-1.5, 12.25, 10, 4.25, "Message centre"}};

static const struct structure_cabinet tall[] = {{0, 260, 10, 40, "Pylon"}};
static const struct structure_cabinet flat[] = {{0, 2, 220, 3, "Fascia"}};

#define LONG \
	"Stra\xc3\x9f" \
	"enverkehrsamt f\xc3\xbcr \xce\x95\xce\xbb\xce\xbb\xce\xac\xce\xb4\xce\xb1, " \
	"\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0, " \
	"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd7\xa2\xd7\x95\xd7\x9c\xd7\x9d, \xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7, " \
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e, " \
	"Rindfleischetikettierungs\xc3\xbc" \
	"berwachungsaufgaben\xc3\xbc" \
	"bertragungsgesetz und viele weitere W\xc3\xb6rter, die nie enden wollen, " \
	"und noch mehr, <und> \"Zeichen\" & Marken \x01\xff\xfe und weiter immer weiter bis zum Ende der Zeile und " \
	"dar\xc3\xbc" \
	"ber hinaus"

enum { MANY = 200, CABINETS = 50 };

/* Too much of everything; filled once per call, the same each time. */
static struct {
	struct report_check checks[MANY];
	struct structure_cabinet cabinets[CABINETS];
	const char *texts[MANY];
	struct report_item items[40];
	struct report_pack packs[40];
	struct report_load loads[40];
} much;

static void fill_much(void)
{
	static const char *const groups[] = {"pole", "base_plate", "anchors", "foundation"};
	for (int i = 0; i < MANY; i++) {
		double ratio = (i * 37 % 211) / 200.0;
		much.checks[i] = (struct report_check){.group = groups[i * 4 / MANY],
											   .name = i % 9 == 0 ? LONG : "some_check",
											   .unit = "kip-in",
											   .reference = i % 5 == 0 ? LONG : "AISC 360-22 F7",
											   .demand = ratio * 1e3,
											   .capacity = 1e3,
											   .utilization = ratio,
											   .pass = ratio <= 1.0005,
											   .governing = i * 37 % 211 == 210};
		much.texts[i] = i % 3 == 0 ? LONG : "A short sentence.";
	}
	for (int i = 0; i < CABINETS; i++)
		much.cabinets[i] = (struct structure_cabinet){(i % 5 - 2) * 9.0, 10 + i / 5 * 3.0, 8.5, 2.5, LONG};
	for (int i = 0; i < 40; i++) {
		much.items[i] = i % 2 == 0 ? (struct report_item){.label = LONG, .text = LONG}
								   : (struct report_item){.label = LONG, .number = 1e14, .decimals = 6, .unit = LONG};
		much.packs[i] = (struct report_pack){LONG, LONG, LONG};
		much.loads[i] = (struct report_load){LONG, 1e14, -1e14, INFINITY, NAN, LONG, i == 3};
	}
}

static struct report excess(void)
{
	fill_much();
	const struct report_texts texts = {much.texts, MANY};
	const struct report_items items = LIST(much.items);
	return (struct report){.project_name = LONG,
						   .project_id = LONG,
						   .project_number = LONG,
						   .customer = LONG,
						   .site_name = LONG,
						   .street = LONG,
						   .description = LONG,
						   .prepared_by = LONG,
						   .seal_sha256 = LONG,
						   .content_sha256 = LONG,
						   .inputs_sha256 = LONG,
						   .seal_qr = LONG,
						   .sealed_at = LONG,
						   .code_version = LONG,
						   .design_code = LONG,
						   .confidence = 1e300,
						   .stamp = {STAMP_VALID, LONG, LONG, LONG, LONG, LONG},
						   .summary = items,
						   .structure = {.height_ft = 45,
										 .cabinets = much.cabinets,
										 .cabinet_count = CABINETS,
										 .pole_count = 12,
										 .pole_spacing_ft = 4,
										 .pole_width_in = 8,
										 .pole_top_ft = 40,
										 .pole_label = LONG,
										 .base = BASE_PIER,
										 .base_width_ft = 3,
										 .base_depth_ft = 12,
										 .base_label = LONG},
						   .site = items,
						   .wind = items,
						   .pole = items,
						   .foundation = items,
						   .loads = much.loads,
						   .load_count = COUNT(much.loads),
						   .checks = much.checks,
						   .check_count = MANY,
						   .assumptions = texts,
						   .warnings = texts,
						   .references = texts,
						   .packs = much.packs,
						   .pack_count = COUNT(much.packs)};
}

#define LIST(array) \
	{ \
		(array), COUNT(array) \
	}

static struct report base(void)
{
	return (struct report){
		.project_name = "Cedar Creek Plaza pylon sign",
		.project_id = "proj_0193a5b2c7d4",
		.project_number = "CS-000127",
		.customer = "Cedar Creek Development Partners LLC",
		.site_name = "Cedar Creek Plaza, north entrance",
		.street = "4410 Cedar Creek Road, Fort Worth, TX 76109",
		.description = "Illuminated single pole sign with an aluminium cabinet at the north entrance.",
		.prepared_by = "Maria Okafor, engineer",
		.seal_sha256 = "9f2c4a7be01d5538c6a94d20f7b3e18895ac06d14be27f3a60d8c15b72e4f903",
		.content_sha256 = "3b1f9ce2a47708d5e6c1904b8fa25d37c0e94b6182d75fa3099e1c4d7b5a2f60",
		.inputs_sha256 = "27d0e6b14c98f35a0b7e2d41c6f8930a5be1742d9c06f38a14e5b7d02c9f6a83",
		.sealed_at = "2026-11-21T04:15:00Z",
		.code_version = "Countersign 0.1.0",
		.design_code = "ASCE 7-16",
		.confidence = 0.9,
		.stamp = {.state = STAMP_VALID,
				  .signer = "Daniel R. Whitfield, PE",
				  .licence = "Texas PE 104822, expires 2027-06-30",
				  .at = "2026-11-21T09:02:11Z",
				  .consent_version = "2026-01",
				  .receipt = "b7e2d41c6f8930a5be1742d9c06f38a1"},
		.summary = LIST(summary),
		.structure = {.height_ft = 20,
					  .cabinets = one,
					  .cabinet_count = 1,
					  .pole_count = 1,
					  .pole_width_in = 12,
					  .pole_top_ft = 20,
					  .pole_label = "HSS12X12X3/8, A500-C, 58.1 lb/ft",
					  .base = BASE_PIER,
					  .base_width_ft = 3,
					  .base_depth_ft = 8.25,
					  .base_label = "3.0 ft diameter, 8.25 ft deep, f\xe2\x80\xb2"
									"c 3000 psi, 9 #6 with #3 ties at 12 in"},
		.site = LIST(site),
		.wind = LIST(wind),
		.pole = LIST(pole),
		.foundation = LIST(foundation),
		.loads = loads,
		.load_count = COUNT(loads),
		.checks = checks,
		.check_count = COUNT(checks),
		.assumptions = LIST(assumptions),
		.warnings = LIST(warnings),
		.references = LIST(references),
		.packs = packs,
		.pack_count = COUNT(packs),
	};
}

struct report sample_report(int variant)
{
	struct report report = base();
	if (variant == 1) {
		report.stamp = (struct report_stamp){.state = STAMP_OPEN};
		report.structure = (struct structure){.height_ft = 28,
											  .cabinets = three,
											  .cabinet_count = 3,
											  .pole_count = 2,
											  .pole_spacing_ft = 9,
											  .pole_width_in = 10.75,
											  .pole_top_ft = 28,
											  .pole_label = "2 Pipe10STD, A53-B, 40.5 lb/ft",
											  .base = BASE_SPREAD,
											  .base_width_ft = 15,
											  .base_thickness_ft = 2,
											  .base_depth_ft = 4.5,
											  .base_label = "15.0 \xc3\x97 8.0 \xc3\x97 2.0 ft, f\xe2\x80\xb2"
															"c 3000 psi, #6 at 10 in each way"};
	}
	if (variant == 2) {
		report.stamp = (struct report_stamp){.state = STAMP_STALE};
		report.checks = plate_checks;
		report.check_count = COUNT(plate_checks);
		report.structure.base = BASE_PLATE;
		report.structure.base_width_ft = 1.5;
		report.structure.base_thickness_ft = 1.25 / 12;
		report.structure.anchor_count = 4;
		report.structure.anchor_embed_ft = 1.5;
		report.structure.anchor_edge_ft = 0.125;
		report.structure.base_label = "18 \xc3\x97 18 \xc3\x97 1-1/4 in, A36, 4 anchors 1 in F1554-36, 18 in deep";
	}
	if (variant == 3) {
		report.stamp = (struct report_stamp){.state = STAMP_NONE};
		report.structure.pole_count = 0;
		report.structure.base = BASE_NONE;
		report.pole = report.foundation = (struct report_items){NULL, 0};
		report.check_count = report.load_count = 0;
	}
	if (variant == 4)
		return excess();
	if (variant == 5)
		return (struct report){0};
	if (variant == 6 || variant == 7) {
		report.structure.cabinets = variant == 6 ? tall : flat;
		report.structure.height_ft = report.structure.pole_top_ft = variant == 6 ? 300 : 5;
	}
	return report;
}
