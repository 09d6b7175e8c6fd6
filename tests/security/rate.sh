# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Limits of requests [P-8.6; ASVS 2.4.1; API4:2023]: headers that add up, 429 with a time that is right, one caller's limit
# is not another's, exempt routes.  (Numbers and fractions: http/rate; new numbers while serving: scenarios/reload.sh.)
settings='RATE_AUTH_PER_MIN=60 PUBLIC_URL=http://rate.example'
. "$(dirname "$0")/lib.sh"
new_user ann@sign.example '"engineer"'
sign_in ann@sign.example "$password"
ann=$token
stop_server
servers=()
export COUNTERSIGN_RATE_ENABLED=true COUNTERSIGN_RATE_READ_PER_MIN=60
start_server

drain() { # TOKEN: ask until refused; how many came through in $came
	came=0
	while [ "$came" -lt 60 ]; do
		as "$1" GET /api/v1/auth/me
		[ "$status" = 200 ] || return 0
		came=$((came + 1))
	done
}
as "$ann" GET /api/v1/auth/me
check 'the policy' same "$(header ratelimit-policy)" '"read";q=60;w=60'
check 'what is left' same "$(header ratelimit | sed 's/;t=.*//')" '"read";r=29'
check 'the trio says the same' same "$(header x-ratelimit-limit) $(header x-ratelimit-remaining)" '30 29'
check 'and when it is full' test "$(header x-ratelimit-reset)" -ge "$(date +%s)"
drain "$ann"
gives 'the burst is over' 429 rate_limited
check 'after about as many as it holds' test "$came" -ge 29 -a "$came" -le 50
wait_s=$(header retry-after)
check 'with a time' test "$wait_s" -ge 1 -a "$wait_s" -le 2
as "$admin" GET /api/v1/auth/me
gives "another's bucket is another" 200
for path in /live /ready /health /metrics; do
	ask GET "$path"
	check "$path is exempt" same "$status $(header ratelimit)" '200 '
done
sleep "$wait_s"
as "$ann" GET /api/v1/auth/me
gives 'that time later there is one' 200
for ((i = 0; i < 60; i++)); do
	ask POST /api/v1/auth/login '{"email":"x@y.example","password":"a b c d e f"}' -H 'X-Forwarded-For: 192.0.2.7'
	[ "$status" = 429 ] && break
done
gives 'logins count by address, whoever they name' 429 rate_limited
for ((i = 0; i < 120; i++)); do # had each its own bucket, none would be empty
	ask POST /api/v1/auth/login '{"email":"z@y.example","password":"a b c d e f"}' -H "X-Forwarded-For: 198.51.100.$i"
	[ "$status" = 429 ] && break
done
gives 'and a header of a stranger changes no address' 429 rate_limited
