# shellcheck shell=bash disable=SC2034
# Tokens that are none: every one is 401, and says no more [P-4.4; API2:2023].
settings='PEOPLE_ACCESS_TTL_S=3'
# shellcheck source=tests/security/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

encode() { base64 -w0 | tr '+/' '-_' | tr -d '='; }
decode() { # TEXT
	local text=$1
	while [ $((${#text} % 4)) -ne 0 ]; do text+='='; done
	tr -- '-_' '+/' <<<"$text" | base64 -d
}
unhex() { python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'; }
sign_in "$CS_EMAIL" "$CS_PASSWORD"
good=$token
IFS=. read -r head claims signature <<<"$good"
with_head() { # JQ FILTER: the good token under another header
	echo "$(decode "$head" | jq -c "$1" | tr -d '\n' | encode).$claims.$signature"
}
with_claims() {
	echo "$head.$(decode "$claims" | jq -c "$1" | tr -d '\n' | encode).$signature"
}
refuses() { # NAME TOKEN [CODE]
	as "$2" GET /api/v1/auth/me
	gives "$1" 401 "${3-token_invalid}"
	check "$1: asks for a token" grep -qi '^www-authenticate: bearer' head
}

as "$good" GET /api/v1/auth/me
gives 'the token itself is good' 200
ask GET /api/v1/auth/me '' -H "Authorization: bEaReR $good"
gives 'in any case of the scheme' 200

refuses 'alg none' "$(with_head '.alg = "none"')"
refuses 'alg none without signature' "$(with_head '.alg = "none"' | sed 's/[^.]*$//')"
curl -sS "$CS/.well-known/jwks.json" >jwks.json
kid=$(decode "$head" | jq -r .kid)
hs=$(decode "$head" | jq -c '.alg = "HS256"' | tr -d '\n' | encode).$claims
for public in "$(jq -r ".keys[] | select(.kid == \"$kid\") | .x" jwks.json)" "$(jq -c ".keys[] | select(.kid == \"$kid\")" jwks.json)"; do
	mac=$(printf %s "$hs" | openssl dgst -sha256 -hmac "$public" -binary | encode)
	refuses 'HS256 with the public key as secret' "$hs.$mac"
done
refuses 'no kid' "$(with_head 'del(.kid)')"
refuses 'the kid of the receipts' "$(with_head ".kid = $(jq -c '[.keys[] | select(.kty == "EC")][1].kid' jwks.json)")"
refuses 'a kid that is a path' "$(with_head '.kid = "../../../../dev/null"')"
refuses 'another typ' "$(with_head '.typ = "JWT"')"
refuses 'crit' "$(with_head '.crit = ["exp"]')"
for member in jwk jku x5u x5c; do
	refuses "a key in the header: $member" "$(with_head ".$member = \"https://attacker.example/key\"")"
done
refuses 'a header of more than a kibibyte' "$(with_head ".pad = \"$(printf 'x%.0s' {1..1100})\"")"
refuses 'another subject' "$(with_claims '.sub = "0192f000-0000-7000-8000-000000000000"')"
refuses 'more roles' "$(with_claims '.roles = ["admin","pe"]')"
refuses 'a later end' "$(with_claims '.exp += 3600')"
flipped=$(decode "$signature" | od -An -v -tx1 | tr -d ' \n')
refuses 'one bit of the signature' "$head.$claims.$(printf '%s%x' "${flipped%?}" $((0x${flipped: -1} ^ 1)) | unhex | encode)"
refuses 'r and s zero' "$head.$claims.$(head -c 64 /dev/zero | encode)"
refuses 'a signature in DER' "$head.$claims.$(printf '3044022%s02%s' "0${flipped:0:64}" "20${flipped:64:64}" | unhex | encode)"
refuses 'no signature' "$head.$claims."
refuses 'padding' "$good=="
refuses 'a part more' "$good.e30"
refuses 'a part less' "$head.$claims"
openssl ecparam -name prime256v1 -genkey -noout -out foreign.pem 2>/dev/null
der=$(printf %s "$head.$claims" | openssl dgst -sha256 -sign foreign.pem | openssl asn1parse -inform DER |
	sed -n 's/.*INTEGER *://p')
raw=$(while read -r part; do printf '%064s' "$part" | tr ' ' 0; done <<<"$der")
refuses 'signed by another key' "$head.$claims.$(unhex <<<"$raw" | encode)"
refuses 'the refresh token' "$refresh"
ask GET "/api/v1/auth/me?access_token=$good"
gives 'in the query' 401 unauthenticated
ask GET /api/v1/auth/me '' -H "Authorization: Basic $good"
gives 'another scheme' 401 unauthenticated
ask GET /api/v1/auth/me '' -H "Authorization: Bearer $good" -H "Authorization: Bearer $good"
gives 'twice' 400 header_invalid

sleep 4
refuses 'past its end' "$good" token_expired
refuses 'past its end and edited' "$(with_claims '.sub = "x"')"
sign_in "$CS_EMAIL" "$CS_PASSWORD"
as "$token" POST /api/v1/auth/logout '{}'
as "$token" GET /api/v1/auth/me
gives 'after logout' 401 session_revoked
