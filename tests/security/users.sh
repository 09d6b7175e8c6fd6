# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Managing people: P-4.9, P-8.4, one account apart from another (P-5.3), roles at once (P-4.4, ASVS 8.3.2).
. "$(dirname "$0")/lib.sh"

as "$admin" POST /api/v1/users '{"email":"Lin@Sign.Example ","password":"lavender tram 88 kite","roles":["engineer"],"full_name":"Lin Ho","must_change_password":false}'
gives 'an admin adds a person' 201
check 'its address without the blanks around it' json "$said" .result.email Lin@Sign.Example
check 'the view has no secret' json "$said" '.result | (has("password") or has("password_hash") or has("totp_secret")) | not'
lin=$(member .user_id) etag=$(header etag)
check 'the place is told' same "$(header location)" "/api/v1/users/$lin"
new_user 'lin@sign.example' '"viewer"'
gives 'an address is taken once' 409 email_taken
as "$admin" POST /api/v1/users '{"email":"x@y.example","roles":["device"],"invite":true}'
gives 'device is no role of a person' 422 invalid
as "$admin" POST /api/v1/users '{"email":"x@y.example","roles":["viewer"]}'
gives 'a password or an invitation is needed' 422 invalid
as "$admin" POST /api/v1/users '{"email":"x@y.example","roles":["viewer"],"password":"password123"}'
gives 'a common password is refused' 422 invalid
check 'by its code' json "$said" '.errors[0] | [.pointer, .code]' '["/password","password_common"]'

# versions
as "$admin" PATCH "/api/v1/users/$lin" '{"full_name":"Lin"}'
gives 'a change without If-Match is refused' 428 precondition_required
as "$admin" PATCH "/api/v1/users/$lin" '{"full_name":"Lin"}' -H 'If-Match: "00000000000000000000000000000000"'
gives 'a change of an old version is refused' 412 precondition_failed
check 'and the current one is told' same "$(header etag)" "$etag"
as "$admin" PATCH "/api/v1/users/$lin" '{"full_name":"Lin"}' -H 'If-Match: *'
gives 'a star is for DELETE only' 412 precondition_failed
as "$admin" PATCH "/api/v1/users/$lin" '{"full_name":"Lin"}' -H "If-Match: $etag"
gives 'a change of this version is taken' 200
check 'the version rises' json "$said" .result.version 2
new=$(header etag)
check 'the ETag is another' test "$new" != "$etag"
as "$admin" GET "/api/v1/users/$lin" '' -H "If-None-Match: $new"
gives 'what is known is not sent again' 304
for body in '{"status":"suspended"}' '{"version":9}' '{"account_id":"0192f000-0000-7000-8000-000000000000"}'; do
	as "$admin" PATCH "/api/v1/users/$lin" "$body" -H "If-Match: $new"
	check "read-only: $body" json "$said" '.errors[0].code' read_only
done
as "$admin" PATCH "/api/v1/users/$lin" '{"password_hash":"x"}' -H "If-Match: $new"
check 'an unknown member is refused' json "$said" '.errors[0].code' unknown_field

# roles act at once
sign_in lin@sign.example "$password"
lins=$token
as "$lins" GET /api/v1/users
gives 'an engineer does not read people' 403 forbidden
as "$admin" PATCH "/api/v1/users/$lin" '{"roles":["owner"]}' -H "If-Match: $new"
as "$lins" GET /api/v1/users
gives 'with the role of an owner the same token may' 200
check 'a mail tells of the roles' grep -q 'roles are now: owner' <(newest_mail lin@sign.example)
as "$lins" POST /api/v1/users '{"email":"boss@sign.example","roles":["admin"],"invite":true}'
gives 'an owner makes no admin' 403 forbidden
as "$admin" GET /api/v1/auth/me
root=$(member .user_id) main=$(member .account_id)
as "$admin" GET "/api/v1/users/$root"
root_etag=$(header etag)
as "$lins" POST "/api/v1/users/$root/suspend" '{"reason":"coup"}'
gives 'an owner does not suspend an admin' 403 forbidden
as "$lins" PATCH "/api/v1/users/$root" '{"password":"lavender tram 99 kite"}' -H "If-Match: $root_etag"
gives 'nor sets their password' 403 forbidden
as "$lins" DELETE "/api/v1/users/$root/sessions"
gives 'nor ends their sessions' 403 forbidden
as "$admin" PATCH "/api/v1/users/$root" '{"roles":["owner"]}' -H "If-Match: $root_etag"
gives 'the last admin stays' 409 last_admin
as "$admin" POST "/api/v1/users/$root/deactivate" '{}'
gives 'and stays active' 409 last_admin
as "$admin" POST "/api/v1/users/$lin/suspend" '{}'
gives 'a suspension needs a reason' 422 invalid

