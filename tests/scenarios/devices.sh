# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Terminals from the shell: registered, signing, played, revoked [trade.md 1, 4.2, 4.4].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login

device() {
	"$bin" device "$@"
}
added=$(device add desk --secret-file secret --data "$work/data" 2>/dev/null)
id=$(awk '$1 == "id" { print $2 }' <<<"$added")
check 'a terminal is added' test -n "$id"
check 'its secret is in the file alone, for its owner only' same "$(stat -c %a secret) $(head -n 1 secret | tr -d '\n' | wc -c)" '600 43'
check 'a second of that name is refused' exits 2 device add desk --data "$work/data"
check 'the list names it' json "$(device list --json --data "$work/data")" '[.name, .online]' '["desk",false]'
told=$(device add told --secret-file secret.told --json --data "$work/data")
check 'a program is told its id, and where the secret is' json "$told" '.result | [(.id | length), .name, .secret_file, has("secret")]' \
	'[36,"told","secret.told",false]'
device revoke told --data "$work/data" >/dev/null 2>&1

# headers [OPTION...]: of one signed request, as arguments for curl
headers() {
	device sign --device "$id" --secret-file secret "$@" | sed 's/^/-H\n/'
}
mapfile -t signed < <(headers --path '/api/v1/client/poll?limit=5')
check 'the printed headers are accepted' json "$(curl -sS "${signed[@]}" "$CS/api/v1/client/poll?limit=5")" .result.count 0
check 'once' json "$(curl -sS "${signed[@]}" "$CS/api/v1/client/poll?limit=5")" .code nonce_replayed
echo '{"approval_id":"x"}' >body
mapfile -t signed < <(headers --path /api/v1/client/ack --body body)
check 'a body is signed too' json "$(curl -sS "${signed[@]}" -H 'Content-Type: application/json' --data-binary @body \
	"$CS/api/v1/client/ack")" .code invalid

simulate() {
	device simulate --server "$CS" --device "$id" --secret-file secret --pause 0 "$@"
}
check 'a terminal is played' json "$(simulate --seed 1 --steps 3)" '[.snapshots, .errors, .guards]' '[3,{},"normal"]'
quotes() { api GET /api/v1/trading/accounts | jq -c '.result.items[0] | [.login, .balance]'; }
check 'its account is there' same "$(quotes)" '["7001",10000]'
printf '%s\n' '# a day' 'partial_fill # of the first' >script
check 'a script may have notes' simulate --script script --steps 1
echo 'partial_fill of everything' >script
check 'a word too many is refused' exits 2 simulate --script script
echo 'earthquake' >script
check 'an unknown fault is refused' exits 2 simulate --script script
check 'so is a seed that is none' exits 2 simulate --seed one
check 'without a server the status says so' exits 5 device simulate --server http://127.0.0.1:9 --device "$id" --secret-file secret
check 'a terminal is revoked' device revoke desk --data "$work/data"
check 'and let in no more' json "$(simulate --steps 1)" .errors '{"device_revoked":3}'
