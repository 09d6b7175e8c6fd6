# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The doors of the sign operations: canonical path, every alias, and the command line give the same hashes, and every
# mistake its answer [sign.md 2, 8, 10.1, 10.2].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login

hashes='.content_sha256 + " " + .inputs_sha256'
by_call() { # OPERATION BODY
	"$bin" call "$1" <<<"$2" | jq -r "$hashes"
}

# --- addresses ---

"$bin" call --list --json | jq -c 'select(.operation | startswith("sign."))' >rows
while IFS= read -r row; do
	name=$(jq -r .operation <<<"$row") path=$(jq -r .path <<<"$row") question=$(jq -c .example <<<"$row")
	answer=$(api POST "$path" "$question")
	check "$name answers at $path" same "$(jq -r "$hashes" <<<"$answer")" "$(by_call "$name" "$question")"
	check "$name is an envelope" json "$answer" 'keys_unsorted == ["result","assumptions","warnings","confidence","trace","content_sha256","inputs_sha256","envelope_version","timestamp"]'
done < <(grep -v '"sign.batch"' rows)

while read -r name path; do
	question=$(jq -c "select(.operation == \"$name\") | .example" rows)
	want=$(by_call "$name" "$question")
	for address in "$path" "/api/v1$path" "$path/"; do
		check "$name answers at $address" same "$(api POST "$address" "$question" | jq -r "$hashes")" "$want"
	done
done <<'ROWS'
sign.wind /signage/common/wind/loads
sign.cabinets /signage/common/cabinets/derive
sign.cabinets.add /signage/common/cabinets/add
sign.poles /signage/common/poles/options
sign.footing.direct /signage/direct_burial/footing/solve
sign.footing.direct /signage/direct_burial/footing/design
sign.footing.spread /signage/monument/foundation
sign.baseplate /signage/baseplate/checks
sign.anchors /signage/anchors/checks
sign.cantilever /signage/cantilever/analyze
sign.cantilever /signage/cantilever/check
sign.cantilever /signage/cantilever/optimize
sign.monument /signage/monument/analyze
sign.monument /signage/monument/optimize
sign.concrete /signage/common/concrete/yards
sign.design /v1/signs/design
ROWS

plate='"column":{"shape":"round","d_in":8.625},"anchors":{"dia_in":1},"loads":{"P_kip":5,"V_kip":3,"M_kipin":400}'
want=$(by_call sign.baseplate "{\"plate\":{\"search\":true},$plate}")
check 'a plate is designed at its address' same "$(api POST /signage/baseplate/design "{\"plate\":{},$plate}" | jq -r "$hashes")" "$want"
check 'under /api/v1 too' same "$(api POST /api/v1/signage/baseplate/design "{$plate}" | jq -r "$hashes")" "$want"

want=$(by_call sign.sections '{"designations":["Pipe8STD","HSS4X4X3/16"]}')
for address in /signage/cantilever/sections /api/v1/signage/monument/sections; do
	check "sections by GET at $address" same "$(api GET "$address?designations=Pipe8STD,HSS4X4X3/16" | jq -r "$hashes")" "$want"
	check "a list named twice goes on at $address" same "$(api GET "$address?designations=Pipe8STD&designations=HSS4X4X3/16" | jq -r "$hashes")" "$want"
done
check 'an unknown member of a query' json "$(api GET '/signage/monument/sections?colour=red')" .errors[0].code unknown_field

# --- section 8 ---

wind='"wind_speed_mph":115,"height_ft":20,"sign_height_ft":8,"sign_width_ft":12'
while IFS='|' read -r path mistake status said; do
	answer=$(api POST "/api/v1/sign/$path" "${mistake//WIND/$wind}")
	check "$path $mistake" same "$(cat status) $(jq -r '[.code, (.errors[] | .pointer + " " + .code)] | join(", ")' <<<"$answer")" "$status $said"
done <<'ROWS'
wind|{"height_ft":20|400|json_invalid
wind|{WIND,"kd":.85}|400|json_invalid
wind|{WIND,"height_ft":21}|400|json_invalid
wind|{WIND,"kzt":NaN}|400|json_invalid
wind|{WIND,"kzt":1e400}|400|json_invalid
wind|{WIND,"colour":1}|422|invalid, /colour unknown_field
wind|{"height_ft":20,"sign_height_ft":8,"sign_width_ft":12}|422|invalid, /wind_speed_mph required
wind|{"wind_speed_mph":600,"exposure":"E","height_ft":6,"sign_height_ft":8,"sign_width_ft":12}|422|invalid, /wind_speed_mph range, /exposure enum, /sign_height_ft greater_than_height
wind|{WIND,"kzt":1,"hill":{"shape":"ridge","height_ft":30,"half_length_ft":60}}|422|invalid, /hill conflict
wind|{WIND,"ke":1,"ground_elevation_ft":0}|422|invalid, /ground_elevation_ft conflict
poles|{"loads":{"M_kipin":9},"material":"aluminum","height_ft":15.1}|422|invalid, /height_ft aluminum_too_tall
cabinets|{"overall_height_ft":9,"cabinets":[{"width_ft":4,"height_ft":4},{"width_ft":4,"height_ft":4,"z_offset_ft":6}]}|422|invalid, /cabinets/1 above_overall_height
price|{"height_ft":9,"addons":["calc_packet","tea"]}|422|invalid, /addons/1 unknown_addon
price|{"height_ft":9,"version":"v7"}|409|pack_version, /version pack_version
wind|{WIND,"packs":{"wind_figure":"v7"}}|409|pack_version, /packs/wind_figure pack_version
footing/direct|{"footing":{"diameter_ft":0},"loads":{"force_lb":9},"soil":{"class":7}}|422|invalid, /footing/diameter_ft range, /soil/class range, /loads need_two
ROWS
check 'the versions that are there are named' json "$(api POST /api/v1/sign/price '{"height_ft":9,"version":"v7"}')" .available '["v1"]'
for face in '200,"sign_height_ft":2,"sign_width_ft":0.1' '20,"sign_height_ft":2,"sign_width_ft":200'; do
	check "outer rows and columns: $face" json "$(api POST /api/v1/sign/wind "{\"wind_speed_mph\":115,\"height_ft\":$face}")" \
		'.result.cf == 1.95 and .warnings == []'
done
check 'no pole is feasible' json "$(api POST /api/v1/sign/poles '{"loads":{"M_kipin":1000000}}')" \
	'.result.options == [] and .result.recommended == null and (.result.nearest | length == 3) and .confidence <= .6 and (.warnings[0].message | startswith("no feasible"))'
check 'no plate is feasible' json "$(api POST /signage/baseplate/design '{"column":{"d_in":8},"loads":{"M_kipin":9000000}}')" \
	'.result.approved == false and .confidence <= .6'
check 'no footing is feasible' json "$(api POST /api/v1/sign/footing/direct '{"footing":{"diameter_ft":1},"loads":{"force_lb":90000,"height_ft":90}}')" \
	'.result == null and (.assumptions[0].code | startswith("abstain.")) and .confidence <= .6'
printf '{"x":"%0270000d"}' 0 >large
check 'a body over 256 kB' same "$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" -H 'Content-Type: application/json' --data-binary @large "$CS/api/v1/sign/wind")" 413
