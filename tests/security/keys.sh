# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# API keys: P-4.8, and behaviour 9: a key after its maker lost a role.
. "$(dirname "$0")/lib.sh"

new_user ann@sign.example '"engineer","owner"'
ann=$user
sign_in ann@sign.example "$password"
anns=$token
as "$anns" POST /api/v1/keys '{"name":"ci","scopes":["calculation.run","user.read"]}'
gives 'a key is made' 201
key=$(member .key) key_id=$(member .key_id) prefix=$(member .prefix)
check 'it has its form' grep -qE "^csk_${prefix}_[A-Za-z0-9_-]{43}$" <<<"$key"
check 'and ends in 90 days' json "$said" '((.result.expires_at | .[0:19] + "Z" | fromdate) - now) / 86400 | . > 89.9 and . < 90.1'

as "$key" GET /api/v1/users
gives 'it reads people as a bearer' 200
ask GET /api/v1/users '' -H "X-API-Key: $key"
gives 'and in its own header' 200
as "$key" GET /api/v1/users '' -H "X-API-Key: $key"
gives 'not in both at once' 400 header_invalid
ask GET /api/v1/users '' -H "X-API-Key: $key" -H "X-API-Key: $key"
gives 'nor twice' 400 header_invalid
ask GET "/api/v1/users?api_key=$key"
gives 'nor in the address' 401 unauthenticated
as "$key" GET /api/v1/auth/me
gives 'what is not in its scopes it may not' 403 forbidden
as "$key" POST /api/v1/users '{"email":"x@y.example","roles":["viewer"],"invite":true}'
gives 'though its maker may' 403 forbidden
other=A
[ "${key: -1}" != A ] || other=B
as "${key%?}$other" GET /api/v1/users
gives 'another key is not valid' 401 token_invalid
as "csk_$prefix" GET /api/v1/users
gives 'nor is a part of it' 401 token_invalid

as "$anns" GET /api/v1/keys
check 'a list names the key without it' json "$said" \
	'[.result.items[0] | .key_id, .prefix, .scopes, has("key")]' "[\"$key_id\",\"$prefix\",[\"calculation.run\",\"user.read\"],false]"
check 'and when it was used, to the minute' json "$said" '.result.items[0].last_used_at | test("T[0-9:]{5}:00.000000Z$")'

for body in '{"name":"x","scopes":["pack.manage"]}' '{"name":"x","scopes":["calculation.run","trade.device"]}'; do
	as "$anns" POST /api/v1/keys "$body"
	gives "not more than its maker has: $body" 403 forbidden
done
for body in '{"name":"x","scopes":["no.such"]}' '{"name":"x","scopes":[]}' '{"scopes":["calculation.run"]}' \
	'{"name":"x","scopes":["calculation.run"],"expires_at":"2020-01-01T00:00:00Z"}' \
	'{"name":"x","scopes":["calculation.run"],"expires_at":"2120-01-01T00:00:00Z"}' \
	'{"name":"x","scopes":["calculation.run"],"expires_at":"2027-01-01T00:00:00"}'; do
	as "$anns" POST /api/v1/keys "$body"
	gives "refused: $body" 422 invalid
done
as "$anns" POST /api/v1/keys '{"name":"maker","scopes":["key.create","self.manage","calculation.run"]}'
maker=$(member .key)
as "$maker" POST /api/v1/keys '{"name":"x","scopes":["calculation.run"]}'
gives 'a key makes no keys' 403 person_required
for row in 'POST /api/v1/auth/password/change {"current_password":"x","new_password":"y"}' 'GET /api/v1/auth/sessions' \
	'POST /api/v1/auth/logout {}' 'POST /api/v1/auth/totp/enroll {"password":"x"}'; do
	read -r method path body <<<"$row"
	as "$maker" "$method" "$path" "$body"
	gives "a key is no person: $method $path" 403 person_required
done

# a calculation needs one scope, sealing it another [P-4.8, P-6.4]
example=$("$bin" call --list --json | jq -c 'select(.operation == "sign.cabinets").example' | head -n 1)
seal_as() { # KEY
	as "$1" POST /api/v1/signage/common/cabinets/derive "$example" -H 'Countersign-Seal: true'
}
as "$anns" POST /api/v1/keys '{"name":"sealer","scopes":["calculation.run","seal.create"]}'
sealer=$(member .key)
as "$key" POST /api/v1/signage/common/cabinets/derive "$example"
gives 'a key with calculation.run calculates' 200
seal_as "$key"
gives 'and does not seal, though its maker may' 403 forbidden
as "$anns" GET /api/v1/seals
check 'nothing was sealed' json "$said" '.result.items | length' 0
seal_as "$sealer"
gives 'a key with seal.create too seals' 200
as "$anns" GET /api/v1/seals
check 'and the seal is stored' json "$said" '.result.items | length' 1

# the maker loses a role, is suspended, comes back
as "$admin" GET "/api/v1/users/$ann"
as "$admin" PATCH "/api/v1/users/$ann" '{"roles":["engineer"]}' -H "If-Match: $(header etag)"
as "$key" GET /api/v1/users
gives 'what the maker lost the key lost too' 403 forbidden
as "$admin" POST "/api/v1/users/$ann/suspend" '{"reason":"x"}'
as "$key" GET /api/v1/users
gives 'of a suspended maker no key is valid' 401 token_invalid
as "$admin" POST "/api/v1/users/$ann/activate" '{}'
as "$admin" GET "/api/v1/users/$ann"
as "$admin" PATCH "/api/v1/users/$ann" '{"roles":["owner"]}' -H "If-Match: $(header etag)"
as "$key" GET /api/v1/users
gives 'it works again with the role' 200

# revoke
new_user bob@sign.example '"engineer"'
sign_in bob@sign.example "$password"
as "$token" DELETE "/api/v1/keys/$key_id"
gives "another's key is not found" 404 not_found
as "$token" GET /api/v1/keys
check 'nor listed' json "$said" .result.items '[]'
sign_in ann@sign.example "$password"
as "$token" DELETE "/api/v1/keys/$key_id"
gives 'the owner revokes it' 204
as "$key" GET /api/v1/users
gives 'it is dead at once' 401 token_invalid
as "$token" DELETE "/api/v1/keys/$key_id"
gives 'there is nothing more to revoke' 404 not_found
check 'no key stands in the store or the log' exits 1 grep -raq "${key#csk_*_}" "$work/data" "$work/server.log"
