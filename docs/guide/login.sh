# shellcheck shell=bash disable=SC1091
# . docs/guide/login.sh, in bash, in the checkout's folder, while ./run serves: what the blocks of these pages use.
#   $CS         the server's URL
#   $token      an access token of the account that ./run made, good for 15 minutes
#   cs          METHOD PATH [CURL'S ARGUMENTS]: a request with that token; -d takes a JSON body
#   countersign the program that was built here
. var/quickstart.env
PATH=$PWD/build:$PATH
token=$(jq -n --arg email "$CS_EMAIL" --arg password "$CS_PASSWORD" '$ARGS.named' |
	curl -sS "$CS/api/v1/auth/login" -H 'Content-Type: application/json' -d @- | jq -er .result.access_token)
cs() {
	curl -sS -X "$1" "$CS$2" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "${@:3}"
}
