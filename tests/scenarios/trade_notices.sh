# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Notifications by webhook as their receiver sees them: CloudEvents, signed; and a receiver that is broken is left alone
# for a minute after five failures, without a try being used up [trade.md 11; P-10.4, P-10.6].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# A receiver that answers the status in the file `status` and writes what it was sent into `asked`, a line each.
cat >receiver.py <<'PY'
import http.server, json


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open("asked", "a") as asked:
            asked.write(json.dumps({"id": self.headers["webhook-id"], "at": self.headers["webhook-timestamp"],
                                    "signature": self.headers["webhook-signature"], "body": body}) + "\n")
        self.send_response(int(open("answer").read()))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
open("receiver.port", "w").write(str(server.server_port))
server.serve_forever()
PY
echo 200 >answer
: >asked
python3 receiver.py &
servers+=("$!")
until [ -s receiver.port ]; do sleep 0.05; done
start_server
login
secret=$(api PUT /api/v1/notifications/settings \
	"{\"webhook_url\":\"http://127.0.0.1:$(cat receiver.port)/hook\",\"events\":[\"signal.pending\"]}" | jq -r .result.webhook_secret)
"$bin" producer add engine --data "$work/data" --json >/dev/null
device=$("$bin" device add desk --secret-file secret --data "$work/data" 2>/dev/null | awk '$1 == "id" { print $2 }')
volume=10
signal() {
	volume=$((volume + 1))
	printf '{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"volume":0.%02d,"time":"%s"}' "$volume" \
		"$(date -u +%FT%T.%6NZ)" >signal.json
	signal=$("$bin" producer send signal.json --json --data "$work/data" | jq -r .result.id)
}
sent() { # COUNT: so many, waited for
	for ((i = 0; i < 100; i++)); do
		[ "$(wc -l <asked)" -ge "$1" ] && break
		sleep 0.1
	done
	[ "$(wc -l <asked)" -eq "$1" ]
}
figure() { curl -s "$CS/metrics" | awk -v name="countersign_$1{dest=\"notices\"}" '$1 == name { print $2 }'; }

"$bin" device simulate --server "$CS" --device "$device" --secret-file secret --steps 1 --pause 50 >/dev/null
signal
check 'a signal that waits is told' sent 1
check 'as one CloudEvents object' json "$(jq -r .body asked)" \
	"[.specversion, .type, .subject, .datacontenttype, (.data | type), (.text | startswith(\"A signal waits\"))]" \
	"[\"1.0\",\"signal.pending\",\"$signal\",\"application/json\",\"object\",true]"
check 'whose id is that of the webhook' same "$(jq -r '.body | fromjson | .id' asked)" "$(jq -r .id asked)"
key=$(printf %s "${secret#whsec_}" | base64 -d | od -An -tx1 | tr -d ' \n')
made=$(printf '%s.%s.%s' "$(jq -r .id asked)" "$(jq -r .at asked)" "$(jq -r .body asked)" |
	openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
check 'signed the Standard Webhooks way' same "$(jq -r .signature asked)" "v1,$made"

echo 500 >answer
for ((n = 0; n < 7; n++)); do signal; done
check 'a receiver that fails is asked five times' sent 6
sleep 3 # each of the five would be due again by now
check 'and no more' sent 6
check 'a figure says so' same "$(figure breaker_state) $(figure breaker_open_total)" '1 1'
check 'what waits has lost no try' json "$(api GET '/api/v1/notifications?limit=20')" \
	'[.result.items[] | select(.state == "waiting") | .tries] | sort' '[0,0,1,1,1,1,1]'
stop_server
