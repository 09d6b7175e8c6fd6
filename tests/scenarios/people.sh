# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# People, API keys and the server's own keys from the command line [platform.md 2, P-4.4, P-4.8, P-6.9].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export COUNTERSIGN_RATE_ENABLED=false COUNTERSIGN_PEOPLE_ACCESS_TTL_S=4
cs() { "$bin" "$@" --data "$work/data"; }
start_server
login

echo 'lavender tram 88 kite' >one
echo 'violet bus 77 balloon' >two
sign_in() { # PASSWORD: the answer's code, or "in"
	curl -sS "$CS/api/v1/auth/login" -H 'Content-Type: application/json' \
		-d "{\"email\":\"ann@example.com\",\"password\":\"$1\"}" | jq -r '.code // "in"'
}
ann=$(cs user add ann@example.com --role engineer,trader --password-file one --json)
check 'a person is added' json "$ann" '.result | .email == "ann@example.com" and .roles == ["engineer","trader"]'
check 'twice: 2' exits 2 cs user add ANN@example.com --role viewer --password-file one
check 'a role that is none: 2' exits 2 cs user add bob@example.com --role king --password-file one
check 'neither password nor invitation: 2' exits 2 cs user add bob@example.com --role viewer
check 'another password is due' same "$(sign_in "$(cat one)")" password_change_required
check 'an invitation' cs user add bob@example.com --role viewer --invite
check 'goes out by mail' grep -rqi 'bob@example.com' data/mail
check 'the list' same "$(cs user list --json | jq -r .email | sort | paste -sd,)" admin@localhost,ann@example.com,bob@example.com
check 'one of them' json "$(cs user show ann@example.com --json)" ".result.user_id == $(jq .result.user_id <<<"$ann")"
check 'by id' json "$(cs user show "$(jq -r .result.user_id <<<"$ann")" --json)" '.result.email == "ann@example.com"'
check 'nobody: 2' exits 2 cs user show nobody@example.com
check 'roles by --role' json "$(cs user role ann@example.com --role trader --role engineer --json)" '.result.roles | sort == ["engineer","trader"]'
check 'no role: 2' exits 2 cs user role ann@example.com
check 'both ways at once: 2' exits 2 cs user role ann@example.com viewer --role trader
check 'other roles' json "$(cs user role ann@example.com engineer --json)" '.result.roles == ["engineer"]'
check 'the last admin stays: 2' exits 2 cs user role admin@localhost viewer
check 'suspending needs a reason: 2' exits 2 cs user suspend ann@example.com
check 'suspended' json "$(cs user suspend ann@example.com --reason 'on leave' --json)" '.result.status == "suspended"'
check 'and active' json "$(cs user activate ann@example.com --json)" '.result.status == "active"'
check 'a new password' cs user passwd ann@example.com --password-file two
check 'is asked for' same "$(sign_in "$(cat one)")" credentials_invalid
for _ in 1 2 3 4 5; do sign_in wrong >/dev/null; done
check 'locked' same "$(sign_in "$(cat two)")" account_locked
check 'unlocked' cs user unlock ann@example.com
check 'at once' exits 1 test "$(sign_in "$(cat two)")" = account_locked
check 'a token to set it' cs user passwd ann@example.com
check 'goes out too' grep -rqi 'reset' data/mail
live=$(cs user sessions admin@localhost --json | head -n 1)
check 'sessions are named' json "$live" '(.session_id | length == 36) and .current == false and .ip == "127.0.0.1"'
check 'for people too' grep -q "$(jq -r .session_id <<<"$live")" <(cs user sessions admin@localhost)
check 'and all of them ended' cs user sessions ann@example.com --end
check 'so that there is none' same "$(cs user sessions ann@example.com)" ''
check 'nobody: 2' exits 2 cs user sessions nobody@example.com

