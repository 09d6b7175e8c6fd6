# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Object level: whatever has an id answers the owner of another account as a random id does, byte for byte, on every
# route and with every method, and is as it was afterwards [P-5.3, B10].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_over() { # EMAIL: an account of their own, and every role in it but admin; the token in $token
	ask POST /api/v1/auth/register "{\"email\":\"$1\",\"password\":\"$password\"}"
	user=$(member .user_id)
	sign_in "$1" "$password"
	as "$token" GET "/api/v1/users/$user"
	as "$token" PATCH "/api/v1/users/$user" \
		'{"roles":["owner","engineer","pe","approver","trader","risk_owner","operator","auditor","viewer"]}' \
		-H "If-Match: $(header etag)"
	check "$1 may do all in their account" same "$status" 200
}
start_over ann@one.example
ann=$token
start_over bob@two.example
bob=$token

# what an account has, as much of it as its owner can make at once
new() { # PATH BODY: as ann
	as "$ann" POST "$1" "$2"
	check "made: $1" test "${status:0:1}" = 2 || head -c 400 "$work/said"
}
new /api/v1/keys '{"name":"robot","scopes":["seal.read"]}'
new /api/v1/users "{\"email\":\"eve@one.example\",\"password\":\"$password\",\"roles\":[\"approver\"],\"must_change_password\":false}"
printf 'a,b\n1,2\n' >table.csv
ask POST /api/v1/uploads '' -H "Authorization: Bearer $ann" -F 'file=@table.csv;type=text/csv'
check 'made: a file' same "$status" 201
as "$ann" POST /api/v1/signage/common/cabinets/derive \
	'{"cabinets":[{"width_ft":6,"height_ft":5,"weight_psf":10}],"overall_height_ft":25}' -H 'Countersign-Seal: true'
seal=$(header countersign-seal-sha256)
new /api/v1/countersign-requests "{\"kind\":\"release\",\"seal_sha256\":\"$seal\"}"
request=$(member .request_id)
sign_in eve@one.example "$password"
as "$token" POST /api/v1/countersignatures \
	"{\"request_id\":\"$request\",\"seal_sha256\":\"$seal\",\"decision\":\"approve\",\"consent_version\":1}"
check 'made: a countersignature' same "$status" 201
# named ROOT FILTER: what was made last is what that root's routes name
named() { echo "$1 $(member "$2")" >>named; }
new /api/v1/projects '{"name":"Sign of Ann"}'
project=$(member .project_id)
new "/api/v1/projects/$project/payload" "{\"module\":\"signage.single_pole\",\"config\":$("$bin" call --schema sign.design | jq -c .example)}"
named '/api/v1/sign/designs/{seal}' .seal_sha256
new "/api/v1/projects/$project/report" '{}'
new /api/v1/users "{\"email\":\"zoe@one.example\",\"password\":\"$password\",\"roles\":[\"viewer\"]}"
new "/api/v1/users/$(member .user_id)/erase" '{"confirm_email":"zoe@one.example"}'
named '/api/v1/tasks/{id}' .task_id
new /api/v1/producers '{"name":"engine"}'
new /api/v1/devices/register '{"name":"desk"}'
document='{"document":{"dsl":"1.0.3","namespace":"one","name":"waits","version":"1.0.0"},"do":[{"a":{"wait":{"hours":1}}}]}'
new /api/v1/flow/workflows "{\"definition\":$document}"
new /api/v1/flow/runs "{\"definition\":$document,\"wait_ms\":100}"
run=$(member .run_id)
named '/api/v1/flow/checkpoints/workflow/{run_id}' .run_id
named '/api/v1/flow/cost/workflow/{run_id}' .run_id
named '/api/v3/workflows/status/{workflow_id}' .run_id
named '/api/v3/executions/{id}' .run_id
new "/api/v1/flow/runs/$run/replay" '{}'
named '/api/v1/flow/replays/{id}' .replay_id
new /api/v1/flow/checkpoints "{\"run_id\":\"$run\"}"
named '/api/v1/flow/checkpoints/{id}' .checkpoint_id
new /api/v1/flow/schedules '{"workflow":"one/waits","kind":"cron","spec":"30 2 * * *","tz":"Europe/Berlin"}'
new /api/v1/flow/memory/working '{"agent_id":"agent-of-ann","content":"Remember"}'
named '/api/v1/flow/memory/{memory_id}' .memory_id
new /api/v1/flow/cost/budgets "{\"scope\":\"run\",\"scope_id\":\"$run\",\"allocated_budget\":\"10\",\"currency\":\"USD\"}"
new /api/v1/flow/cost/reservations "{\"run_id\":\"$run\",\"amount\":\"0.25\",\"purpose\":\"llm\"}"
named '/api/v1/flow/cost/reservations/{id}' .reservation_id
new /api/v1/flow/tasks/decompositions '{"goal":{"name":"Write the report"},"strategy":"adaptive"}'
named '/api/v1/flow/tasks/decompositions/{id}' .decomposition_id
new /api/v1/flow/runs '{"definition":{"document":{"dsl":"1.0.3","namespace":"one","name":"work","version":"1.0.0"},"do":[{"a":{"call":"worker","with":{"queue":"q"}}}]},"wait_ms":200}'
new /api/v1/flow/work/claim '{"queue":"q","worker_id":"w1","lease_ms":600000}'
named '/api/v1/flow/work/{task_id}' '.tasks[0].task_id'

