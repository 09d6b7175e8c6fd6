# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# A strategy engine from the shell: registered, signing, sending, refused, rotated, revoked [trade.md 2].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server

producer() {
	"$bin" producer "$@" --data "$work/data"
}

signal() { # PRICE
	printf '{"instrument":"XAUUSD","side":"buy","price":%s,"stop_loss":2640,"time":"%s"}' "$1" "$(date -u +%FT%T.%6NZ)"
}

added=$(producer add demo --json)
check 'a producer is added' json "$added" '.result | .name == "demo" and (.secret | length == 43)'
check 'its file is for its owner only' same "$(stat -c %a "$work/data/clients/producer.json")" 600
check 'lists never show a secret' exits 1 grep -qF -e "$(jq -r .result.secret <<<"$added")" <(producer list --json)

signal 2650 >one.json
sent=$(producer send one.json --json)
check 'a signal is taken in, blocked without a terminal' json "$sent" .result.status blocked
check 'its seal is the hash of its content' json "$sent" '.result.seal_sha256 | length == 64'
check 'sent again it is a duplicate' json "$(producer send one.json 2>/dev/null)" \
	".code == \"duplicate_signal\" and .signal_id == $(jq .result.id <<<"$sent")"
check 'and the exit status says so' exits 2 producer send one.json

mapfile -t headers < <(producer sign --body one.json)
check 'the printed headers are accepted by the server itself' same "$(curl -sS --noproxy '*' "$CS/api/v1/signals" \
	-H 'Content-Type: application/json' -H "${headers[0]}" -H "${headers[1]}" -H "${headers[2]}" --data-binary @one.json |
	jq -r .code)" duplicate_signal
check 'once' same "$(curl -sS --noproxy '*' "$CS/api/v1/signals" \
	-H 'Content-Type: application/json' -H "${headers[0]}" -H "${headers[1]}" -H "${headers[2]}" --data-binary @one.json |
	jq -r .code)" replayed

check 'a rotated secret signs at once' producer rotate demo --overlap 0
signal 2651 >two.json
check 'and is used' producer send two.json
producer add demo --quiet >twin 2>/dev/null
check 'of two of one name none is revoked' exits 2 producer revoke demo
check 'but by its id' producer revoke "$(sed -n 's/^id *//p' twin)"
check 'a producer is revoked' producer revoke demo
signal 2652 >three.json
check 'its signature is then nothing' json "$(producer send three.json 2>/dev/null)" .code signature_invalid
check 'the audit chain is sound' "$bin" audit verify --data "$work/data"
