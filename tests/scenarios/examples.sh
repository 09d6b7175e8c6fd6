# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The examples do what they say [flow.md 15].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
for file in "$root"/examples/*.yaml; do
	check "$(basename "$file") is valid" json "$("$bin" flow validate "$file")" .valid
done

# --- nightly ---
answer=$("$bin" flow run "$root/examples/nightly.yaml")
check 'nightly: a report of both products' json "$answer" '[.status, (.output.data | .trade != null and .sign != null and
	(.trade_sha256 + .sign_sha256 | length == 128) and (.for_day | length == 10))]' '["completed",true]'

# --- research ---
coproc models { exec "$root/tests/flow/llm_server"; }
servers+=("$models_PID")
read -r port <&"${models[0]}"
input='{"agent_id":"ann","model":"gpt-5-mini+in100+out50","nodes":[{"node_id":"goal","name":"all"},{"node_id":"b","parent_id":"goal",
	"name":"second","duration_s":30},{"node_id":"a","parent_id":"goal","name":"first","duration_s":10}],
	"dependencies":[{"from":"a","to":"b"}]}'
answer=$(COUNTERSIGN_FLOW_LLM_BASE_URL=http://127.0.0.1:$port/v1 "$bin" flow run "$root/examples/research.yaml" --input "$input")
check 'research: each leaf is asked for, and remembered' json "$answer" '[.status, .output.makespan_s,
	(.output.findings | map([.node_id, .text, (.memory_id | length)]))]' '["completed",40,[["a","FIRST",36],["b","SECOND",36]]]'
exec {models[0]}<&-

# --- order: a payment service that is away at first, and two people ---
cat >pay.py <<'PY'
import http.server, json
class Pay(http.server.BaseHTTPRequestHandler):
    tries = 0
    def log_message(self, *args): pass
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Pay.tries += 1
        text = json.dumps({"id": "r-" + body["order"], "tries": Pay.tries}).encode()
        self.send_response(201 if Pay.tries > 1 else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
server = http.server.HTTPServer(("127.0.0.1", 0), Pay)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 pay.py >pay.port &
servers+=("$!")
for ((i = 0; i < 200; i++)); do
	[ -s pay.port ] && break
	sleep 0.05
done
start_server --http-map "payments.example=127.0.0.1:$(cat pay.port)" || exit 1
login
admin=$token
for name in ann bob; do
	api POST /api/v1/users "{\"email\":\"$name@example.com\",\"password\":\"correct horse 42\",\"roles\":[\"operator\"],
		\"must_change_password\":false}" >/dev/null
done
sign_in() {
	token=$(curl -fsS "$CS/api/v1/auth/login" -H 'Content-Type: application/json' \
		-d "{\"email\":\"$1@example.com\",\"password\":\"correct horse 42\"}" | jq -er '.access_token // .result.access_token')
}
check 'order is registered' json "$(curl -sS "$CS/api/v1/flow/workflows" -H "Authorization: Bearer $token" \
	-H 'Content-Type: application/yaml' --data-binary "@$root/examples/order.yaml")" .result.state published
id=$(api POST /api/v1/flow/runs '{"namespace":"examples","name":"order","input":{"order_id":"o-7","amount":12.5}}' | jq -r .result.run_id)
until_kind() { # KIND: until the run waits for it
	for ((i = 0; i < 200; i++)); do
		why=$(api GET "/api/v1/flow/runs/$id/why")
		[ "$(jq -r '.result.waiting[0].kind' <<<"$why")" = "$1" ] && return 0
		sleep 0.1
	done
	return 1
}
until_kind countersignature
check 'order: it is charged in the end, and waits for people' json "$why" '.result.waiting[0].kind' countersignature
decide() {
	sign_in "$1"
	api POST "/api/v1/flow/runs/$id/countersign" "$(jq -c '.result.waiting[0].unblock.body' <<<"$why")" | jq -r '.code // .result.status'
}
check 'order: one is not enough' same "$(decide ann)" waiting
decide bob >/dev/null
token=$admin
for ((i = 0; i < 100; i++)); do
	answer=$(api GET "/api/v1/flow/runs/$id" | jq -c .result)
	[ "$(jq -r .status <<<"$answer")" = completed ] && break
	sleep 0.1
done
check 'order: two release it' json "$answer" '[.status, .output.type, .output.data.decision, (.output.data.seal_sha256 | length)]' \
	'["completed","com.example.order.released","approve",64]'
check 'order: the charge was tried twice' json "$(api GET "/api/v1/flow/runs/$id/steps")" \
	'[.result.steps[] | select(.name == "reserve") | .attempt]' '[1,2]'
