# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Idempotency-Key over the wire: the same answer again, byte for byte, and nothing done twice [P-8.5].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login

ask() { # METHOD PATH KEY BODY [CURL ARGUMENTS]: headers in head, body on stdout
	local method=$1 path=$2 key=$3 body=$4
	shift 4
	curl -sS -X "$method" -D "$work/head" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
		-H "Idempotency-Key: $key" -d "$body" "$@" "$CS$path"
}
status() { awk 'NR == 1 {print $2}' "$work/head"; }
header() { tr -d '\r' <"$work/head" | awk -F': ' -v name="$1" 'tolower($1) == tolower(name) {print $2}'; }

first=$(ask POST /api/v1/projects k1 '{"name":"Pylon"}')
check 'a project is made' same "$(status)" 201
check 'the first answer is no replay' same "$(header Idempotency-Replayed)" ''
etag=$(header ETag) location=$(header Location)
again=$(ask POST /api/v1/projects k1 '{"name":"Pylon"}')
check 'the same request again: the same status' same "$(status)" 201
check 'the same bytes' same "$again" "$first"
check 'it says that it is a replay' same "$(header Idempotency-Replayed)" true
check 'the same ETag and Location' same "$(header ETag) $(header Location)" "$etag $location"
alias=$(ask POST /projects k1 '{"name":"Pylon"}')
check 'by an alias too' same "$alias" "$first"

ask POST /api/v1/projects k1 '{"name":"Other"}' >/dev/null
check 'another body: 422' same "$(status)" 422
check 'its code' json "$(ask POST /api/v1/projects k1 '{"name":"Other"}')" .code idempotency_mismatch
check 'a key with a space: 400' json "$(ask POST /api/v1/projects 'k 2' '{"name":"x"}')" .code idempotency_key_invalid
check 'a key of 256 characters: 400' json \
	"$(ask POST /api/v1/projects "$(printf 'k%.0s' $(seq 256))" '{"name":"x"}')" .code idempotency_key_invalid

ask POST /api/v1/projects k3 '{"name":""}' >/dev/null
check 'a refusal before the op is not recorded' same "$(status)" 422
ask POST /api/v1/projects k3 '{"name":"Right"}' >/dev/null
check 'so the key is still free' same "$(status)" 201

id=$(jq -r .result.project_id <<<"$first")
ask PUT "/api/v1/projects/$id" k4 '{"name":"Stale"}' -H 'If-Match: "00000000000000000000000000000000"' >/dev/null
check 'a refusal that the op decided' same "$(status)" 412
ask PUT "/api/v1/projects/$id" k4 '{"name":"Stale"}' -H "If-Match: $etag" >/dev/null
check 'is recorded' same "$(status) $(header Idempotency-Replayed)" '412 true'

clients=()
for i in $(seq 20); do
	curl -sS -o "$work/out.$i" -w '%{http_code}\n' -X POST -H "Authorization: Bearer $token" \
		-H 'Content-Type: application/json' -H 'Idempotency-Key: race' -d '{"name":"Race"}' "$CS/api/v1/projects" \
		>"$work/code.$i" &
	clients+=($!)
done
wait "${clients[@]}"
cat "$work"/code.* >"$work/codes"
check 'twenty at once: made, made again, or still running' test "$(grep -cvE '^(201|409)$' "$work/codes")" -eq 0
made=$(curl -sS -H "Authorization: Bearer $token" "$CS/api/v1/projects?q=Race" | jq '.result.items | length')
check 'and one project' same "$made" 1
check 'who came while it ran was told so' same "$(jq -r '.code // empty' "$work"/out.* | sort -u)" \
	"$(grep -q 409 "$work/codes" && echo idempotency_in_flight)"

# Whose key it is, and of what [B16].
ask POST /api/v1/keys k1 '{"name":"Pylon","scopes":["seal.read"]}' >/dev/null
check 'on another route: 422' same "$(status)" 422
ask POST '/api/v1/projects?q=1' k1 '{"name":"Pylon"}' >/dev/null
check 'with another query: 422' same "$(status)" 422
mine=$token
api POST /api/v1/users '{"email":"ann@example.com","password":"correct horse 42","roles":["engineer"],"must_change_password":false}' >/dev/null
token=$(curl -sS -H 'Content-Type: application/json' -d '{"email":"ann@example.com","password":"correct horse 42"}' \
	"$CS/api/v1/auth/login" | jq -r .result.access_token)
other=$(ask POST /api/v1/projects k1 '{"name":"Pylon"}')
check 'another person has keys of their own' same "$(status) $(header Idempotency-Replayed)" '201 '
check 'and gets a project of their own' exits 1 same "$(jq -r .result.project_id <<<"$other")" "$id"
token=$mine
logins=$(for i in 1 2; do
	curl -sS -H 'Content-Type: application/json' -H 'Idempotency-Key: k1' -D "$work/head" "$CS/api/v1/auth/login" \
		-d '{"email":"ann@example.com","password":"correct horse 42"}' | jq -r .result.session_id
done)
check 'logins know no such key' same "$(sort -u <<<"$logins" | wc -l) $(header Idempotency-Replayed)" '2 '
check 'and nothing of them is kept' same "$(python3 -c "import sqlite3
kept = [str(body) for (body,) in sqlite3.connect('data/store.db').execute('SELECT body FROM idempotency')]
print(len(kept) > 3, any('access_token' in body for body in kept))")" 'True False'

stop_server
start_server
login
again=$(ask POST /api/v1/projects k1 '{"name":"Pylon"}')
check 'after a restart the same bytes' same "$again" "$first"

python3 -c "import sqlite3
db = sqlite3.connect('data/store.db')
db.execute('UPDATE idempotency SET expires_at = 1')
db.commit()"
later=$(ask POST /api/v1/projects k1 '{"name":"Pylon"}')
check 'when its time is up it is a new request' same "$(status) $(header Idempotency-Replayed)" '201 '
check 'with a project of its own' exits 1 same "$(jq -r .result.project_id <<<"$later")" "$id"
