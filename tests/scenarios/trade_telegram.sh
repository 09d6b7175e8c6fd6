# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Notifications by Telegram as a Bot API sees them: what is said, what each of its answers leads to, and that the bot's
# token is in no answer, no log and no plain place of the store [trade.md 11].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# A Bot API that answers as the file `bot` says and writes what it was asked into `asked`, a line each.
cat >bot.py <<'PY'
import http.server, json, time

answers = {
    "ok": (200, {"ok": True, "result": {"message_id": 1}}),
    "flood": (429, {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 3",
                    "parameters": {"retry_after": 3}}),
    "refused": (401, {"ok": False, "error_code": 401, "description": "Unauthorized"}),
    "broken": (502, None),
}


class Bot(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        mode = open("bot").read().strip()
        with open("asked", "a") as asked:
            asked.write(json.dumps({"path": self.path, "host": self.headers["Host"], "mode": mode,
                                    "type": self.headers["Content-Type"], "body": json.loads(body)}) + "\n")
        if mode == "deaf":
            time.sleep(60)
            return
        status, said = answers[mode]
        said = json.dumps(said).encode() if said else b"<html>Bad Gateway</html>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bot)
server.daemon_threads = True
open("bot.port", "w").write(str(server.server_port))
server.serve_forever()
PY
echo ok >bot
: >asked
python3 bot.py &
servers+=("$!")
bot=$!
until [ -s bot.port ]; do sleep 0.05; done
secret=123456:planted-token-of-a-bot
COUNTERSIGN_FLOW_HTTP_MAP=api.telegram.org=127.0.0.1:$(cat bot.port)
export COUNTERSIGN_FLOW_HTTP_MAP
start_server
login
settings="{\"telegram_chat_id\":\"-10042\",\"telegram_token\":\"$secret\"}"
check 'a bot is named; its token is not shown again' json "$(api PUT /api/v1/notifications/settings "$settings")" \
	'.result | [.telegram, .settings.telegram_chat_id, (tostring | contains("planted"))]' '[true,"-10042",false]'

"$bin" producer add engine --data "$work/data" --json >/dev/null
device=$("$bin" device add 'desk <b>_*[x](y)' --secret-file secret --data "$work/data" 2>/dev/null | awk '$1 == "id" { print $2 }')
volume=10
# signal: one that waits, on an account just heard of; its id in $signal
signal() {
	"$bin" device simulate --server "$CS" --device "$device" --secret-file secret --steps 1 --pause 50 >/dev/null
	volume=$((volume + 1))
	printf '{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"volume":0.%02d,"time":"%s"}' "$volume" \
		"$(date -u +%FT%T.%6NZ)" >signal.json
	signal=$("$bin" producer send signal.json --json --data "$work/data" | jq -r .result.id)
}
# became STATE: what became of the newest notice, waited for; its row in the file `row`
became() {
	for ((i = 0; i < 100; i++)); do
		api GET "/api/v1/notifications?limit=20" | jq -c "[.result.items[] | select(.subject == \"$signal\")][0]" >row
		if jq -e ".state == \"$1\" and .tries > 0" row >/dev/null; then
			return 0
		fi
		sleep 0.1
	done
	cat row
	return 1
}
last() { tail -n 1 asked; }

signal
check 'a signal that waits is told' became sent
check 'to the chat, by the bot, as JSON' json "$(last)" '[.path, .host, .type, .body.chat_id]' \
	"[\"/bot$secret/sendMessage\",\"api.telegram.org\",\"application/json\",\"-10042\"]"
check 'in plain words, with a countdown' json "$(last)" \
	'.body.text | test("^A signal waits for a decision: buy BTCUSD\\.\nIt ends at [-0-9T:.]+Z, in 14 min 5[0-9] s\\.\n")'
check 'with a link to it, and no markup' json "$(last)" \
	".body | [(.text | endswith(\"/console/signals/$signal\n\")), (keys == [\"chat_id\", \"text\"])]" '[true,true]'

echo flood >bot
signal
check 'told to wait, it waits' became waiting
check 'its person sees why' json "$(cat row)" '[.error, .tries]' '["Telegram answered 429: Too Many Requests: retry after 3",1]'
echo ok >bot
check 'and it comes' became sent
check 'at the second try' json "$(cat row)" .tries 2

echo broken >bot
signal
check 'a gateway that fails: again later' became waiting
check 'with its status' json "$(cat row)" .error 'Telegram answered 502'
echo ok >bot
check 'it comes too' became sent

echo refused >bot
signal
check 'a token that is refused: at once a dead letter' became dead
check 'which says so' json "$(cat row)" .error 'Telegram answered 401: Unauthorized'
check 'it can be sent again when the bot is mended' json "$(api GET /api/v1/dead-letters)" \
	'.result.items[0] | [.name, .error]' '["trade.notify.telegram","Telegram answered 401: Unauthorized"]'

{ kill -KILL "$bot" && wait "$bot"; } 2>/dev/null
signal
check 'nobody there: again later' became waiting
check 'its person sees where, and no token' json "$(cat row)" '.error | [startswith("api.telegram.org: "), contains("planted")]' \
	'[true,false]'
echo deaf >bot
: >bot.port
python3 bot.py &
servers+=("$!")
bot=$!
until [ -s bot.port ]; do sleep 0.05; done
stop_server
COUNTERSIGN_FLOW_HTTP_MAP=api.telegram.org=127.0.0.1:$(cat bot.port)
export COUNTERSIGN_FLOW_HTTP_MAP
start_server
asked=$(wc -l <asked)
for ((i = 0; i < 200; i++)); do
	[ "$(wc -l <asked)" -gt "$asked" ] && break
	sleep 0.1
done
check 'a Bot API that never answers was asked' test "$(wc -l <asked)" -gt "$asked"
from=$(date +%s%N)
stop_server
took=$((($(date +%s%N) - from) / 1000000))
check 'it does not keep the server from ending' test "$took" -lt 5000
echo ok >bot
start_server
login
check 'and what was on its way is sent after the next start' became sent

check 'a webhook too, with a secret in its path' json "$(api PUT /api/v1/notifications/settings \
	'{"webhook_url":"http://me:planted-password@127.0.0.1:1/hooks/planted-path?key=planted-key"}')" .result.telegram false
signal
check 'nobody there either' became waiting
check 'the host is named, and nothing else' json "$(cat row)" '.error | [startswith("127.0.0.1:1: "), contains("planted")]' \
	'[true,false]'

check 'no log tells the token' same "$(grep -c planted server.log)" 0
check 'no plain place of the store has it' same "$(cat data/*.db* data/*.sqlite* 2>/dev/null | grep -ac planted-token)" 0
stop_server
check 'the audit chain is sound' "$bin" audit verify --data "$work/data"