# other accounts (BOLA)
ask POST /api/v1/auth/register '{"email":"nonsense","password":"short","roles":["admin"],"colour":1}'
check 'register names all faults at once' json "$said" '[.code, ([.errors[] | .pointer + " " + .code] | sort)]' \
	'["invalid",["/colour unknown_field","/email format","/password length","/roles read_only"]]'
ask POST /api/v1/auth/register "{\"email\":\"eve@other.example\",\"password\":\"$password\"}"
gives 'a stranger registers' 201
eve=$(member .user_id) eves_account=$(member .account_id)
check 'and owns an account of their own' test "$eves_account" != "$main"
sign_in eve@other.example "$password"
eves=$token
nobody=0192f000-0000-7000-8000-000000000000
while read -r method path body; do
	as "$eves" "$method" "${path/ID/$lin}" "$body" -H 'If-Match: "00000000000000000000000000000000"'
	foreign=$(jq -c 'del(.request_id, .instance, .timestamp, .trace)' <<<"$said") foreign_status=$status
	as "$eves" "$method" "${path/ID/$nobody}" "$body" -H 'If-Match: "00000000000000000000000000000000"'
	gives "another's $method $path is not found" 404 not_found
	check "$method $path: another's id answers as a random one" same "$foreign_status $foreign" \
		"$status $(jq -c 'del(.request_id, .instance, .timestamp, .trace)' <<<"$said")"
done <<'ROWS'
GET /api/v1/users/ID
PATCH /api/v1/users/ID {"full_name":"x"}
POST /api/v1/users/ID/unlock {}
POST /api/v1/users/ID/suspend {"reason":"x"}
POST /api/v1/users/ID/activate {}
POST /api/v1/users/ID/deactivate {}
DELETE /api/v1/users/ID/sessions
DELETE /api/v1/keys/ID
ROWS
as "$eves" GET "/api/v1/users?account_id=$main"
check 'a list of another account is empty' json "$said" '.result.items' '[]'
as "$eves" GET /api/v1/users
check 'the own list has only oneself' json "$said" '[.result.items[].email]' '["eve@other.example"]'
as "$eves" POST /api/v1/users "{\"email\":\"z@other.example\",\"roles\":[\"viewer\"],\"invite\":true,\"account_id\":\"$main\"}"
check 'nobody is put into another account' json "$said" '.errors[0] | [.pointer, .code]' '["/account_id","read_only"]'
as "$eves" POST "/api/v1/users/$eve/deactivate" '{}'
gives 'the last owner of an account stays' 409 last_admin

# lists
as "$admin" GET '/api/v1/users?account_id=*&limit=2'
check 'a page has its limit' json "$said" '.result.items | length' 2
cursor=$(member .next_cursor)
check 'and a link to the next' grep -q "cursor=$cursor>; rel=\"next\"" <(header link)
first=$(jq -c '[.result.items[].user_id]' <<<"$said")
as "$admin" GET "/api/v1/users?account_id=*&limit=2&cursor=$cursor"
check 'the next page goes on' json "$said" "[.result.items[].user_id] as \$p | ($first | any(. as \$i | \$p | index(\$i))) | not"
as "$admin" GET "/api/v1/users?limit=2&cursor=$cursor"
gives 'a cursor of another filter is refused' 400 cursor_invalid
as "$admin" GET "/api/v1/users?limit=2&cursor=A$cursor"
gives 'a forged cursor is refused' 400 cursor_invalid

