# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# What agents need: a goal is planned, becomes a workflow and runs; money that a hundred spend at once, while the server is
# killed; agents that fall silent [flow.md 7-9].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login
tasks=/api/v1/flow/tasks/decompositions
health=/api/v1/flow/health

# --- a plan runs ---
library='{"methods":[{"task":"report","subtasks":[
    {"id":"gather","task":"gather"},
    {"id":"write","task":"write","after":["gather"],"params":"{title: .params.title}"}]},
  {"task":"gather","name":"two sources","when":".state.sources >= 2","subtasks":[
    {"id":"a","task":"ask","params":"{source: \"a\"}"},{"id":"b","task":"ask","params":"{source: \"b\"}"}]},
  {"task":"gather","name":"one source","subtasks":[{"task":"ask","params":"{source: \"a\"}"}]}],
  "operators":[{"task":"ask","capability":"set"},{"task":"write","capability":"set"}]}'
plan() { # SOURCES
	api POST $tasks '{"goal":{"name":"report","params":{"title":"Signs"}},"planner":"htn","state":{"sources":'"$1"'},"library":'"$library"'}'
}
first=$(plan 2)
check 'a goal is planned' json "$first" '[.result.totals.leaves, .result.planner.expansions]' '[3,5]'
second=$(plan 2)
check 'the same question has the same plan' same "$(jq -r .result.planner.plan_sha256 <<<"$second")" \
	"$(jq -r .result.planner.plan_sha256 <<<"$first")"
nodes() { # OF WHICH ANSWER
	api GET "$tasks/$(jq -r .result.decomposition_id <<<"$1")" | jq -c .result.nodes
}
check 'byte for byte' same "$(nodes "$second")" "$(nodes "$first")"
third=$(plan 1)
check 'another state, another plan' json "$third" .result.totals.leaves 2
id=$(jq -r .result.decomposition_id <<<"$first")
made=$(api POST "$tasks/$id/workflow" '{"workflow_id":"signs-report","version":"1.0.0"}')
check 'it becomes a workflow' same "$(cat "$work/status") $(jq -rc '[.result.form, .result.state] | join(" ")' <<<"$made")" '201 dag published'
check 'whose steps wait for each other' json "$made" '[.result.steps[] | [.step_id, .depends_on // []]] | sort' \
	'[["n0000002",["n0000003","n0000004"]],["n0000003",[]],["n0000004",[]]]'
api POST "$tasks/$id/workflow" '{"workflow_id":"signs-report","version":"1.0.0"}' >/dev/null
check 'once: the same again is the same version' same "$(cat "$work/status")" 200
run=$(api POST /api/v1/flow/runs '{"namespace":"dag","name":"signs-report","wait_ms":20000}')
check 'and runs' json "$run" '.result.status == "completed" and
	.result.output == {n0000002: {title: "Signs"}, n0000003: {source: "a"}, n0000004: {source: "b"}}'
tree=$(api POST $tasks '{"goal":{"name":"g"},"nodes":[{"node_id":"r"},{"node_id":"A","parent_id":"r"},{"node_id":"B","parent_id":"r"}],
  "dependencies":[{"from":"A","to":"B"},{"from":"B","to":"A"}]}')
wrong=$(api POST "$tasks/$(jq -r .result.decomposition_id <<<"$tree")/workflow" '{"workflow_id":"round"}')
check 'what goes round is refused by name' json "$wrong" '[.status, .errors[0].code, .errors[0].message]' '[422,"cycle","A -> B -> A"]'

# --- a hundred spend at once, and the server is killed ---
budget=$(api POST /api/v1/flow/cost/budgets '{"scope":"agent","scope_id":"crew","allocated_budget":"9","currency":"USD"}' | jq -r .result.budget_id)
again() { # a server that was killed has another address, and its tokens another issuer
	stop_server KILL 2>/dev/null
	start_server
	until login 2>/dev/null; do sleep 0.2; done
	echo "$CS $token" >cs.new && mv cs.new cs
}
echo "$CS $token" >cs
cat >spend.py <<'END'
# A hundred threads keep a tenth each and spend it; each asks by its key until there is an answer.
import collections, json, threading, time, urllib.error, urllib.request

