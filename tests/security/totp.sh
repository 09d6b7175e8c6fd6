# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# The second factor [P-4.7]: enrolment, a step only once (behaviour 8), five wrong codes, recovery codes; and a seed that
# opens under another master key.
. "$(dirname "$0")/lib.sh"

code() { # SECRET [STEPS AHEAD]: of RFC 6238
	python3 -c 'import base64, hashlib, hmac, sys, time
key = base64.b32decode(sys.argv[1] + "=" * (-len(sys.argv[1]) % 8))
mac = hmac.new(key, (int(time.time()) // 30 + int(sys.argv[2])).to_bytes(8, "big"), hashlib.sha1).digest()
at = mac[-1] & 15
print("%06d" % ((int.from_bytes(mac[at:at + 4], "big") & 0x7fffffff) % 1000000))' "$1" "${2-0}"
}
early() { # in a step: what follows stays in it
	while [ $(($(date +%s) % 30)) -gt 20 ]; do sleep 0.5; done
}
enrol() { # EMAIL: $secret and $codes, at the start of a step
	sign_in "$1" "$password"
	as "$token" POST /api/v1/auth/totp/enroll "{\"password\":\"$password\"}"
	secret=$(member .secret) uri=$(member .otpauth_uri)
	as "$token" POST /api/v1/auth/totp/confirm "{\"code\":\"$(code "$secret")\"}"
	codes=$(member '.recovery_codes[]')
}
second() { # CODE
	ask POST /api/v1/auth/login/mfa "{\"mfa_token\":\"$ticket\",\"code\":\"$1\"}"
	token=$(member .access_token)
}
first() { # EMAIL: the ticket in $ticket
	ask POST /api/v1/auth/login "{\"email\":\"$1\",\"password\":\"$password\"}"
	ticket=$(member .mfa_token)
}

new_user ann@sign.example '"engineer"'
new_user bob@sign.example '"engineer"'
sign_in ann@sign.example "$password"
as "$token" POST /api/v1/auth/totp/enroll '{"password":"not it"}'
gives 'enrolment wants the password' 401 credentials_invalid
as "$token" POST /api/v1/auth/totp/enroll "{\"password\":\"$password\"}"
as "$token" POST /api/v1/auth/totp/confirm '{"code":"000000"}'
check 'and a right first code' test "$status" -ge 400
sign_in ann@sign.example "$password"
gives 'what is not confirmed asks for nothing' 200
early
enrol ann@sign.example
gives 'confirmed' 200
check 'the address of authenticators has its form' grep -qE '^otpauth://totp/.*secret=[A-Z2-7]{32}' <<<"$uri"
check 'ten recovery codes' same "$(wc -l <<<"$codes")" 10
check 'of 128 bits each' same "$(grep -cE '^.{26,}$' <<<"$codes")" 10
as "$token" GET /api/v1/auth/me
check 'me says so' json "$said" .result.totp_enabled
check 'a mail tells of it' test -n "$(newest_mail ann@sign.example)"

first ann@sign.example
check 'login asks for the second factor' json "$said" '[.result.mfa_required, .result.expires_in, .result.access_token]' '[true,300,null]'
second "$(code "$secret")"
gives 'the step of the confirmation is used up' 401 mfa_invalid
second "$(code "$secret" 1)"
gives 'one step ahead is right' 200
as "$token" GET /api/v1/auth/me
gives 'and its token works' 200
first ann@sign.example
second "$(code "$secret" 1)"
gives 'a step only once' 401 mfa_invalid
second "$(code "$secret" -1)"
gives 'nor an earlier one' 401 mfa_invalid
second "$(code "$secret" 5)"
gives 'nor one far ahead' 401 mfa_invalid
second "$(head -n 1 <<<"$codes")"
gives 'a recovery code opens' 200
first ann@sign.example
second "$(head -n 1 <<<"$codes")"
gives 'once' 401 mfa_invalid
for i in 2 3 4 5; do
	second "00000$i"
done
second "$(sed -n 2p <<<"$codes")"
gives 'five wrong codes void the ticket' 401 mfa_invalid
for i in 1 2 3 4; do # with the ticket's failure these are five
	ask POST /api/v1/auth/login '{"email":"ann@sign.example","password":"wrong"}'
done
first ann@sign.example
gives 'and count as one failed login' 403 account_locked
ask POST /api/v1/auth/login/mfa '{"mfa_token":"csm_none","code":"123456"}'
gives 'no ticket, no answer' 401 mfa_invalid

# another master key
early
enrol bob@sign.example
stop_server
servers=()
check 'keys rotate master' "$bin" keys rotate master --data "$work/data"
start_server
first bob@sign.example
second "$(code "$secret" 1)"
gives 'a seed opens under the new master key' 200
as "$token" DELETE /api/v1/auth/totp "{\"password\":\"$password\",\"code\":\"$(head -n 1 <<<"$codes")\"}"
gives 'the second factor is taken off' 204
sign_in bob@sign.example "$password"
check 'and asked for no more' test -n "$token"
for planted in "$secret" "$(sed -n 3p <<<"$codes")"; do
	check "not in log or store: ${planted:0:6}…" exits 1 grep -raqF --exclude-dir=mail -- "$planted" "$work/data" "$work/server.log"
done