# a desk on paper: a signal, its approval, the position that it became
new /api/v1/blocklist '{"from":"2030-01-01T00:00:00Z","to":"2030-01-01T01:00:00Z","currencies":["USD"],"title":"News"}'
named '/api/v1/blocklist/{id}' .id
new /api/v1/exports '{"format":"csv"}'
named '/api/v1/exports/{id}' .id
new /api/v1/trading/accounts '{"login":"1","broker":"Countersign","server":"paper","kind":"paper"}'
desk=$(member .id)
bars() { new "/api/v1/trading/accounts/$desk/bars" '{"instrument":"BTCUSD","spread":1,"bars":[{"open":60000,"high":60000,"low":60000,"close":60000}]}'; }
bars
new /api/v1/producers '{"name":"hook","kind":"url_token","ip_allow":["127.0.0.1"]}'
ask POST "$(member .hook_url)" '{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"take_profit":61000,"volume":0.1}'
check 'made: a signal' same "$status $(member .status)" '201 pending'
named '/api/v1/signals/{id}' .id
new /api/v1/approvals "{\"signal_id\":\"$(member .id)\",\"decision\":\"approved\",\"consent_version\":1}"
named '/api/v1/approvals/{id}' .id
bars
as "$ann" GET /api/v1/positions
named '/api/v1/positions/{id}' '.items[0].id'
check 'every one of them has an id' exits 1 grep -qvE ' ([a-z]+_)?[0-9a-f-]{32,}$' named
# what is named by its maker: the name is in another account as if nobody had given it
for rest in waits waits/versions/1.0.0 waits/versions/1.0.0/graph; do
	as "$ann" GET "/api/v1/flow/workflows/one/$rest"
	check "of one's own: $rest" same "$status" 200
	as "$bob" GET "/api/v1/flow/workflows/one/$rest"
	theirs="$status $(jq -c 'del(.instance, .request_id, .timestamp, .trace.request_id)' <<<"$said")"
	as "$bob" GET "/api/v1/flow/workflows/none/$rest"
	check "another's: $rest" same "$theirs" "404 $(jq -c 'del(.instance, .request_id, .timestamp, .trace.request_id)' <<<"$said")"
done
curl -sS "$CS/openapi.json" >openapi.json

cat >bola.py <<'PY'
import json, re, sys, urllib.error, urllib.request

base, ann, bob = sys.argv[1:4]
document = json.load(open("openapi.json"))
RANDOM = "0192f0a1-0000-7000-8000-00000000abcd"
# A name that anybody may give to anything of theirs, and what is of nobody's account.
SKIP = re.compile(r"^/(docs|blobs|hooks|schemas|console)|/share/|/public/|/packs/|/ops/|/charts/\{name\}|/breakers/"
                  r"|/workflows/\{namespace\}|/strategies/|/health/summary/|/api/v3/workflows/\{name\}|/health/(agent|recover)|/memory/(statistics|working)")