answers = collections.Counter()

def ask(key, path, body):
    for _ in range(300):
        server, token = open("cs").read().split()
        request = urllib.request.Request(server + path, json.dumps(body).encode(), {
            "Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": key})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code in (402, 404, 422):
                return refusal.code, None
        except (OSError, ValueError):
            pass  # it was killed, or starts
        time.sleep(0.1)
    return 0, None

def spend(n):
    path = "/api/v1/flow/cost/reservations"
    status, answer = ask(f"reserve-{n}-0123456789abcdef", path, {"agent_id": "crew", "amount": "0.1", "ttl_s": 3000})
    answers[f"kept {status}"] += 1
    if status == 201:
        status, _ = ask(f"settle-{n}-0123456789abcdef", f"{path}/{answer['result']['reservation_id']}/settle", {"actual": "0.1"})
        answers[f"spent {status}"] += 1

threads = [threading.Thread(target=spend, args=(n,)) for n in range(100)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*sorted(f"{what}: {count}" for what, count in answers.items()), sep=", ")
END
python3 spend.py >spent &
spenders=$!
for _ in 1 2 3; do
	sleep "0.$((RANDOM % 3 + 1))"
	again
done
wait "$spenders"
check 'ninety of a hundred get a tenth of nine, and spend it' same "$(cat spent)" 'kept 201: 90, kept 402: 10, spent 200: 90'
left=$(api GET "/api/v1/flow/cost/budgets/$budget")
check 'not a micro-unit more was spent, none is kept' json "$left" \
	'.result | [.consumed_budget_micros, .reserved_micros, .remaining_budget_micros, .overspent_micros, .status]' '[9000000,0,0,0,"exhausted"]'
check 'and each threshold was raised once' json "$left" '[.result.events[].kind]' '["budget.warning","budget.critical","budget.exhausted"]'
count=$(python3 -c 'import sqlite3
db = sqlite3.connect("file:data/store.db?mode=ro", uri=True)
print(*[row[0] for row in db.execute("SELECT COUNT(*) FROM outbox WHERE topic = ? GROUP BY event ORDER BY event", ("budget",))],
      *db.execute("SELECT COUNT(*) FROM cost_entries").fetchone())')
check 'told once each, and ninety entries stand in the books' same "$count" '1 1 1 90'
more=$(api POST "/api/v1/flow/cost/budgets/$budget/topup" '{"amount":"1","reason":"ten more"}')
check 'a top-up makes room' json "$more" '.result | [.remaining_budget_micros, .status]' '[1000000,"warning"]'

# --- agents ---
beat='{"agent_id":"writer","run_id":"r","memory_usage_mb":1024,"cpu_usage_percent":50,"cost_consumed":"20","budget_remaining":"80","completed_tasks_count":9,"failed_tasks_count":1}'
check 'a heartbeat is scored' json "$(api POST $health/heartbeat "$beat")" '.result | [.health_score, .status]' '[0.71,"degraded"]'
sleep 0.3
lost() { api POST /api/v3/health/detect-failures '{"threshold_seconds":0.2}'; }
check 'silence is noticed' json "$(lost)" '[.result.total, .result.health_statuses[0].status]' '[1,"failed"]'
again
check 'once, across a crash' json "$(lost)" .result.total 0
check 'and is one incident' json "$(api GET "$health/incidents?agent_id=writer")" '[.result.items[] | [.severity, .title]]' '[["critical","Agent heartbeat lost"]]'
check 'it can be told to recover' json "$(api POST $health/recover/writer)" .result.status recovering
stop_server
check 'the server stopped in order' same $? 0
