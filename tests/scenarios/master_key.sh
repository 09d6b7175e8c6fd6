# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# keys rotate master: every secret is sealed anew, a crash in between is put right, a wrong key is refused.  (The seed of
# a second factor: tests/security/totp.sh.)
. "$(dirname "$0")/lib.sh"
keys=$work/data/keys
rotate() { "$bin" keys rotate master --data "$work/data" --json; }
send() {
	jq -n --arg time "$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)" --argjson price "$1" \
		'{instrument:"GOLD",side:"buy",price:$price,stop_loss:1940.0,volume:0.01,time:$time}' >"$work/signal.json"
	"$bin" producer send "$work/signal.json" --data "$work/data"
}

start_server && login
check 'a producer' "$bin" producer add demo --data "$work/data"
check 'its signal is taken' send 1950.1
check 'not while a server runs' exits 5 rotate
stop_server
servers=()
cp "$keys/master.key" "$work/old.key"
check 'without a server' rotate
check 'the file is another' exits 1 cmp -s "$keys/master.key" "$work/old.key"
check 'nobody else reads it' same "$(stat -c %a "$keys/master.key")" 600
start_server && login
check "the producer's secret opens under it" send 1950.2
stop_server
servers=()
check 'the chain tells' same "$("$bin" audit export --data "$work/data" | grep -c '"action":"keys.rotate"')" 1

# a crash after the commit and before the file changed
cp "$keys/master.key" "$keys/master.next"
cp "$work/old.key" "$keys/master.key"
start_server
check 'a crash in between is put right' send 1950.3
check 'and nothing is left of it' test ! -e "$keys/master.next"
stop_server
servers=()
# one before the commit
head -c 32 /dev/urandom >"$keys/master.next"
chmod 600 "$keys/master.next"
start_server
check 'a key that no commit named is dropped' test ! -e "$keys/master.next"
check 'and the old one stays' send 1950.4
stop_server
servers=()
cp "$work/old.key" "$keys/master.key"
check 'another key is refused at start' exits 2 "$bin" serve --data "$work/data" --listen 127.0.0.1:0
