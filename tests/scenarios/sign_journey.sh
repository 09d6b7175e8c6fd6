# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# A project from its first line to its verdict, over the wire [sign.md 1, 5, 10].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# A PM system: gives one number to a key, and is down while $work/down exists.
cat >"$work/pm.py" <<'PY'
import http.server, json, os, sys, time
numbers, calls = {}, open("calls", "a")
class PM(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        calls.write("%s %f\n" % (key, time.monotonic())); calls.flush()
        down = os.path.exists("down")
        if not down:
            numbers.setdefault(key, "PM-%d" % (len(numbers) + 1))
        body = json.dumps({"project_number": numbers.get(key)}).encode()
        self.send_response(503 if down else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *rest): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), PM).serve_forever()
PY
pm_port=$(free_port)
python3 "$work/pm.py" "$pm_port" &
servers+=($!)
export COUNTERSIGN_SIGN_PM_URL=http://127.0.0.1:$pm_port/submit
export COUNTERSIGN_SIGN_RETRY_FIRST_MS=20 COUNTERSIGN_SIGN_PM_OPEN_S=10 # in place of a second and a minute
start_server
login

person() { # EMAIL ROLES LICENCE: a token of theirs
	api POST /api/v1/users "{\"email\":\"$1\",\"password\":\"correct horse 42\",\"roles\":[$2],\"must_change_password\":false$3}" >/dev/null
	token_of "$1"
}
token_of() {
	curl -sS -H 'Content-Type: application/json' -d "{\"email\":\"$1\",\"password\":\"correct horse 42\"}" \
		"$CS/api/v1/auth/login" | jq -r .result.access_token
}
as() { # TOKEN METHOD PATH [BODY]
	local token=$1
	shift
	api "$@"
}
keyed() { # PATH KEY: the answer's body on stdout, its status in $work/status
	curl -sS -X POST "$CS$1" -H "Authorization: Bearer $token" -H "Idempotency-Key: $2" -o - -w '%{stderr}%{http_code}' \
		2>"$work/status"
}
status() { cat "$work/status"; }

quote() { # the answer to nobody in particular
	curl -sS "$CS/api/v1/quote" -H 'Content-Type: application/json' \
		-d '{"height_ft":25,"sign_height_ft":8,"sign_width_ft":10,"wind_speed_mph":115}'
}
check 'a quote is for people of the house' json "$(quote)" .code unauthenticated
project=$(api POST /api/v1/projects '{"name":"Corner diner","customer":"Joe","street":"12 Main St"}')
check 'a project is made' same "$(status)" 201
id=$(jq -r .result.project_id <<<"$project")
check 'it is a draft' json "$project" .result.status draft

site=$(api POST /signage/common/site/resolve '{"lat":32.78,"lon":-96.8,"wind_speed_override":115,"frost_depth_override_in":10}')
check 'its site is resolved' json "$site" '.result.wind_speed_mph == 115'

payload='{"module":"signage.single_pole","config":{"site":{"wind_speed_mph":115,"frost_depth_ft":0.833},"sign":{"height_ft":25,"sign_height_ft":8,"sign_width_ft":10}}}'
saved=$(api POST "/projects/$id/payload" "$payload")
check 'a payload is saved' same "$(status)" 201
seal=$(jq -r .result.seal_sha256 <<<"$saved")
check 'its design is sealed' json "$saved" '.result.seal_sha256 | length == 64'
check 'the same again is a duplicate' json "$(api POST "/projects/$id/payload" "$payload")" .result.duplicate
check 'the seal replays' json "$(api POST "/api/v1/seals/$seal/replay")" .result.outcome identical

price=$(api POST "/projects/$id/estimate" '{"height_ft":25,"addons":["calc_packet"]}')
check 'it is priced' json "$price" '.result.total_usd == 235'
check 'it has a bill of materials' json "$(api GET "/projects/$id/bom")" '.result.items | any(.item == "concrete")'

first=$(api POST "/projects/$id/report?wait=1")
check 'a report is drawn' json "$first" '.result.pages == 4 and .result.cached == false'
check 'the second time it is there' json "$(api POST "/projects/$id/report")" .result.cached
api GET "/projects/$id/report.pdf" >one.pdf
check 'its bytes have the hash that was told' same "$(sha256sum <one.pdf | cut -d' ' -f1)" "$(jq -r .result.sha256 <<<"$first")"
check 'its references name their editions' same \
	"$(pdftotext one.pdf - | grep -c -e 'ASCE/SEI 7-16' -e 'ANSI/AISC 360-22' -e 'ACI 318-19, Building' -e 'Building Code 2021')" 4

