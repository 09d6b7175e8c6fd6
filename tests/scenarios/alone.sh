# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Commands without a running server: the store is opened by the command itself, and only when nobody has it [platform.md 2].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
cs() { "$bin" "$@" --data "$work/data"; }
while IFS= read -r command; do # one exit status for all of them: the store failed, whoever looks for it
	# shellcheck disable=SC2086
	check "no store: $command ends with 1" exits 1 cs $command
done <<'COMMANDS'
user list
user sessions ann@example.com
key list
keys rotate access
keys rotate master
producer list
device list
replay --all
audit verify
audit export
audit checkpoint
audit archive
migrate
migrate --status
migrate --dry-run
backup copy
flow status 01900000-0000-7000-8000-000000000000
COMMANDS
check 'the doctor finds nothing wrong' cs doctor
check 'and none of them made the folder' test ! -e data

echo 'lavender tram 88 kite' >password
check 'init' cs init --admin-email root@example.com --admin-password-file password
check 'the admin is there' grep -q root@example.com <(cs user list)
ann=$(cs user add ann@example.com --role engineer --password-file password --json)
check 'a person is added' json "$ann" '.result | .email == "ann@example.com" and .roles == ["engineer"]'
check 'twice: 2' exits 2 cs user add ann@example.com --role engineer --password-file password
check 'a role that is none: 2' exits 2 cs user add bob@example.com --role king --password-file password
check 'roles' cs user role ann@example.com engineer,trader
check 'suspended' cs user suspend ann@example.com --reason 'not yet'
check 'active again' cs user activate ann@example.com
check 'nobody of that name: 2' exits 2 cs user show nobody@example.com
key=$(cs key create robot --user ann@example.com --scope seal.read --json | jq -r .result.key)
check 'a key is listed' grep -q robot <(cs key list)
check 'a producer' cs producer add demo
check 'a device' cs device add terminal
check 'a run that is none: 2' exits 2 cs flow status 01900000-0000-7000-8000-000000000000
check 'standard error has messages only' same "$(cs user list 2>&1 >/dev/null)" ''
check 'two after each other leave nothing behind' test ! -e data/control.sock

# --json is an envelope, with a server and without; lists are lines without one.
envelope() { # COMMAND...: its --json
	check "the envelope of $1 ${2-}" json "$(cs "$@" --json 2>/dev/null | tail -n 1)" \
		'[.envelope_version, .confidence, has("result"), (.trace.code_version.version | length > 0), (.timestamp | length)]' '["1.0",1,true,true,27]'
}
envelopes() {
	envelope version
	envelope user show root@example.com
	envelope user add "$1@example.com" --role viewer --password-file password
	envelope user passwd "$1@example.com"
	envelope user sessions "$1@example.com" --end
	envelope key create "$1" --scope seal.read
	envelope key revoke "$1"
	envelope keys rotate access
	envelope producer add "$1"
	envelope producer revoke "$1"
	envelope device add "$1"
	envelope device revoke "$1"
	envelope audit verify
	envelope audit checkpoint
	envelope backup "backup-$1"
	envelope packs verify
	check 'what is sealed by it verifies' json "$(cs user show root@example.com --json)" '.content_sha256 | test("^[0-9a-f]{64}$")'
	check 'a list is lines' json "$(cs user list --json | head -n 1)" .email root@example.com
}
envelopes one
check 'the envelope of a migration' json "$(cs migrate --json)" '[.envelope_version, .result.from == .result.to]' '["1.0",true]'

start_server
envelopes two
ask() { curl -sS -o said -w '%{http_code}' "$@"; }
check 'the server has it all: the person, with that password' same "$(ask "$CS/api/v1/auth/login" -H 'Content-Type: application/json' \
	-d '{"email":"ann@example.com","password":"lavender tram 88 kite"}') $(jq -r .code said)" '403 password_change_required'
check 'their roles' json "$(cs user show ann@example.com --json)" .result.roles '["engineer","trader"]'
check 'the key' same "$(ask "$CS/api/v1/seals" -H "X-API-Key: $key")" 200
check 'producer and device' same "$(cs producer list | grep -c demo) $(cs device list | grep -c terminal)" '1 1'
rows=$(cs audit export | grep '"action":"user.create"')
check 'who did it is local' json "$(jq -s . <<<"$rows")" 'map(.actor) | unique' '["local"]'
check 'the chain holds' cs audit verify
stop_server
check 'and without the server' cs audit verify

# Who holds the lock and does not answer is no reason to open a second time.
python3 - data/lock <<'PY' &
import fcntl, sys, time
f = open(sys.argv[1], "r+")
try:
    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    pass
open("held", "w").close()
time.sleep(30)
PY
holder=$!
until [ -e held ]; do sleep .05; done
check 'a store that somebody holds: 5' exits 5 cs user list
kill "$holder"

# What every command takes may stand before it, as an alias in a shell has it.
check 'options before the command' same "$("$bin" --json --data "$work/data" user list | head -n 1)" \
	"$("$bin" user list --json --data "$work/data" | head -n 1)"
check 'with an equals sign too' exits 0 "$bin" --data="$work/data" --quiet audit verify
check 'not those of one command' exits 2 "$bin" --role viewer user list --data "$work/data"
check 'nor without their value' exits 2 "$bin" --data
