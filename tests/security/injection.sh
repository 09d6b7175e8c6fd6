# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Text that would be something else: SQL, log lines, formats, markup [P-11.3, section 16; ASVS 1.2.4, 16.4.1, 16.5.1].
. "$(dirname "$0")/lib.sh"
users() { "$bin" user list --data "$work/data" --json | wc -l; }

new_user ann@sign.example '"engineer"'
many=$(users)
for text in "' OR '1'='1" "'; DROP TABLE users; --" '") UNION SELECT password_hash FROM users --' '%' '_' '\u0000' '%s%n%x' \
	'<script>alert(1)</script>' '$(reboot)' '{{7*7}}' '../../etc/passwd'; do
	quoted=$(jq -Rn --arg t "$text" '$t')
	escaped=$(jq -Rrn --arg t "$text" '$t | @uri')
	as "$admin" GET "/api/v1/audit?actor=$escaped"
	check "as a filter it finds nothing: $text" json "$said" '(.result.items // []) | length' 0
	as "$admin" GET "/api/v1/users/$escaped"
	check "as an id: $text" test "$status" = 404 -o "$status" = 400
	as "$admin" GET "/api/v1/users?cursor=$escaped"
	check "as a cursor: $text" test "$status" = 400 -o "$status" = 422
	ask POST /api/v1/auth/login "{\"email\":$quoted,\"password\":$quoted}"
	check "as a login: $text" test "$status" = 401 -o "$status" = 422
	as "$admin" POST /api/v1/users "{\"email\":\"n$RANDOM$RANDOM@sign.example\",\"full_name\":$quoted,\"invite\":true,\"roles\":[\"viewer\"]}"
	many=$((many + (status == 201)))
	check "as a name it stays text: $text" json "$said" .result.full_name "$text"
	check "no answer was a failure of ours: $text" test "$status" -lt 500
done
check 'everybody is still there' same "$(users)" "$many"
as "$admin" GET /api/v1/audit
check 'and the log too' same "$status" 200

# one event, one line, whatever is in it
ask GET '/live' '' -H "$(printf 'X-Request-Id: a\tb')"
ask GET '/api/v1/none%0aforged%20level=error' ''
check 'a forged line is none' exits 1 grep -q '^forged' "$work/server.log"
check 'every line of the log has its time' exits 1 grep -qvE '^(ts=|countersign: )' "$work/server.log"

# a fault tells the client nothing of the inside
ask POST /api/v1/auth/login '{"email":'
gives 'JSON that is none' 400 json_invalid
for inside in SELECT sqlite .c: /src/ "$work"; do
	check "no answer speaks of $inside" exits 1 grep -qF -- "$inside" <<<"$said"
done
