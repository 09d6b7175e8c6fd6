# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Schedules: by the clock, after the last run, by events; paused, changed, and over a server that is killed [flow.md 3.4].
. "$(dirname "$0")/lib.sh"

start_server
login
register() { # NAME REST [VERSION]
	api POST /api/v1/flow/workflows '{"definition":{"document":{"dsl":"1.0.3","namespace":"t","name":"'"$1"'","version":"'"${3-1.0.0}"'"},'"$2"'}}'
}
schedule() { api POST /api/v1/flow/schedules "$1"; }
runs_of() { api GET "/api/v1/flow/runs?label=schedule:$1&limit=200"; }
reach() { # SCHEDULE COUNT [STATUS]
	for _ in $(seq 100); do
		[ "$(runs_of "$1" | jq "[.result.items[] | select(.status | test(\"${3-.}\"))] | length")" -ge "$2" ] && return 0
		sleep 0.05
	done
	runs_of "$1" | jq -c '[.result.items[] | [.status, .output]]'
	return 1
}
event() { api POST /api/v1/flow/events '{"specversion":"1.0","id":"'"$1"'","source":"urn:s","type":"'"$2"'","data":'"$3"'}' >/dev/null; }

register quick '"do":[{"a":{"set":"${ {got: .} }"}}]' >/dev/null
register slow '"do":[{"a":{"listen":{"to":{"one":{"with":{"type":"let.go"}}}}}}]' >/dev/null

# --- requests ---
made=$(schedule '{"workflow":"t/quick","kind":"cron","spec":"30 2 * * *","tz":"Europe/Berlin","input":{"n":1}}')
id=$(jq -r .result.schedule_id <<<"$made")
check 'a schedule is made' json "$made" '[.result.workflow, .result.version, .result.kind, .result.spec, .result.enabled, .result.catch_up, .result.overlap]' \
	'["t/quick","latest","cron","30 2 * * *",true,"one","allow"]'
check 'and says its times' json "$(api GET "/api/v1/flow/schedules/$id/upcoming?n=400")" '[(.result.times | length), ([.result.times[] | .[11:16]] | unique)]' \
	'[400,["00:30","01:00","01:30"]]'
check 'it is found by its workflow' json "$(api GET '/api/v1/flow/schedules?workflow=t/quick')" "[.result.items[].schedule_id] == [\"$id\"]" true
check 'what is wrong with one is told at once' json \
	"$(schedule '{"workflow":"t/quick","kind":"cron","spec":"61 * * * *","tz":"Nowhere"}')" '[.status, [.errors[].pointer]]' '[422,["/tz","/spec"]]'
check 'of a strategy too' json "$(schedule '{"workflow":"t/quick","kind":"on","spec":{"one":{"with":{"type":"/(/"}}}}')" \
	'[.status, [.errors[].pointer]]' '[422,["/spec/one/with/type"]]'
check 'there has to be a workflow' json "$(schedule '{"workflow":"t/none","kind":"every","spec":"PT1H"}')" .code not_found
etag=$(jq -r .result.etag <<<"$made")
check 'a change needs If-Match' json "$(api PATCH "/api/v1/flow/schedules/$id" '{"spec":"@daily"}')" .status 428
patch() { curl -sS -X PATCH "$CS/api/v1/flow/schedules/$id" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -H "If-Match: $1" -d "$2"; }
check 'it is changed' json "$(patch "$etag" '{"spec":"@daily","tz":"UTC"}')" '[.result.spec, (.result.next_at | .[11:19])]' '["@daily","00:00:00"]'
check 'not twice from the same state' json "$(patch "$etag" '{"spec":"@hourly"}')" .status 412
check 'it starts a run when told to' json "$(api POST "/api/v1/flow/schedules/$id/trigger" '{}')" '[.result.status, .result.input]' '["pending",{"n":1}]'
check 'which does what it does' reach "$id" 1 completed
check 'it is paused' json "$(api POST "/api/v1/flow/schedules/$id/pause" '{}')" '[.result.enabled, .result.next_at]' '[false,null]'
check 'and resumed' json "$(api POST "/api/v1/flow/schedules/$id/resume" '{}')" '[.result.enabled, (.result.next_at != null)]' '[true,true]'
api DELETE "/api/v1/flow/schedules/$id" >/dev/null
check 'and deleted' json "$(api GET "/api/v1/flow/schedules/$id")" .code not_found

# --- by the clock ---
every=$(schedule '{"workflow":"t/quick","kind":"every","spec":{"milliseconds":150},"input":"tick"}' | jq -r .result.schedule_id)
check 'every so often' reach "$every" 3 completed
check 'with its input' json "$(runs_of "$every")" '[.result.items[] | select(.status == "completed") | .output] | unique' '[{"got":"tick"}]'
api POST "/api/v1/flow/schedules/$every/pause" '{}' >/dev/null
quiet=$(runs_of "$every" | jq '.result.items | length')
sleep 0.5
check 'a paused one starts nothing' same "$(runs_of "$every" | jq '.result.items | length')" "$quiet"

after=$(schedule '{"workflow":"t/slow","kind":"after","spec":"PT0.2S"}' | jq -r .result.schedule_id)
check 'the first run begins at once' reach "$after" 1 waiting
sleep 0.5
check 'the next one not before it has ended' same "$(runs_of "$after" | jq '.result.items | length')" 1
event a1 let.go 1
check 'but then' reach "$after" 2
api DELETE "/api/v1/flow/schedules/$after" >/dev/null

skip=$(schedule '{"workflow":"t/slow","kind":"every","spec":{"milliseconds":100},"overlap":"skip"}' | jq -r .result.schedule_id)
queue=$(schedule '{"workflow":"t/slow","kind":"every","spec":{"milliseconds":100},"overlap":"queue"}' | jq -r .result.schedule_id)
check 'a run goes on' reach "$skip" 1 waiting
sleep 0.5
check 'with skip no other one begins beside it' same "$(runs_of "$skip" | jq '.result.items | length')" 1
api POST "/api/v1/flow/schedules/$skip/pause" '{}' >/dev/null
check 'with queue neither' same "$(runs_of "$queue" | jq '.result.items | length')" 1
check 'but its time waits' json "$(api GET "/api/v1/flow/schedules/$queue")" '.result.queued > 1' true
event q1 let.go 1
check 'for the end of the run' reach "$queue" 2
api POST "/api/v1/flow/schedules/$queue/pause" '{}' >/dev/null

# --- by events ---
on=$(schedule '{"workflow":"t/quick","kind":"on","spec":{"one":{"with":{"type":"order.made","data":"${ .n > 0 }"}}}}' | jq -r .result.schedule_id)
sleep 0.3
for n in 1 2 0 3; do event "o$n" order.made "{\"n\":$n}"; done
check 'an event starts a run' reach "$on" 3 completed
check 'with what was heard, each once' json "$(runs_of "$on")" '[.result.items[].output.got[0].n] | sort' '[1,2,3]'
check 'the runs that listen are not in the way' json "$(api GET '/api/v1/flow/runs?limit=500')" '[.result.items[] | select(.namespace == "system")] | length' 0

all=$(schedule '{"workflow":"t/quick","kind":"on","spec":{"read":"envelope","all":[{"with":{"type":"x"},"correlate":{"k":{"from":".data"}}},{"with":{"type":"y"},"correlate":{"k":{"from":".data"}}}]}}' | jq -r .result.schedule_id)
sleep 0.3
event x1 x 1
stop_server KILL 2>/dev/null
start_server
login
event y2 y 2
event y1 y 1
check 'all of several, over a killed server' reach "$all" 1 completed
check 'correlated and as envelopes' json "$(runs_of "$all")" '[.result.items[0].output.got[].id]' '["x1","y1"]'

# --- of definitions ---
register own '"schedule":{"every":{"milliseconds":150}},"do":[{"a":{"set":"${ $workflow.definition.document.version }"}}]' >/dev/null
own=$(api GET '/api/v1/flow/schedules?workflow=t/own' | jq -r '.result.items[0].schedule_id')
check 'what a definition says of its schedule holds when it is published' reach "$own" 2 completed
register own '"schedule":{"every":{"milliseconds":200}},"do":[{"a":{"set":"${ $workflow.definition.document.version }"}}]' 1.1.0 >/dev/null
newest() { [ "$(runs_of "$own" | jq -r .result.items[0].version)" = 1.1.0 ]; }
for _ in $(seq 40); do newest && break; sleep 0.05; done
check 'a newer version takes over' newest
check 'as the only one' json "$(api GET '/api/v1/flow/schedules?workflow=t/own')" '[.result.items[] | [.version, .origin]]' '[["1.1.0","definition"]]'
stop_server KILL 2>/dev/null
sleep 1
start_server
login
count=$(runs_of "$own" | jq '.result.items | length')
check 'times that were missed are one run, and it goes on' reach "$own" $((count + 2)) completed
check 'each time once' json "$(runs_of "$own")" '([.result.items[].created_at] | unique | length) == (.result.items | length)' true
api POST /api/v1/flow/workflows/t/own/versions/1.1.0/deprecate >/dev/null
api POST /api/v1/flow/workflows/t/own/versions/1.1.0/archive >/dev/null
check 'an archived version starts nothing' json "$(api GET '/api/v1/flow/schedules?workflow=t/own')" '.result.items | length' 0
stop_server
