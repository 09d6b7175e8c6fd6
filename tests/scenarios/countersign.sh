# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# A release from the sealed calculation to the receipt: quorum, four eyes, expiry, revocation [P-6.6 to P-6.9].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login
admin=$token

ask() { # TOKEN METHOD PATH [BODY] [CURL ARGUMENTS]: body on stdout, then the status on a line of its own
	local who=$1 method=$2 path=$3 body="${4-}"
	shift $(($# < 4 ? $# : 4))
	curl -sS -X "$method" -w '\n%{http_code}\n' -H "Authorization: Bearer $who" -H 'Content-Type: application/json' \
		${body:+-d "$body"} "$@" "$CS$path"
}
body() { sed '$d' <<<"$1"; }
status() { tail -n 1 <<<"$1"; }
code() { jq -r '.code // "none"' <<<"$(body "$1")"; }

person() { # EMAIL ROLE: prints a token of theirs
	ask "$admin" POST /api/v1/users "{\"email\":\"$1\",\"password\":\"correct horse 42\",\"roles\":[\"$2\"],\"must_change_password\":false}" >/dev/null
	curl -sS -H 'Content-Type: application/json' -d "{\"email\":\"$1\",\"password\":\"correct horse 42\"}" \
		"$CS/api/v1/auth/login" | jq -r .result.access_token
}
ann=$(person ann@example.com approver) bob=$(person bob@example.com approver) vic=$(person vic@example.com viewer)
pat=$(person pat@example.com pe)

example=$("$bin" call --list --json | jq -c 'select(.operation == "sign.cabinets").example' | head -n 1)
curl -sS -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' -H 'Countersign-Seal: true' \
	-d "$example" -o /dev/null "$CS/api/v1/signage/common/cabinets/derive"
seal=$(ask "$admin" GET /api/v1/seals | sed '$d' | jq -r '.result.items[0].seal_sha256')
check 'there is a sealed calculation' same "${#seal}" 64

open() { # JSON members: prints the request's id
	ask "$admin" POST /api/v1/countersign-requests "{\"kind\":\"release\",\"seal_sha256\":\"$seal\"$1}" | sed '$d' |
		jq -r .result.request_id
}
vote() { # TOKEN REQUEST DECISION [MEMBERS]
	ask "$1" POST /api/v1/countersignatures \
		"{\"request_id\":\"$2\",\"seal_sha256\":\"$seal\",\"decision\":\"$3\",\"consent_version\":1${4-}}"
}

none=$(printf '0%.0s' $(seq 64))
check 'a request on no seal: 404' same \
	"$(status "$(ask "$admin" POST /api/v1/countersign-requests "{\"kind\":\"release\",\"seal_sha256\":\"$none\"}")")" 404
check 'an approval is opened by trade: 422' same \
	"$(status "$(ask "$admin" POST /api/v1/countersign-requests "{\"kind\":\"approval\",\"seal_sha256\":\"$seal\"}")")" 422

request=$(open ',"quorum":2')
got=$(body "$(ask "$vic" GET "/api/v1/countersign-requests/$request")")
check 'it is open, wants two, and four eyes' json "$got" '.result | [.status, .quorum, .four_eyes, .approvals]' '["open",2,true,0]'
check 'who asked cannot decide' same "$(code "$(vote "$admin" "$request" approve)")" four_eyes
check 'a viewer cannot' same "$(code "$(vote "$vic" "$request" approve)")" forbidden
check 'another seal than the one seen' same "$(code "$(ask "$ann" POST /api/v1/countersignatures \
	"{\"request_id\":\"$request\",\"seal_sha256\":\"$none\",\"decision\":\"approve\",\"consent_version\":1}")")" seal_mismatch
check 'an outdated consent' same "$(code "$(ask "$ann" POST /api/v1/countersignatures \
	"{\"request_id\":\"$request\",\"seal_sha256\":\"$seal\",\"decision\":\"approve\",\"consent_version\":9}")")" consent_outdated
check 'no rejection without a reason' same "$(code "$(vote "$ann" "$request" reject)")" invalid
check 'which is what is told' json "$(body "$(vote "$ann" "$request" reject)")" '.errors | map([.pointer, .code])' '[["/reason","required"]]'
first=$(vote "$ann" "$request" approve)
check 'the first approval: 201' same "$(status "$first")" 201
check 'still open' json "$(body "$first")" '.result | [.request_status, .approvals, .quorum]' '["open",1,2]'
check 'not twice' same "$(code "$(vote "$ann" "$request" approve)")" already_decided
second=$(vote "$bob" "$request" approve)
check 'the second grants it' json "$(body "$second")" '.result.request_status' granted
check 'no third' same "$(code "$(vote "$pat" "$request" approve)")" transition_refused

# The receipt: with the published keys, by anybody.
receipt=$(body "$second" | jq -r .result.receipt) id=$(body "$second" | jq -r .result.countersignature_id)
verify() { curl -sS -H 'Content-Type: application/json' -d "{\"receipt\":\"$1\"}" "$CS/api/v1/receipts/verify"; }
said=$(verify "$receipt")
check 'the receipt is valid' json "$said" '.result.valid'
check 'it says what was signed' json "$said" '.result.payload | [.seal_sha256, .decision, .request_id]' "[\"$seal\",\"approve\",\"$request\"]"
check 'its key is published' json "$(curl -sS "$CS/.well-known/jwks.json")" \
	"any(.keys[]; .kid == \"$(cut -d. -f1 <<<"$receipt" | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .kid)\")"
check 'a changed one is not, and that is no error' json "$(verify "${receipt%?????}AAAAA")" '.result.valid == false'
curl -sS "$CS/.well-known/jwks.json" >jwks.json
check 'off line with the key set' exits 0 "$bin" verify "$receipt" --jwks jwks.json
check 'from a file, in JSON' json "$("$bin" verify --json --jwks jwks.json - <<<"$receipt")" '.result.valid'
check 'off line a changed one is found' exits 4 "$bin" verify "${receipt%?????}AAAAA" --jwks jwks.json
check 'with the own keys' exits 0 "$bin" verify "$receipt" --data "$work/data"
check 'without keys it cannot be told' exits 2 "$bin" verify "$receipt" --jwks <(echo '{"keys":[]}')
check 'the receipt alone' same "$(body "$(ask "$vic" GET "/api/v1/countersignatures/$id/receipt")")" "$receipt"
check 'the audit chain has the row that it names' grep -q "$(jq -r .result.payload.audit.hash <<<"$said")" <(
	ask "$admin" GET /api/v1/audit/export)

# Taking back.
check 'only who signed takes it back' same "$(code "$(ask "$ann" POST "/api/v1/countersignatures/$id/revoke" '{"reason":"x"}')")" forbidden
check 'bob takes it back' same "$(status "$(ask "$bob" POST "/api/v1/countersignatures/$id/revoke" '{"reason":"wrong one"}')")" 200
check 'the request is revoked' json "$(body "$(ask "$vic" GET "/api/v1/countersign-requests/$request")")" .result.status revoked

# Ends without a grant.
request=$(open '')
check 'one rejection ends it' json "$(body "$(vote "$ann" "$request" reject ',"reason":"not yet"')")" .result.request_status rejected
request=$(open '')
check 'bob cannot withdraw it' same "$(status "$(ask "$bob" POST "/api/v1/countersign-requests/$request/withdraw")")" 403
check 'its author can' json "$(body "$(ask "$admin" POST "/api/v1/countersign-requests/$request/withdraw")")" .result.status withdrawn
soon=$(date -u -d '+2 seconds' +%Y-%m-%dT%H:%M:%S.%NZ | sed 's/...Z$/Z/')
request=$(open ",\"expires_at\":\"$soon\"")
for ((i = 0; i < 100; i++)); do
	[ "$(body "$(ask "$vic" GET "/api/v1/countersign-requests/$request")" | jq -r .result.status)" = expired ] && break
	sleep 0.1
done
check 'nobody decided: expired' json "$(body "$(ask "$vic" GET "/api/v1/countersign-requests/$request")")" .result.status expired
late=$(vote "$ann" "$request" approve)
check 'too late: 410' same "$(status "$late") $(code "$late")" '410 expired'

# 32 deciders at once: one grant.
request=$(open '')
for i in $(seq 16); do
	vote "$ann" "$request" approve >"$work/vote.a$i" &
	voters[i]=$!
	vote "$bob" "$request" approve >"$work/vote.b$i" &
	voters[i + 16]=$!
done
wait "${voters[@]}"
check 'of 32 at once one decides' same "$(tail -qn 1 "$work"/vote.* | grep -c 201)" 1

# Policies only raise.
head=$(curl -sS -D - -o "$work/policies" -H "Authorization: Bearer $admin" "$CS/api/v1/countersign-policies" | tr -d '\r')
etag=$(awk -F': ' 'tolower($1) == "etag" {print $2}' <<<"$head")
put='{"policies":[{"kind":"release","quorum":3,"four_eyes":true}]}'
check 'a policy needs If-Match' same "$(status "$(ask "$admin" PUT /api/v1/countersign-policies "$put")")" 428
check 'it is raised' same "$(status "$(ask "$admin" PUT /api/v1/countersign-policies "$put" -H "If-Match: $etag")")" 200
request=$(open ',"quorum":2')
check 'the next request wants three' json "$(body "$(ask "$vic" GET "/api/v1/countersign-requests/$request")")" .result.quorum 3
list=$(body "$(ask "$vic" GET '/api/v1/countersign-requests?limit=2')")
cursor=$(jq -r .result.next_cursor <<<"$list")
check 'pages follow each other' json "$(body "$(ask "$vic" GET "/api/v1/countersign-requests?limit=2&cursor=$cursor")")" \
	".result.items | length == 2 and .[0].request_id < \"$(jq -r '.result.items[1].request_id' <<<"$list")\""
check 'the list of what is open' json "$(body "$(ask "$vic" GET '/api/v1/countersign-requests?status=open&kind=release')")" \
	'[.result.items[].status] | unique' '["open"]'
