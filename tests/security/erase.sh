# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# What is kept of a person is given out whole and taken away whole, and the chain holds [P-7.8].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

new_user ann.erase@example.com '"engineer"' '"full_name":"Ann Erasable"'
ann=$user
sign_in ann.erase@example.com "$password" '"device_name":"the tablet of Ann"'
mine=$token
as "$mine" POST /api/v1/keys '{"name":"hers","scopes":["seal.read"]}'
key=$(member .key)
as "$mine" POST /api/v1/projects '{"name":"Sign of Ann"}' -A 'Ann Browser 7'
as "$mine" POST /api/v1/signage/common/cabinets/derive \
	'{"cabinets":[{"width_ft":10,"height_ft":5,"weight_psf":10}],"overall_height_ft":25}' -H 'Countersign-Seal: true'

as "$mine" GET "/api/v1/users/$ann/export"
gives 'an engineer exports nobody' 403 forbidden
as "$admin" GET "/api/v1/users/$ann/export"
cp "$work/said" export.ndjson
check 'the export has every kind' same "$(jq -r .kind export.ndjson | sort -u | paste -sd,)" audit,key,profile,project,seal,session
check 'the profile' json "$(jq -c 'select(.kind == "profile")' export.ndjson)" '.email == "ann.erase@example.com" and .full_name == "Ann Erasable"'
check 'the clear values' grep -q 'Ann Browser 7' export.ndjson
check 'nothing that opens a door' exits 1 grep -qE 'password_hash|totp_secret|key_hash|refresh_hash|erasure_key' export.ndjson
as "$admin" GET /api/v1/users/0192f000-0000-7000-8000-000000000000/export
gives 'nobody' 404 not_found

# Beside the running server the chain is verified, and the clear values against what its rows commit to [P-7.5]: one
# that somebody changes in the store is found, though no export has it.
verify() { "$bin" audit verify --data data --json; }
forge() { # SQL: behind the server's back
	python3 -c 'import sqlite3, sys; db = sqlite3.connect("data/store.db"); db.execute(sys.argv[1]); db.commit()' "$1"
}
hers="SELECT MAX(seq) FROM audit_personal WHERE user_id = '$ann' AND user_agent = 'Ann Browser 7'"
check 'verified while it serves' json "$(verify)" '.result | .ok and .rows > 5'
forge "UPDATE audit_personal SET user_agent = 'Ann Browser 8' WHERE seq = ($hers)"
check 'a changed personal value: 4' exits 4 verify
check 'which row, and what of it' json "$(verify)" '.result | .stream == "main" and .seq > 1 and (.reason | test("user agent"))'
as "$admin" GET /api/v1/ops/audit/verify
check 'asked of the server, too' json "$said" '.result | .ok == false and (.reason | test("user agent"))'
as "$mine" GET /api/v1/ops/audit/verify
gives 'which tells operators only' 403 forbidden
"$bin" audit export --data data >while.ndjson
check 'the export itself is sound' "$bin" audit verify while.ndjson
check 'and has no clear value' exits 1 grep -q 'Ann Browser' while.ndjson
forge "UPDATE audit_personal SET user_agent = 'Ann Browser 7' WHERE user_agent = 'Ann Browser 8'"
check 'put right it verifies' verify

as "$admin" POST "/api/v1/users/$ann/erase" '{"confirm_email":"other@example.com"}'
gives 'another address is refused' 422 invalid
as "$admin" GET "/api/v1/seals?limit=1"
seal=$(member '.items[0].seal_sha256')
as "$mine" POST /api/v1/countersign-requests \
	"{\"kind\":\"release\",\"seal_sha256\":\"$seal\",\"subject_kind\":\"design\",\"subject_id\":\"d1\"}"
request=$(member .request_id)
as "$admin" POST "/api/v1/users/$ann/erase" '{"confirm_email":"ann.erase@example.com"}'
gives 'an open request holds' 409 legal_hold
as "$admin" GET "/api/v1/users/$ann"
check 'and only the name goes' json "$said" '.result.full_name == null and .result.email == "ann.erase@example.com" and .result.status == "active"'
as "$mine" POST "/api/v1/countersign-requests/$request/withdraw"

as "$admin" POST "/api/v1/users/$ann/erase" '{"confirm_email":"Ann.Erase@example.com"}'
gives 'erased' 202
task=$(member .task_id)
check 'as a task' json "$said" '.result | [.name, .state, .progress]' '["user.erase","SUCCESS",1]'
check 'named in Location' same "$(header location)" "/api/v1/tasks/$task"
as "$admin" GET "/api/v1/tasks/$task"
check 'which can be asked for' json "$said" \
	".result | [.task_id, .name, .state, .progress, .attempts, .result.user_id] == [\"$task\", \"user.erase\", \"SUCCESS\", 1, 1, \"$ann\"]"
as "$admin" GET '/api/v1/tasks?state=SUCCESS&limit=1'
check 'and is in the list' same "$(member '.items[0].task_id')" "$task"
as "$admin" DELETE "/api/v1/tasks/$task"
gives 'and has ended' 409 task_finished
as "$mine" GET /api/v1/auth/me
check 'her token is dead' same "$status" 401
ask GET /api/v1/seals '' -H "X-API-Key: $key"
check 'her key too' same "$status" 401
sign_in ann.erase@example.com "$password"
gives 'nobody is there any more' 401 credentials_invalid
as "$admin" GET "/api/v1/users/$ann"
check 'the id stays' json "$said" '.result.email == null and .result.status == "inactive"'
as "$admin" POST "/api/v1/users/$ann/erase" '{"confirm_email":"ann.erase@example.com"}'
gives 'not twice' 409 transition_refused
as "$admin" GET "/api/v1/users/$ann/export"
check 'an export has no clear value now' exits 1 grep -qE 'Ann Browser|tablet of Ann|ann.erase' "$work/said"
as "$admin" GET '/api/v1/audit?action=user.erase'
check 'erasure is a row, the refused one too' same "$(jq -rc '[.result.items[].status]' <<<"$said")" '["success","denied"]'
check 'the chain is sound, with no personal value of hers' verify
check 'none is left' same "$(python3 -c "import sqlite3
print(sqlite3.connect('data/store.db').execute('SELECT COUNT(*) FROM audit_personal WHERE user_id = ?', ('$ann',)).fetchone()[0])")" 0
check 'her seal still replays' "$bin" replay "$seal" --data data
as "$admin" GET /api/v1/auth/me
me=$(member .user_id)
as "$admin" POST "/api/v1/users/$me/erase" "{\"confirm_email\":\"$CS_EMAIL\"}"
gives 'the last admin stays' 409 last_admin
stop_server
check 'nor when it has stopped' json "$(verify)" .result.ok
check 'the store has the address nowhere' exits 1 grep -qaiF ann.erase@example.com data/store.db
