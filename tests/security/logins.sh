# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Locks (P-4.2), no enumeration (P-4.3), refresh (P-4.5), sessions (P-4.6), single-use tokens, and planted secrets.
settings=PEOPLE_LOCK_S=3
. "$(dirname "$0")/lib.sh"

for name in ann bob cy; do
	new_user "$name@sign.example" '"engineer"'
done

# no enumeration: unknown address and wrong password answer alike
problem() {
	jq -c 'del(.request_id, .timestamp, .trace.request_id)' <<<"$said"
}
sign_in cy@sign.example 'not the password'
gives 'a wrong password' 401 credentials_invalid
check 'names the scheme' same "$(header www-authenticate)" Bearer
wrong=$(problem)
sign_in nobody@sign.example 'not the password'
check 'an unknown address answers as a wrong password' same "$status $(problem)" "401 $wrong"
for address in cy@sign.example nobody@sign.example; do
	ask POST /api/v1/auth/password/forgot "{\"email\":\"$address\"}"
	gives "forgot says nothing of $address" 202
	ask POST /api/v1/auth/email/resend "{\"email\":\"$address\"}"
	gives "nor does resend" 202
done

# the fifth failure locks, known or not (behaviour 4)
for address in ann@sign.example ghost@sign.example; do
	for i in 1 2 3 4 5; do
		sign_in "$address" "wrong $i"
		gives "$address: failure $i" 401 credentials_invalid
	done
	sign_in "$address" "$password"
	gives "$address: locked, with the right password too" 403 account_locked
	check "$address: and told how long" test "$(header retry-after)" -ge 1 -a "$(header retry-after)" -le 3
done
sleep 3.2
sign_in ann@sign.example "$password"
gives 'open when the lock has passed' 200
sign_in ghost@sign.example 'wrong again'
gives 'and the count begins anew' 401 credentials_invalid

# parallel guesses get no sixth
for i in $(seq 20); do
	curl -sS -o /dev/null -w '%{http_code}\n' "$CS/api/v1/auth/login" -H 'Content-Type: application/json' \
		-d "{\"email\":\"crowd@sign.example\",\"password\":\"guess $i\"}" &
done >"$work/codes"
while [ "$(wc -l <"$work/codes")" -lt 20 ]; do sleep 0.1; done
check 'of 20 guesses at once five are read' same "$(grep -c 401 "$work/codes") $(grep -c 403 "$work/codes")" '5 15'

# a known device has a counter of its own
sign_in bob@sign.example "$password"
bobs_device=$device
for i in 1 2 3 4 5; do
	sign_in bob@sign.example "wrong $i"
done
sign_in bob@sign.example "$password"
gives 'a stranger is locked out' 403 account_locked
sign_in bob@sign.example "$password" "\"device_token\":\"$bobs_device\""
gives 'the known device is not' 200
as "$token" GET /api/v1/auth/me
gives 'and a lock ends no session' 200

# refresh: 50 rotations, then one of the old tokens again (behaviour 5)
sign_in cy@sign.example "$password"
old=$refresh live=$token
for i in $(seq 50); do
	ask POST /api/v1/auth/refresh "{\"refresh_token\":\"$refresh\"}"
	[ "$status" = 200 ] || break
	refresh=$(member .refresh_token)
done
check 'fifty rotations' same "$i $status" '50 200'
ask POST /api/v1/auth/refresh "{\"refresh_token\":\"$old\"}"
gives 'the first token again' 401 refresh_reused
as "$live" GET /api/v1/auth/me
gives 'ends the session' 401 session_revoked
ask POST /api/v1/auth/refresh "{\"refresh_token\":\"$refresh\"}"
gives "and the newest token with it" 401 token_invalid
check 'a mail tells of it' grep -q 'used twice' <(newest_mail cy@sign.example)
ask POST /api/v1/auth/refresh "{\"refresh_token\":\"$live\"}"
gives 'an access token refreshes nothing' 401 token_invalid
as "$refresh" GET /api/v1/auth/me
gives 'nor does a refresh token give access' 401 token_invalid

# sessions
sign_in cy@sign.example "$password"
one=$token
sign_in cy@sign.example "$password"
two=$token two_id=$session
as "$one" GET /api/v1/auth/sessions
check 'two sessions, one of them this' json "$said" '[.result.items[].current] | sort' '[false,true]'
as "$admin" DELETE "/api/v1/auth/sessions/$two_id"
gives "another's session is not found" 404 not_found
as "$one" DELETE "/api/v1/auth/sessions/$two_id"
gives 'one ends the other' 204
as "$two" GET /api/v1/auth/me
gives 'which is dead at once' 401 session_revoked
as "$one" POST /api/v1/auth/logout '{}'
gives 'logout' 204
as "$one" GET /api/v1/auth/me
gives 'ends the token at once' 401 session_revoked

# reset
sign_in cy@sign.example "$password"
before=$token
ask POST /api/v1/auth/password/forgot '{"email":"cy@sign.example"}'
first=$(mail_token cy@sign.example)
sleep 0.01
ask POST /api/v1/auth/password/forgot '{"email":"cy@sign.example"}'
second=$(mail_token cy@sign.example)
planted='planted-secret willow 41 anvil'
ask POST /api/v1/auth/password/reset "{\"token\":\"$first\",\"new_password\":\"$planted\"}"
gives 'a newer token voids the older' 422 token_invalid
ask POST /api/v1/auth/password/reset "{\"token\":\"$second\",\"new_password\":\"$planted\"}"
gives 'the newer one sets the password' 204
ask POST /api/v1/auth/password/reset "{\"token\":\"$second\",\"new_password\":\"$planted\"}"
gives 'once' 422 token_invalid
as "$before" GET /api/v1/auth/me
gives 'all sessions ended' 401 session_revoked
sign_in cy@sign.example "$planted"
gives 'the new password opens' 200

# nothing secret in logs, store or chain (mail carries its own token, so it is left out)
for secret in "$planted" "$password" "$token" "$refresh" "$device" "$second"; do
	check "not in log or store: ${secret:0:12}…" exits 1 grep -raqF --exclude-dir=mail -- "$secret" "$work/data" \
		"$work/server.log"
done
