# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The server is killed around submissions, at any moment: each project gets exactly one number [sign.md 7, 10.14].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# A PM system that gives one number to a key, and takes its time, so that a kill may meet it in between.
cat >"$work/pm.py" <<'PY'
import http.server, json, sys, time
numbers = {}
class PM(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        number = numbers.setdefault(self.headers["Idempotency-Key"], "PM-%d" % (len(numbers) + 1))
        with open("calls", "a") as calls:
            calls.write("%s %s\n" % (self.headers["Idempotency-Key"], number))
        time.sleep(0.03)
        body = json.dumps({"project_number": number}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass # the server was killed meanwhile
    def log_message(self, *rest): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), PM).serve_forever()
PY
pm_port=$(free_port)
python3 "$work/pm.py" "$pm_port" 2>/dev/null &
servers+=($!)
export COUNTERSIGN_SIGN_REQUIRE_STAMP=false COUNTERSIGN_SIGN_RETRY_FIRST_MS=20
payload='{"module":"signage.single_pole","config":{"site":{"wind_speed_mph":115},"sign":{"height_ft":20,"sign_height_ft":5,"sign_width_ft":8}}}'
rounds=8 ids=()

ready() { # a project that may be submitted: its id
	local id
	id=$(api POST /projects '{"name":"Pylon"}' | jq -r .result.project_id)
	api POST "/projects/$id/payload" "$payload" >/dev/null
	api POST "/projects/$id/estimate" '{"height_ft":20}' >/dev/null
	echo "$id"
}
submit() {
	curl -sS -o /dev/null -X POST "$CS/projects/$1/submit" -H "Authorization: Bearer $token" -H 'Idempotency-Key: key' 2>/dev/null
}
is_submitted() { # ID: within some time
	for ((i = 0; i < 100; i++)); do
		[ "$(api GET "/projects/$1" | jq -r .result.status)" = submitted ] && return 0
		sleep 0.1
	done
	api GET "/projects/$1/submit"
	return 1
}

for ((round = 0; round < rounds; round++)); do
	# every other round the built-in PM gives the number
	if ((round % 2 == 0)); then
		export COUNTERSIGN_SIGN_PM_URL=http://127.0.0.1:$pm_port/submit
	else
		unset COUNTERSIGN_SIGN_PM_URL
	fi
	start_server
	login
	id=$(ready)
	ids+=("$id")
	submit "$id" &
	asking=$!
	sleep "0.0$((round * 12 % 90 + 10))"
	stop_server KILL 2>/dev/null
	wait "$asking"
	start_server
	login
	# Nobody knows whether the request was taken: whoever asks again with the same key cannot do harm.
	curl -sS -o again -X POST "$CS/projects/$id/submit" -H "Authorization: Bearer $token" -H "Idempotency-Key: key-$round"
	check "round $round: it is under way, or was not taken" json "$(cat again)" '.code == "already_submitted" or .result.status == "estimating"'
	check "round $round: it is submitted" is_submitted "$id"
	stop_server KILL 2>/dev/null
done

unset COUNTERSIGN_SIGN_PM_URL
start_server
login
numbers=()
for id in "${ids[@]}"; do
	numbers+=("$(api GET "/projects/$id" | jq -r .result.project_number)")
	events=$(api GET "/projects/$id/events?limit=500")
	check "one dispatch of $id" json "$events" '[.result.items[].type | select(. == "project.dispatched" or . == "project.submitted")] | length' 2
done
check 'every project has a number' json "$(printf '%s\n' "${numbers[@]}" | jq -Rsc 'split("\n")[:-1] | all(test("^(PM-[0-9]+|CS-[0-9]{6})$"))')" .
check 'of its own' same "$(printf '%s\n' "${numbers[@]}" | sort -u | wc -l)" "$rounds"
check 'the PM system gave one to a key' same "$(sort -u calls | cut -d' ' -f1 | uniq -d)" ''
stop_server
check 'the chain verifies' "$bin" audit verify --data "$work/data"
