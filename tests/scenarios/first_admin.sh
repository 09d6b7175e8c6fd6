# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154,SC2119
# The first admin of the environment is made once and ignored later [P-2.1]; secrets come as credentials of systemd too
# [P-3.2]; the master key can be one, in the place of its file [P-12.6].
. "$(dirname "$0")/lib.sh"
data=$work/data
export COUNTERSIGN_PEOPLE_BCRYPT_COST=10
serve_as() { # [EMAIL PASSWORD]
	local port admin=()
	port=$(free_port)
	CS=http://127.0.0.1:$port
	[ $# -eq 0 ] || admin=(COUNTERSIGN_ADMIN_EMAIL="$1" COUNTERSIGN_ADMIN_PASSWORD="$2")
	env "${admin[@]}" "$bin" serve --data "$data" --listen "127.0.0.1:$port" \
		>>"$work/server.log" 2>&1 &
	server=$!
	servers+=("$server")
	for ((i = 0; i < 400; i++)); do
		curl -fsS -o /dev/null "$CS/ready" 2>/dev/null && return 0
		sleep 0.05
	done
	return 1
}
log_in() { # EMAIL PASSWORD: the status
	curl -sS -o "$work/said" -w '%{http_code}' "$CS/api/v1/auth/login" -H 'Content-Type: application/json' \
		-d "{\"email\":\"$1\",\"password\":\"$2\"}"
}

check 'without one, init says so' grep -q 'no admin yet' <("$bin" init --data "$work/nobody" 2>&1)
serve_as first@localhost 'lavender tram 88'
check 'with one nothing is said' same "$(grep -c 'no admin yet' "$work/server.log")" 0
check 'the first admin logs in' same "$(log_in first@localhost 'lavender tram 88')" 200
check 'as admin and owner' json "$(cat "$work/said")" .result.user.roles '["admin","owner"]'
check 'of the account main' json "$("$bin" user list --data "$data" --json | head -n 1)" '.email' first@localhost
stop_server
servers=()
before=$(grep -c 'the given one is ignored' "$work/server.log")
serve_as second@localhost 'orange kite 4711'
check 'later variables make nobody' same "$(log_in second@localhost 'orange kite 4711')" 401
check 'and change nobody' same "$(log_in first@localhost 'lavender tram 88')" 200
check 'one line of the log says so' same "$(($(grep -c 'the given one is ignored' "$work/server.log") - before))" 1
stop_server
servers=()
serve_as first@localhost 'orange kite 4711'
check 'not a new password either' same "$(log_in first@localhost 'orange kite 4711')" 401
check 'there is one person' same "$("$bin" user list --data "$data" --json | wc -l)" 1
stop_server
servers=()

# whoever registers before the first admin is there is none, and cannot keep one down
data=$work/early
serve_as
register() { # EMAIL: the status
	curl -sS -o "$work/said" -w '%{http_code}' "$CS/api/v1/auth/register" -H 'Content-Type: application/json' \
		-d "{\"email\":\"$1\",\"password\":\"early bird 4711\"}"
}
check 'somebody registers first' same "$(register early@localhost)" 201
stop_server
servers=()
serve_as early@localhost 'lavender tram 88'
check 'whose address the admin cannot have' grep -q 'registered with the given address' "$work/server.log"
check 'nor their password' same "$(log_in early@localhost 'lavender tram 88')" 401
stop_server
servers=()
serve_as late@localhost 'lavender tram 88'
check 'the admin of the variables is made' same "$(log_in late@localhost 'lavender tram 88')" 200
check 'and is one' json "$(cat "$work/said")" .result.user.roles '["admin","owner"]'
stop_server
servers=()

# secrets of systemd
mkdir -m 700 "$work/credentials"
export CREDENTIALS_DIRECTORY=$work/credentials
printf 'crimson boat 1234\n' >"$work/credentials/admin"
check 'init takes cred:NAME' env COUNTERSIGN_ADMIN_EMAIL=cred@localhost COUNTERSIGN_ADMIN_PASSWORD_FILE=cred:admin \
	"$bin" init --data "$work/by-credential"
data=$work/by-credential
serve_as cred@localhost ''
check 'it is the first line of the credential' same "$(log_in cred@localhost 'crimson boat 1234')" 200
stop_server
servers=()
check 'a credential that is not there: 1' exits 1 env COUNTERSIGN_ADMIN_EMAIL=a@localhost \
	COUNTERSIGN_ADMIN_PASSWORD_FILE=cred:nothing "$bin" init --data "$work/no-credential"
printf 'hunter2hunter2hunter2hunter2hunter2\n' >"$work/credentials/pm"
check 'a key …_file takes one too' exits 0 env COUNTERSIGN_SIGN_PM_TOKEN_FILE=cred:pm timeout --foreground --preserve-status -s TERM 5 \
	"$bin" serve --data "$data" --listen 127.0.0.1:0
check 'and is refused without it' exits 1 env COUNTERSIGN_SIGN_PM_TOKEN_FILE=cred:none "$bin" serve --data "$data" \
	--listen 127.0.0.1:0

# the master key
data=$work/data key=$work/data/keys/master.key
send() {
	jq -n --arg time "$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)" --argjson price "$1" \
		'{instrument:"GOLD",side:"buy",price:$price,stop_loss:1940.0,volume:0.01,time:$time}' >"$work/signal.json"
	"$bin" producer send "$work/signal.json" --data "$data"
}
check 'the unit loads it' grep -qx 'LoadCredential=master-key' "$root/debian/countersign.service"
serve_as first@localhost ''
"$bin" producer add demo --data "$data" >/dev/null
stop_server
servers=()
mv "$key" "$work/credentials/master-key"
chmod 440 "$work/credentials/master-key" # as an access list shows
serve_as first@localhost ''
check 'what was sealed opens by the credential' send 1950.1
check 'no file is made beside it' test ! -e "$key"
stop_server
servers=()
check 'it is not exchanged from here' exits 1 "$bin" keys rotate master --data "$data"
check 'nor is another key made in its place: 2' exits 2 env -u CREDENTIALS_DIRECTORY "$bin" serve --data "$data" --listen 127.0.0.1:0
check 'nothing was' test ! -e "$key"
head -c 32 /dev/urandom >"$key"
chmod 600 "$key"
check 'two that differ are refused: 2' exits 2 "$bin" serve --data "$data" --listen 127.0.0.1:0
mv "$work/credentials/master-key" "$key"
chmod 600 "$key"
serve_as first@localhost ''
check 'back in its file all is as before' send 1950.2
stop_server
servers=()
(umask 077 && head -c 32 /dev/urandom >"$work/credentials/master-key")
check 'a fresh folder begins with the credential' "$bin" init --data "$work/fresh"
check 'and has no file of it' test ! -e "$work/fresh/keys/master.key"
head -c 31 /dev/urandom >"$work/credentials/master-key"
check 'a damaged one is refused' exits 2 "$bin" serve --data "$work/fresh" --listen 127.0.0.1:0

# for programs: a line of JSON each
check 'config show is a table' same "$("$bin" config show --origin | grep '^http.max_headers ' | tr -s ' ')" 'http.max_headers 100 # default'
check 'config show --json' json "$("$bin" config show --json)" \
	'select(.key == "people.bcrypt_cost") | [.value, .origin]' '[10,"environment"]'
check 'every key has its line' same "$("$bin" config show --json | jq -r 'select(has("key") and has("value") and has("origin")) | .key' | wc -l)" \
	"$("$bin" config show | wc -l)"
rm "$work/credentials/master-key"
check 'doctor --json' json "$("$bin" doctor --data "$work/data" --json | jq -s .)" \
	'all(.[]; has("check") and has("detail") and (.status | IN("ok", "warning"))) and any(.[]; .check == "config")'
mkdir "$work/lacking" && : >"$work/lacking/libcurl.so.4"
LD_LIBRARY_PATH=$work/lacking "$bin" doctor --data "$work/data" --json >"$work/doctor" || code=$?
check 'doctor without libcurl: 4' same "${code-0}" 4
check 'and says what does not work then' json "$(jq -s . "$work/doctor")" \
	'any(.[]; .check == "libcurl" and .status == "fault" and (.detail | contains("libcurl4")) and (.mend | contains("mails")))'
check '--version and -h as everybody has them' same "$("$bin" --version) $("$bin" -h | head -n 1)" \
	"$("$bin" version) $("$bin" help | head -n 1)"