def ask(token, method, path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(base + path, data=data, method=method, headers={
        "Authorization": "Bearer " + token, "If-Match": '"' + "0" * 32 + '"',
        **({"Content-Type": "application/json"} if data is not None else {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), dict(error.headers)

def texts(value, name=""):
    """What stands in a member that is named like an id."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from texts(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member, name)
    elif isinstance(value, str) and (name in ("id", "seal_sha256") or name.endswith("_id")) and len(value) >= 32:
        yield value

def streams(operation):
    return "text/event-stream" in json.dumps(operation["responses"].get("200", {}))

def ids_of(token):
    """Every text that looks like an id in the lists of an account, by the path of the list."""
    found = {}
    for path, item in document["paths"].items():
        if "{" in path or "get" not in item or path.startswith("/api/v1/audit"):
            continue
        if not path.startswith("/api/v1/") or streams(item["get"]):
            continue
        status, body, _ = ask(token, "GET", path)
        if status != 200:
            continue
        try:
            result = json.loads(body)["result"]
        except (ValueError, KeyError, TypeError):
            continue
        found[path] = list(dict.fromkeys(texts(result)))
    return found

def fill(template, first):
    """The path with `first` as its first parameter; the others are the same for all."""
    path = template.replace(re.search(r"\{[a-z_]+\}", template).group(), first, 1)
    return re.sub(r"\{[a-z_]+\}", "x", path)

def body_of(operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    example = content.get("example")
    if example is None:
        example = next((e.get("value") for e in content.get("examples", {}).values()), {})
    return example

def normal(answer, given):
    status, body, headers = answer
    text = body.decode("utf-8", "replace").replace(given, "ID")
    text = re.sub(r'"(request_id|timestamp|at|event_id)":"[^"]*"', r'"\1":""', text)
    text = re.sub(r'"(instance|route)":"[^"]*"', r'"\1":""', text)
    kept = {k.lower(): v.replace(given, "ID") for k, v in headers.items()
            if k.lower() in ("etag", "content-type", "allow", "location", "link", "www-authenticate")}
    return status, text, kept

# What can be made of its own example is made: an id more to ask for.
for parent in sorted({path[:path.index("/{")] for path in document["paths"] if "/{" in path and not SKIP.search(path)}):
    maker = document["paths"].get(parent, {}).get("post")
    if maker is not None and body_of(maker):
        ask(ann, "POST", parent, body_of(maker))
lists = ids_of(ann)
mine = sorted({i for ids in lists.values() for i in ids})
templates = sorted(path for path in document["paths"]
                   if "{" in path and path.startswith("/api/") and not SKIP.search(path))
bobs_own = {i for ids in ids_of(bob).values() for i in ids}
named = {}
for line in open("named"):
    named.setdefault(line.split()[0], []).append(line.split()[1])
real, read, tried, bad, unmet = {}, [], 0, 0, []
for template in templates: # which of them name something of ann's here
    parameter = re.search(r"\{[a-z_]+\}", template)
    root = template[:parameter.end()]
    if root not in real:
        real[root] = []
        probe = document["paths"].get(root, {})
        if root in named:
            real[root] = named[root]
            if "get" in probe:
                read.append(root)
        elif "get" in probe and root.count("{") == 1:
            real[root] = [i for i in mine if ask(ann, "GET", fill(root, i))[0] == 200]
            read.append(root)
        elif root.count("{") == 1: # written only: what its list has
            real[root] = lists.get(root[:root.index("/{")], [])
    if not real[root]:
        unmet.append(root)
before = {(root, i): normal(ask(ann, "GET", fill(root, i)), i) for root in read for i in real[root]}
for template in templates:
    root = template[:re.search(r"\{[a-z_]+\}", template).end()]
    ids = [i for i in real[root] if i not in bobs_own] or mine[:1]
    for method, operation in document["paths"][template].items():
        if method not in ("get", "post", "put", "patch", "delete") or streams(operation):
            continue
        for i in ids[:2]:
            nobody = RANDOM if "-" in i else "f" * len(i)
            if "_" in i:
                nobody = i.split("_")[0] + "_" + RANDOM
            body = body_of(operation)
            theirs = normal(ask(bob, method.upper(), fill(template, i), body), i)
            none = normal(ask(bob, method.upper(), fill(template, nobody), body), nobody)
            tried += 1
            if theirs != none or theirs[0] < 400:
                bad += 1
                print(f"not ok {method.upper()} {template}: as a random id")
                print(f"#   another's: {theirs[0]} {theirs[1][:300]} {theirs[2]}\n#   nobody's:  {none[0]} {none[1][:300]} {none[2]}")
for (root, i), was in before.items():
    now = normal(ask(ann, "GET", fill(root, i)), i)
    if now[0] != was[0] or now[2].get("etag") != was[2].get("etag"):
        bad += 1
        print(f"not ok {root}: {i} is not as it was: {was} {now}")
print(f"# {tried} requests for what is another's, {sum(map(len, real.values()))} ids; "
      f"no id of ann's for {', '.join(sorted(set(unmet))) or 'none'}")
print(f"{'not ok' if bad else 'ok'} {tried} requests are answered as for a random id")
sys.exit(tried < 190 or len(set(unmet)) > 1)
PY
python3 bola.py "$CS" "$ann" "$bob"