key=$(cs key create 'build server' --scope calculation.run,seal.read --user ann@example.com --expires 30d --json)
text=$(jq -r .result.key <<<"$key")
check 'a key' json "$key" '.result | (.key | startswith("csk_")) and .scopes == ["seal.read","calculation.run"]'
check 'works' same "$(curl -sS -o /dev/null -w '%{http_code}' -H "X-API-Key: $text" "$CS/api/v1/seals")" 200
check 'more than its owner has: 2' exits 2 cs key create x --scope user.manage --user ann@example.com
check 'no scope: 2' exits 2 cs key create x --user ann@example.com
check 'a nonsense end: 2' exits 2 cs key create x --scope seal.read --user ann@example.com --expires soon
check 'without a name it is the only admin'"'"'s' cs key create mine --scope seal.read --quiet
check 'it is listed' json "$(cs key list --json | jq -sc .)" '[.[].name] | sort == ["build server","mine"]'
check 'never again in clear' exits 1 grep -qF -e "$text" <(cs key list --json)
check 'revoked by its name' cs key revoke 'build server'
check 'it is nothing' same "$(curl -sS -o /dev/null -w '%{http_code}' -H "X-API-Key: $text" "$CS/api/v1/seals")" 401
check 'twice: 2' exits 2 cs key revoke 'build server'

keyed() {
	curl -sS "$CS/api/v1/keys" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
		-H 'Idempotency-Key: once' -d '{"name":"twice","scopes":["seal.read"]}'
}
login
first=$(keyed) again=$(keyed)
secret=$(jq -r .result.key <<<"$first")
check 'a key under an Idempotency-Key' json "$first" '.result.key | startswith("csk_")'
check 'its replay has none' json "$again" '.result.key == null and .warnings[0].code == "secret_shown_once"'
check 'but the same id' same "$(jq -r .result.key_id <<<"$again")" "$(jq -r .result.key_id <<<"$first")"
check 'nor has the store' exits 1 grep -rqaF -e "$secret" data

jwks() { curl -sS "$CS/.well-known/jwks.json"; }
code() { curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "$CS/api/v1/auth/me"; }
kid() { cut -d. -f1 <<<"$1" | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .kid; }
login
old=$token
turned=$(cs keys rotate access --json)
check 'the old access key is named' same "$(jq -r .result.retired_key_id <<<"$turned")" "$(kid "$old")"
check 'both are published' json "$(jwks)" "[.keys[].kid] | contains([$(jq -c '.result | .key_id, .retired_key_id' <<<"$turned" | paste -sd,)])"
check 'the old token verifies on' same "$(code "$old")" 200
login
check 'the new one is signed by the new key' same "$(kid "$token")" "$(jq -r .result.key_id <<<"$turned")"
check 'and verifies' same "$(code "$token")" 200
lasting() { jwks | jq --arg old "$(jq -r .retired_key_id <<<"$turned")" '[.keys[] | select(.kid != $old)] | length'; } # its time may end here
before=$(lasting)
check 'the receipt key' cs keys rotate receipt
check 'the checkpoint key' cs keys rotate checkpoint
check 'stay published' same "$(lasting)" "$((before + 2))"
check 'a kind that is none: 2' exits 2 cs keys rotate front-door
check 'the chain holds under both checkpoint keys' cs audit verify
cs audit export >chain.ndjson
check 'an export too, off line' "$bin" audit verify chain.ndjson
check 'with both keys in it' same "$(grep -c '^{"key"' chain.ndjson)" 2
check 'each rotation is a row' same "$(grep -c '"action":"keys.rotate"' chain.ndjson)" 3

stop_server
check 'rotated without a server' cs keys rotate receipt
sleep 5 # the old access key's time is over
start_server
check 'all of it lasts' json "$(jwks)" '[.keys[] | select(.kty == "EC")] | length == 4'
check 'but the old access key' json "$(jwks)" "[.keys[].kid] | index($(jq -c .result.retired_key_id <<<"$turned")) == null"
check 'whose file is gone' same "$(find data/keys -name 'access-*' | wc -l)" 0
check 'and the chain still holds' cs audit verify
