# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# What every answer carries, and CORS [P-8.8, P-8.9; ASVS 3.4.1-6, 4.1.1, 4.1.4; API8:2023].
settings='CORS_ALLOW=https://console.example'
. "$(dirname "$0")/lib.sh"

carries() { # NAME
	check "$1: nosniff" same "$(header x-content-type-options)" nosniff
	check "$1: no referrer" same "$(header referrer-policy)" no-referrer
	check "$1: no frame" same "$(header x-frame-options)" DENY
	check "$1: CSP" same "$(header content-security-policy)" "default-src 'none'; frame-ancestors 'none'"
	check "$1: CORP" same "$(header cross-origin-resource-policy)" same-origin
	check "$1: no-store" same "$(header cache-control)" no-store
	check "$1: a request id" grep -qE '^[A-Za-z0-9._-]{1,128}$' <<<"$(header x-request-id)"
	check "$1: a trace" grep -qE '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' <<<"$(header traceparent)"
	check "$1: a date" test -n "$(header date)"
	check "$1: no server" same "$(header server)" ''
}
as "$admin" GET /api/v1/auth/me
carries 'an answer'
check 'JSON says its charset' same "$(header content-type)" 'application/json; charset=utf-8'
ask GET /api/v1/none
carries 'an unknown path'
check 'a problem says so' grep -q '^application/problem+json' <<<"$(header content-type)"
ask GET /api/v1/auth/me
carries 'a refusal'
ask GET / '' -H 'Bad Name: x'
carries 'a malformed request'
ask GET /live '' -H 'X-Request-Id: my-own.id_1' -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
check 'a good id is taken' same "$(header x-request-id)" my-own.id_1
check 'a trace goes on, in a span of its own' grep -qE '^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$' <<<"$(header traceparent)"
check 'not in the same' exits 1 grep -q b7ad6b7169203331 <<<"$(header traceparent)"
ask GET /live '' -H 'X-Request-Id: bad id!'
check 'a bad id is not' exits 1 grep -q 'bad id' <<<"$(header x-request-id)"

# the reference pages load their style sheet and nothing else; a problem's type is a page [platform.md 16]
ask GET /docs
check 'the reference has a page' same "$status $(header content-type)" '200 text/html; charset=utf-8'
check 'it may load its style only' same "$(header content-security-policy)" \
	"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
check 'and no page has scripts' exits 1 grep -qiE '<script|<style|style=|[^a-z]on[a-z]+=|https?://' <<<"$(curl -sS "$CS/docs" "$CS/docs/errors" "$CS/docs/operations/auth.login")"
check 'each operation has one' same "$(for operation in $(curl -sS "$CS/openapi.json" | jq -r '.paths[][].operationId' | head -n 60); do
	curl -sS -o "$work/page" -w '%{http_code}\n' "$CS/docs/operations/$operation"
done | sort -u)" 200
ask GET /api/v1/none
type=$(jq -r .type <<<"$said")
check 'a type is the page of its code' same "$type" /docs/errors/not_found
ask GET "$type"
check 'it is there' same "$status $(header content-type)" '200 text/html; charset=utf-8'
ask GET /docs/errors/nonsense
gives 'another is not' 404 not_found

for method in TRACE CONNECT; do
	ask "$method" /live
	check "$method is refused" same "$status" 400
done
ask DELETE /live
gives 'a method that is not there' 405 method_not_allowed
check 'says which are' grep -q GET <<<"$(header allow)"
as "$admin" POST /api/v1/keys '' -H 'Content-Type: text/plain' --data-binary '{}'
gives 'another type' 415 media_type
as "$admin" GET /api/v1/auth/me '' -H 'Accept: image/png'
gives 'nothing it would accept' 406 not_acceptable
as "$admin" POST /api/v1/keys '{"name":"x"}' -H 'Content-Encoding: gzip'
gives 'a compressed body' 415 media_type

ask OPTIONS /api/v1/auth/me '' -H 'Origin: https://console.example' -H 'Access-Control-Request-Method: PATCH'
gives 'a preflight' 204
check 'with the real methods' grep -qw PATCH <<<"$(header access-control-allow-methods)"
check 'and no others' exits 1 grep -qw PUT <<<"$(header access-control-allow-methods)"
check 'for ten minutes' same "$(header access-control-max-age)" 600
as "$admin" GET /api/v1/auth/me '' -H 'Origin: https://console.example'
check 'a listed origin reads' same "$(header access-control-allow-origin)" https://console.example
check 'and answers vary by it' grep -qi origin <<<"$(header vary)"
for origin in https://console.example.evil https://evil.example null http://console.example; do
	as "$admin" GET /api/v1/auth/me '' -H "Origin: $origin"
	check "$origin does not" same "$(grep -ci '^access-control' "$work/head")" 0
done