# suspension ends tokens at once (behaviour 7)
sign_in lin@sign.example "$password"
lins=$token
as "$admin" POST "/api/v1/users/$lin/suspend" '{"reason":"left"}'
gives 'an admin suspends' 200
as "$lins" GET /api/v1/auth/me
gives 'a live token dies at once' 401 session_revoked
sign_in lin@sign.example "$password"
gives 'who is suspended learns it with the right password' 403 account_inactive
sign_in lin@sign.example 'not the password'
gives 'and nothing with a wrong one' 401 credentials_invalid
as "$admin" POST "/api/v1/users/$lin/activate" '{}'
gives 'an admin lets them in again' 200
sign_in lin@sign.example "$password"
gives 'and they log in' 200
lins=$token
as "$admin" DELETE "/api/v1/users/$lin/sessions"
gives 'an admin ends all sessions' 204
as "$lins" GET /api/v1/auth/me
gives 'they are over at once' 401 session_revoked

# invitation
as "$admin" POST /api/v1/users '{"email":"guest@sign.example","roles":["viewer"],"invite":true}'
gives 'a person is invited' 201
check 'and waits' json "$said" .result.status pending
invitation=$(mail_token guest@sign.example)
ask POST /api/v1/auth/password/reset "{\"token\":\"$invitation\",\"new_password\":\"$password\"}"
gives 'the invited person sets a password' 204
ask POST /api/v1/auth/password/reset "{\"token\":\"$invitation\",\"new_password\":\"$password\"}"
gives 'once' 422 token_invalid
sign_in guest@sign.example "$password"
gives 'and logs in' 200
check 'with a verified address' json "$said" .result.user.email_verified

# a person is made once under one Idempotency-Key, though a password is hashed on the way [P-8.5]
body="{\"email\":\"once@sign.example\",\"password\":\"$password\",\"roles\":[\"viewer\"]}"
as "$admin" POST /api/v1/users "$body" -H 'Idempotency-Key: once-1'
gives 'under a key' 201
one=$said
as "$admin" POST /api/v1/users "$body" -H 'Idempotency-Key: once-1'
check 'the same again: the same answer' same "$status $said" "201 $one"
check 'which says so' same "$(header idempotency-replayed)" true
as "$admin" POST /api/v1/users "${body/viewer/engineer}" -H 'Idempotency-Key: once-1'
gives 'with another body' 422 idempotency_mismatch
as "$admin" POST /api/v1/users "$body" -H 'Idempotency-Key: once-2'
gives 'under another key the address is taken' 409 email_taken
check 'no password in the store, nor a plain hash of the body' exits 1 \
	grep -raqF -e "$password" -e "$(printf %s "$body" | sha256sum | cut -d' ' -f1)" "$work/data/store.db"

# an operator's lock is that of wrong passwords: logins are refused, sessions go on [P-4.2]
sign_in lin@sign.example "$password"
as "$admin" POST "/api/v1/users/$lin/lock" '{}'
gives 'an admin locks' 200
as "$token" GET /api/v1/auth/me
gives 'a session goes on' 200
sign_in lin@sign.example "$password"
gives 'no login with the right password' 403 account_locked
as "$admin" POST "/api/v1/users/$lin/unlock" '{}'
sign_in lin@sign.example "$password"
gives 'until it is unlocked' 200
check 'user lock' "$bin" user lock lin@sign.example --data "$work/data"
sign_in lin@sign.example "$password"
gives 'does the same' 403 account_locked
check 'user unlock' "$bin" user unlock lin@sign.example --data "$work/data"

# what was done stands in the chain
stop_server >/dev/null
check 'the chain holds' "$bin" audit verify --data "$work/data"
"$bin" audit export --data "$work/data" >"$work/chain"
for action in user.create user.update user.suspend user.activate user.sessions_end auth.denied auth.lock auth.unlock; do
	check "the chain has $action" grep -q "\"action\":\"$action\"" "$work/chain"
done
check 'the chain names no address' exits 1 grep -qi 'lin@sign.example' "$work/chain"