printf '\377\330\377\340 a picture of the site' >site.jpg
sum=$(sha256sum <site.jpg | cut -d' ' -f1)
promise() { api POST "/projects/$id/files/presign" "{\"filename\":\"$1\",\"content_type\":\"$2\"}"; }
put() { curl -sS -o /dev/null -w '%{http_code}' -X PUT -H 'Content-Type: image/jpeg' --data-binary @site.jpg "$1"; }
attach() { api POST "/projects/$id/files/attach" "$(jq -c "{blob_key: .result.blob_key, sha256: \"$2\"}" <<<"$1")"; }
check 'a name with a slash is none' json "$(promise '../site.jpg' image/jpeg)" .code filename_invalid
check 'a table is no project file' json "$(promise costs.csv text/csv)" .code type_mismatch
first=$(promise site.jpg image/jpeg)
check 'a file is presigned' same "$(status)" 201
check 'for an hour, by its key' json "$first" "[.result.expires_in_seconds, (.result.blob_key | test(\"^projects/$id/files/[0-9a-f]{16}/site.jpg\$\"))]" '[3600,true]'
check 'what was not uploaded is not there' json "$(attach "$first" "$sum")" .status 404
check 'its bytes come' same "$(put "$(jq -r .result.presigned_url <<<"$first")")" 204
check 'another hash is refused' json "$(attach "$first" "$(printf '0%.0s' $(seq 64))")" .code sha256_mismatch
check 'and told' json "$(api GET "/projects/$id/events")" '.result.items[0] | [.type, .after.code]' '["file.validation_failed","sha256_mismatch"]'
second=$(promise site.jpg image/jpeg)
put "$(jq -r .result.presigned_url <<<"$second")" >/dev/null
attached=$(attach "$second" "$sum")
check 'the right one is attached' json "$attached" '[.status, .result.filename, .result.size]' '[null,"site.jpg",26]'
check 'it is a file of the account' json "$(api GET "/uploads/$(jq -r .result.file_id <<<"$attached")")" ".result.purpose == $(jq .result.blob_key <<<"$second")"
check 'and an event' json "$(api GET "/projects/$id/events")" ".result.items[0] | .type == \"file.attached\" and .content_sha256 == \"$sum\""
other=$(api POST /projects '{"name":"Other"}' | jq -r .result.project_id)
check 'another project has no such key' json "$(api POST "/projects/$other/files/attach" "$(jq -c "{blob_key: .result.blob_key, sha256: \"$sum\"}" <<<"$first")")" .status 404

check 'without its stamp it is not submitted' json "$(keyed "/projects/$id/submit" key-0)" .code not_stamped
pat=$(person pat@example.com '"pe"' ',"full_name":"Pat Doe","licence":{"state":"TX","number":"12345","expires":"2099-06-30"}')
sam=$(person sam@example.com '"pe"' '')
stamp=$(as "$pat" GET "/projects/$id/stamp")
check 'it waits for a stamp' json "$stamp" "[.result.state, .result.seal_sha256]" "[\"open\",\"$seal\"]"
vote="{\"seal_sha256\":\"$seal\",\"decision\":\"approve\",\"consent_version\":$(jq .result.consent_version <<<"$stamp")}"
check 'an admin does not stamp' json "$(api POST "/projects/$id/stamp" "$vote")" .code forbidden
check 'nor an engineer without a licence' json "$(as "$sam" POST "/projects/$id/stamp" "$vote")" .code forbidden
max=$(person max@example.com '"pe","engineer"' ',"full_name":"Max Roe","licence":{"state":"TX","number":"67890","expires":"2099-06-30"}')
own=$(as "$max" POST /projects '{"name":"His own"}' | jq -r .result.project_id)
own_seal=$(as "$max" POST "/projects/$own/payload" "$payload" | jq -r .result.seal_sha256)
check 'nobody stamps what is their own' json "$(as "$max" POST "/projects/$own/stamp" "${vote/$seal/$own_seal}")" .code four_eyes
stamped=$(as "$pat" POST "/projects/$id/stamp" "$vote")
check 'an engineer stamps it' json "$stamped" "[.result.decision, .result.seal_sha256]" "[\"approve\",\"$seal\"]"
receipt=$(jq -r .result.receipt <<<"$stamped")
said=$(api POST /api/v1/receipts/verify "{\"receipt\":\"$receipt\"}")
check 'the receipt verifies' json "$said" '[.result.valid, .result.payload.kind, .result.payload.licence.number]' '[true,"stamp","12345"]'
check 'it is a countersignature like any other' json \
	"$(as "$pat" GET "/api/v1/countersignatures/$(jq -r .result.countersignature_id <<<"$stamped")")" .result.seal_sha256 "$seal"
check 'a reader of the project draws it for CAD' json "$(api GET "/projects/$id/drawing.dxf" | grep -c -e '^S-DETL-RBAR' -e '^AC1032' | jq '. > 10')" . true
request=$(jq -r .result.request_id <<<"$stamp")
for ((i = 0; i < 200; i++)); do
	[ "$(api GET "/api/v1/countersign-requests/$request" | jq -r .result.status)" = applied ] && break
	sleep 0.05
done
check 'nobody takes back what has had its effect' json "$(as "$pat" POST "/api/v1/countersignatures/$(jq -r .result.countersignature_id <<<"$stamped")/revoke" '{"reason":"late"}')" .code already_applied
api POST "/projects/$other/payload" "$payload" >/dev/null
reject=$(jq -c '. + {decision: "reject", reason: "the soil report is missing"}' <<<"$vote")
check 'another design is refused with a reason' json "$(as "$pat" POST "/projects/$other/stamp" "$reject")" .result.request_status rejected
check 'its project says so' json "$(api GET "/projects/$other/stamp")" .result.state rejected
api POST /api/v1/countersign-requests "{\"kind\":\"stamp\",\"seal_sha256\":\"$seal\",\"subject_kind\":\"project\",\"subject_id\":\"$other\"}" >/dev/null
check 'it is asked for anew' json "$(api GET "/projects/$other/stamp")" .result.state open
check 'and given' json "$(as "$pat" POST "/projects/$other/stamp" "$vote")" .result.decision approve
check 'the project is stamped' json "$(api GET "/projects/$id")" .result.stamp stamped
check 'its report is another now' json "$(api POST "/projects/$id/report?wait=1")" '.result.pages == 4'
api GET "/projects/$id/report.pdf" >one.pdf
touch down
submitted=$(keyed "/projects/$id/submit" key-1)
check 'it is submitted' same "$(status)" 202
check 'the same key gives the same bytes' same "$(keyed "/projects/$id/submit" key-1)" "$submitted"
check 'another key is refused' json "$(keyed "/projects/$id/submit" key-2)" .code already_submitted
sleep 0.6
check 'in the outage it stays as it was' json "$(api GET "/projects/$id")" .result.status estimating
check 'and is tried again' json "$(api GET "/projects/$id/submit")" '.result.dispatch.state == "RETRY"'
for ((i = 0; i < 100; i++)); do
	[ "$(wc -l <calls)" -ge 3 ] && break
	sleep 0.05
done
sleep 0.3
check 'three failures open the breaker' same "$(wc -l <calls)" 3

stop_server KILL
rm down
export COUNTERSIGN_SIGN_PM_OPEN_S=1 COUNTERSIGN_SIGN_PUBLIC_QUOTE=true
start_server
login
for ((i = 0; i < 300; i++)); do
	if [ "$(api GET "/projects/$id" | jq -r .result.status)" = submitted ]; then
		break
	fi
	sleep 0.1
done
final=$(api GET "/projects/$id/final")
check 'after a kill it has one number' json "$final" '[.result.status, .result.project_number, .result.read_only]' '["submitted","PM-1",true]'
check 'the PM system knew one key' same "$(cut -d' ' -f1 calls | sort -u)" "$id"
check 'the key holds over the restart' same "$(keyed "/projects/$id/submit" key-1)" "$submitted"
check 'a read-only project takes no payload' json "$(api POST "/projects/$id/payload" "$payload")" .code read_only

check 'a public quote is for everybody' json "$(quote)" '.result | .low_usd > 200 and .low_usd <= .high_usd and (.basis | all(.seal_sha256 | length == 64))'

# an outage that outlasts the tries: breaker, dead letter, redelivery
dispatch_state() { # STATE: wait until the submission of the other project is there
	local said
	for ((i = 0; i < 200; i++)); do
		said=$(api GET "/projects/$other/submit")
		[ "$(jq -r .result.dispatch.state <<<"$said")" = "$1" ] && return 0
		sleep 0.1
	done
	echo "$said"
	return 1
}
touch down
api POST "/projects/$other/estimate" '{"height_ft":25}' >/dev/null
keyed "/projects/$other/submit" key-3 >/dev/null
check 'another is submitted while the PM system is down' same "$(status)" 202
check 'out of tries it is a dead letter' dispatch_state FAILURE
letter=$(api GET "/projects/$other/submit")
check 'after all its tries' json "$letter" '[.result.dispatch.attempts, .result.dispatch.error, .result.status]' \
	'[6,"the PM system answered 503","estimating"]'
times=$(grep "^$other " calls | cut -d' ' -f2 | jq -sc .)
check 'six times it was asked' json "$times" length 6
check 'after three failures it was left alone' json "$times" '.[3] - .[2] >= 0.9 and .[4] - .[3] >= 0.9'
run=$(jq -r .result.dispatch.run_id <<<"$letter")
check 'its task says so' json "$(api GET "/tasks/$run")" '[.result.name, .result.state]' '["projects.submit.dispatch","FAILURE"]'
check 'a person sees it' json "$(api GET /api/v1/dead-letters)" '.result.items[0] | [.dead_letter_id, .name, .subject_id]' \
	"[\"$run\",\"projects.submit.dispatch\",\"$other\"]"
rm down
check 'and has it delivered again' json "$(api POST "/api/v1/dead-letters/$run/redeliver")" .result.run_id "$run"
check 'which it is' dispatch_state SUCCESS
check 'with a number of its own' json "$(api GET "/projects/$other/final")" '[.result.status, .result.project_number, .result.read_only]' '["submitted","PM-2",true]'
check 'no letter is left' json "$(api GET /api/v1/dead-letters)" '.result.items' '[]'
events=$(api GET "/projects/$other/events?limit=500")
check 'its events are complete' json "$events" '[.result.items[].type] | reverse | map(select(test("^(project\\.|payload|estimate|projects\\.submit)")))' \
	'["project.created","payload.saved","project.stamp_rejected","project.stamped","project.status_changed","estimate.made","project.submitted","projects.submit.dispatch.started","projects.submit.dispatch.failed","projects.submit.dispatch.redelivered","project.dispatched","project.status_changed","projects.submit.dispatch.finished"]'
etag_of() { api GET "/projects/$1" | jq -r .result.etag; }
rejected=$(curl -sS -X POST "$CS/projects/$other/transition" -H "Authorization: Bearer $token" -H "If-Match: $(etag_of "$other")" \
	-H 'Content-Type: application/json' -d '{"to":"rejected","reason":"too close to the road"}')
check 'it is rejected' json "$rejected" '[.result.status, .result.read_only]' '["rejected",true]'
again=$(curl -sS -X POST "$CS/projects/$other/transition" -H "Authorization: Bearer $token" -H "If-Match: $(etag_of "$other")" \
	-H 'Content-Type: application/json' -d '{"to":"accepted"}')
check 'and stays so' json "$again" '[.code, .current_status]' '["transition_refused","rejected"]'

etag=$(jq -r .result.etag <<<"$final")
accepted=$(curl -sS -X POST "$CS/projects/$id/transition" -H "Authorization: Bearer $token" -H "If-Match: $etag" \
	-H 'Content-Type: application/json' -d '{"to":"accepted","reason":"all in order"}')
check 'it is accepted' json "$accepted" .result.status accepted
check 'the events tell it all' json "$(api GET "/projects/$id/events")" \
	'[.result.items[].type] | index("project.accepted") == 0 and index("project.dispatched") > 0 and .[-1] == "project.created"'
check 'it is found by its words' json "$(api GET '/projects?q=corner+joe')" ".result.items[0].project_id == \"$id\""
stop_server
check 'the server stops' same $? 0
check 'who submitted is told by mail' grep -rq PM-1 "$work/data/mail"
check 'the chain verifies' "$bin" audit verify --data "$work/data"
api_bytes=$(sha256sum <one.pdf | cut -d' ' -f1)
start_server
login
api GET "/projects/$id/report.pdf" >two.pdf
check 'the report is the same after all' same "$(sha256sum <two.pdf | cut -d' ' -f1)" "$api_bytes"
stop_server
