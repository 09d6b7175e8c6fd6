# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Pure operations from the shell: `call` needs no data folder, no server [P-2.2, P-2.3].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

said=$("$bin" help)
check 'help names every command' test "$(grep -c '^  [a-z]' <<<"$said")" -ge 15
check 'help of a group names its commands' grep -q '^  audit verify ' <<<"$("$bin" help audit)"
check 'no arguments: the same help' same "$("$bin")" "$said"

jcs() {
	printf '%s' "$1" | "$bin" call core.jcs
}

answer=$(jcs '{"value":{"b":1,"a":2}}')
check 'core.jcs sorts' json "$answer" .result.canonical '{"a":2,"b":1}'
want=$(printf '{"a":2,"b":1}' | sha256sum | cut -d' ' -f1)
check 'core.jcs hashes' json "$answer" .result.sha256 "$want"

answer=$(jcs '{"value":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,-0,9007199254740993]}')
check 'core.jcs prints numbers as ECMAScript does' json "$answer" .result.canonical \
	'[333333333.3333333,1e+30,4.5,0.002,1e-27,0,9007199254740992]'

nested() { # LEVELS in the whole text
	printf '{"value":'
	printf '[%.0s' $(seq 2 "$1")
	printf ']%.0s' $(seq 2 "$1")
	printf '}'
}
check '64 levels are taken' jcs "$(nested 64)"
check '65 levels are refused' exits 2 jcs "$(nested 65)"

while IFS='|' read -r name body; do
	# shellcheck disable=SC2059
	check "refused with exit 2: $name" exits 2 jcs "$(printf "$body")"
done <<'ROWS'
duplicate key|{"value":{"a":1,"a":1}}
lone surrogate|{"value":"\\ud800"}
invalid UTF-8|{"value":"\xc3\x28"}
byte order mark|\xef\xbb\xbf{"value":1}
U+0000|{"value":"\\u0000"}
number that overflows|{"value":1e400}
text after the value|{"value":1} x
value absent|{}
unknown member|{"value":1,"other":2}
nothing at all|
ROWS

check 'a refusal is a problem document' json "$(jcs '{"valeu":1}')" \
	'.code == "invalid" and ([.errors[].pointer] | sort == ["/valeu", "/value"])'
check 'an operation that is not there is refused' exits 2 "$bin" call no.such <<<'{}'
check 'nothing was left behind' test -z "$(ls -A "$work")"

while IFS= read -r row; do
	name=$(jq -r .operation <<<"$row")
	answer=$(jq -c .example <<<"$row" | "$bin" call "$name")
	check "$name answers its own example" \
		json "$answer" '.result != null or (.assumptions[0].code | startswith("abstain."))'
done < <("$bin" call --list --json)

# The document needs no server, and says every operation of the list.
described=$("$bin" openapi)
check 'openapi ends with 0' same $? 0
check 'it describes every operation' same \
	"$(comm -23 <("$bin" call --list --json | jq -r .path | sort) <(jq -r '.paths | keys[]' <<<"$described" | sort))" ''

# Imported shapes are there for call too, as for the server: AISC Design Examples v16, E.1C: phi Pn 892 kip.
cat >"$work/shapes.csv" <<'CSV'
Type,AISC_Manual_Label,W,A,d,bf,tw,tf,bf/2tf,h/tw,Ix,Zx,Sx,rx,Iy,Zy,Sy,ry,J,Cw,AISC_Manual_Label,W
W,W14X132,132,38.8,14.7,14.7,0.645,1.03,7.15,17.7,1530,234,209,6.28,548,113,74.5,3.76,12.3,25500,W360X196,196
CSV
pole='{"loads":{"M_kipin":1},"level":"lrfd","height_ft":30,"k_factor":1,"prefs":{"designation":"W14X132"}}'
check 'without the import there is no W14X132' exits 3 "$bin" call sign.poles --data "$work/data" <<<"$pole"
check 'packs import-aisc' exits 0 "$bin" packs import-aisc "$work/shapes.csv" --data "$work/data"
check 'with it there is' json "$("$bin" call sign.poles --data "$work/data" <<<"$pole")" \
	'.result.options[0].checks[] | select(.name == "axial").capacity | . > 890 and . < 896'

# bench: what is measured, beside what; no figure is asserted
measured=$("$bin" bench gate --json --data "$work/nowhere")
check 'bench names its peer and a ratio' json "$measured" \
	'.name == "gate" and (.peer | length > 0) and .ratio > 0 and .us > 0 and (.within | type == "boolean")'
check 'the ratio is that of the two' json "$measured" '(.peer_us / .us / .ratio) | . > 0.999 and . < 1.001'
check 'writes go to the disk of the data' json "$("$bin" bench write --json --data "$work/data")" '.budget.ratio_at_least' 4
check 'and leave nothing there' same "$(find "$work/data" -name 'bench-*' | wc -l)" 0
check 'bench of what is not there: 2' exits 2 "$bin" bench nonsense
