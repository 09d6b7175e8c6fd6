# What security tests share; one is bash and begins with:  . "$(dirname "$0")/lib.sh"
# shellcheck shell=bash source=tests/scenarios/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scenarios/lib.sh"
export COUNTERSIGN_RATE_ENABLED=false

# ask METHOD PATH [BODY [CURL ARGUMENT...]]: without credentials of its own; body in $said, status in $status, head in
# $work/head.
ask() {
	local method=$1 path=$2 body=()
	if [ -n "${3-}" ]; then
		body=(-H 'Content-Type: application/json' --data-binary "$3")
	fi
	shift $(($# > 3 ? 3 : $#))
	status=$(curl -sS -X "$method" "$CS$path" "${body[@]}" "$@" -D "$work/head" -o "$work/said" -w '%{http_code}')
	said=$(cat "$work/said")
}

# as TOKEN METHOD PATH [BODY [CURL ARGUMENT...]]
as() {
	local bearer=$1 method=$2 path=$3 body=${4-}
	shift $(($# > 4 ? 4 : $#))
	ask "$method" "$path" "$body" -H "Authorization: Bearer $bearer" "$@"
}

# gives NAME STATUS [CODE]: one case about the last answer.
gives() {
	check "$1" same "$status $(jq -r '.code // "-"' <<<"${said:-null}" 2>/dev/null)" "$2 ${3--}"
}

header() { # NAME: of the last answer
	grep -i "^$1:" "$work/head" | tail -n 1 | cut -d: -f2- | tr -d '\r' | sed 's/^ *//'
}

member() { # FILTER: of the last answer's result
	jq -r ".result$1" <<<"$said"
}

sign_in() { # EMAIL PASSWORD [MORE JSON MEMBERS]: status, and tokens in $token, $refresh, $session, $device
	ask POST /api/v1/auth/login "{\"email\":\"$1\",\"password\":\"$2\"${3:+,$3}}"
	token=$(member .access_token) refresh=$(member .refresh_token) session=$(member .session_id)
	device=$(member .device_token)
}

# new_user EMAIL ROLES [MORE]: by the admin; its id in $user.  The password is always the same.
password='lavender tram 88 kite'
new_user() {
	as "$admin" POST /api/v1/users "{\"email\":\"$1\",\"password\":\"$password\",\"roles\":[$2],\"must_change_password\":false${3:+,$3}}"
	user=$(member .user_id)
}

# newest_mail ADDRESS: the text of the last mail to it.
newest_mail() {
	local file newest=
	for file in "$work"/data/mail/*.eml; do
		if grep -qi "^To: $1" "$file"; then
			newest=$file
		fi
	done
	[ -n "$newest" ] && tr -d '\r' <"$newest"
}

mail_token() { # ADDRESS
	newest_mail "$1" | grep -oE '#[a-z]+=[A-Za-z0-9_-]+' | head -n 1 | cut -d= -f2
}

for setting in ${settings-}; do # of the test, before it reads this file: NAME=VALUE ...
	export "COUNTERSIGN_$setting"
done
start_server
sign_in "$CS_EMAIL" "$CS_PASSWORD"
admin=$token
