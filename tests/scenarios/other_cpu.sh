# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154,SC2119
# A processor without FMA and AVX2, as the C library sees it: libm takes other variants there, whose last bits differ, and
# no hash may depend on them [P-6.5, P-6.4].
# Begins first: it takes long.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export COUNTERSIGN_SEAL_STORE_ALL=true COUNTERSIGN_RATE_ENABLED=false
plain() { GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4 "$@"; }

libm() { # what the C library makes of some thousand arguments, to the last bit
	"$@" python3 -c 'import hashlib, math, struct
x, bits = 0.1, hashlib.sha256()
for i in range(20000):
    x += 0.0013
    bits.update(struct.pack("4d", math.sin(x), math.exp(x / 50), math.pow(x, 1.3), math.atan(x)))
print(bits.hexdigest())'
}
if grep -qw fma /proc/cpuinfo; then
	check 'libm answers otherwise' test "$(libm env)" != "$(libm plain)"
else
	echo '# this processor has no FMA: nothing is switched off'
fi

cat >variants.py <<'PY'
"""Every operation's example, and the same with its numbers a little off: a file each, and its operation's name."""
import copy, json, random, sys

random.seed(19)

def shift(value):
    if isinstance(value, dict):
        return {k: shift(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shift(v) for v in value]
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and value > 3):
        return value * random.uniform(0.9, 1.1) if isinstance(value, float) else value + random.uniform(-0.4, 0.4)
    return value

for number, line in enumerate(sys.stdin):
    row = json.loads(line)
    for variant in range(int(sys.argv[1])):
        body = row["example"] if variant == 0 else shift(copy.deepcopy(row["example"]))
        with open(f"body-{number:03}-{variant}", "w") as file:
            json.dump(body, file)
        print(row["operation"], row["path"], f"body-{number:03}-{variant}")
PY
"$bin" call --list --json | python3 variants.py 3 >bodies

answers() { # FOLDER COMMAND...: each body's operation, exit status and hashes
	local name body
	mkdir "$1"
	while read -r name _ body; do
		"${@:2}" "$bin" call "$name" <"$body" >"$1/$body" 2>/dev/null
		echo "$body $name $?"
	done <bodies | sort >"$1/ended"
	(cd "$1" && jq -r '"\(input_filename) \(.content_sha256) \(.inputs_sha256)"' body-* | sort | join -a 1 ended -)
}
answers here env >usual
answers there plain >other
check 'every operation answers its example' same "$(grep -cE ' [03] [0-9a-f]{64} ' <(grep -- '-0 ' usual))" "$(wc -l < <("$bin" call --list --json))"
check 'most of the others too' test "$(grep -cE ' [03] [0-9a-f]{64} ' usual)" -gt 90
check 'and the hashes are the same' diff usual other
echo "# $(wc -l <usual) bodies, $(grep -cE ' [03] [0-9a-f]{64} ' usual) of them answered"

# what was sealed on one is recomputed on the other
start_server && login
while read -r _ path body; do
	curl -sS -X POST "$CS$path" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' --data-binary "@$body" -o /dev/null
done <bodies
count=$(curl -sS "$CS/api/v1/seals?limit=500" -H "Authorization: Bearer $token" | jq '.result.items | length')
check 'they are sealed' test "$count" -gt 90
stop_server
servers=()
"$bin" replay --all --data data --json >replays-here
check 'replayed here: identical' same "$? $(jq -r '.result.outcome // .outcome' replays-here | sort | uniq -c | tr -s ' ')" "0  $count identical"
plain "$bin" replay --all --data data --json >replays-there
check 'replayed there: identical' same "$? $(jq -r '.result.outcome // .outcome' replays-there | sort | uniq -c | tr -s ' ')" "0  $count identical"
echo "# $count seals"
