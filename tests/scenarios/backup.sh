# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# A drill: backed up under load, restored, verified, served again [P-12.1].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login

load() { # writes until the file `enough` is there; each acknowledged one is a line of `written`
	local i
	for ((i = 0; ; i++)); do
		[ -e enough ] && return
		curl -fsS -o /dev/null -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
			-d "{\"name\":\"load $1.$i\"}" "$CS/api/v1/projects" && echo "load $1.$i" >>written
	done
}
backup() { "$bin" backup "$@" --data "$work/data"; }
restore() { "$bin" restore "$@"; }
histogram() { api POST /api/v1/charts/histogram '{"values":[1,2,2,3]}'; }
picture() { api GET "$url" | sha256sum; }
url=$(histogram | jq -r .result.url)
drawn=$(picture)
head -c 40 /dev/urandom | base64 >phrase
echo 'another one' >other

load 1 & one=$!
load 2 & two=$!
while [ "$(cat written 2>/dev/null | wc -l)" -lt 20 ]; do sleep 0.05; done
before=$(wc -l <written)
check 'backed up while others write' backup copy --passphrase-file phrase
touch enough
wait "$one" "$two"
check 'the manifest says of what' json "$(cat copy/manifest.json)" '.version == 1 and (.store.store_id | length == 36)'
check 'all of it is for its owner only' same "$(find copy ! -perm 600 -type f | wc -l) $(find copy ! -perm 700 -type d | wc -l)" '0 0'
check 'no key is in it in clear' exits 1 grep -rqa -e 'BEGIN PRIVATE' copy
check 'nothing is left in the data folder' same "$(find data/backup -type f | wc -l)" 0
check 'a folder that holds something: 2' exits 2 backup copy --passphrase-file phrase
check 'the chain of the server is sound' "$bin" audit verify --data data

check 'restored' restore copy --data 'new place' --passphrase-file phrase
check 'its chain is sound and ends with the restore' "$bin" audit verify --data 'new place'
check 'over a folder that holds something: 2' exits 2 restore copy --data 'new place' --passphrase-file phrase
check 'without the passphrase: 2' exits 2 restore copy --data third
check 'with another passphrase: 2' exits 2 restore copy --data third --passphrase-file other
check 'and nothing is left of them' same "$(find third third.restoring -type f 2>/dev/null | wc -l)" 0

api POST /api/v1/projects '{"name":"after the first"}' >/dev/null
check 'an incremental one' backup copy --passphrase-file phrase --incremental
check 'holds one store' same "$(find copy -name 'store-*' | wc -l)" 1

stop_server
mv data old && mv 'new place' data
start_server
login
found=$(curl -fsS -H "Authorization: Bearer $token" "$CS/api/v1/projects?limit=500" | jq -r '.result | (.items // .projects)[].name')
check 'what was written before the backup is there' same \
	"$(head -n "$before" written | grep -vxF -f <(printf '%s\n' "$found") | wc -l)" 0
check 'a restore is an audit row' json "$(api GET '/api/v1/audit?action=restore')" '.result.items | length == 1'
api GET "$url" >/dev/null
check 'pictures are in no backup' same "$(cat status)" 404
histogram >/dev/null
check 'and are drawn again' same "$(cat status)" 201
stop_server
start_server
login
check 'the same, which a restart leaves alone' same "$(picture)" "$drawn"
check 'and its url is good' same "$(cat status)" 200
stop_server

check 'the second is restored too, without a server' restore copy --data second --passphrase-file phrase
check 'backed up without a server' "$bin" backup off --data second
check 'which has no passphrase' restore off --data fourth
check 'nothing is there to back up: 1' exits 1 "$bin" backup none --data nowhere
check 'and nothing was made of it' same "$(find none nowhere 2>/dev/null | wc -l)" 0

store=$(find off -name 'store-*')
printf X | dd of="$store" bs=1 seek=5000 conv=notrunc status=none
check 'a flipped byte is found: 4' exits 4 restore off --data fifth
rm "$store"
check 'a missing file is found: 4' exits 4 restore off --data fifth
check 'no data folder comes of it' exits 1 test -e fifth/store.db
