# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Field level: what the server sets of a thing is refused in a body, with nothing stored, unless it is what the server
# would set anyway, on every route alike [P-5.3; API Top 10, 3].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
as "$admin" GET /api/v1/auth/me
account=$(member .account_id) me=$(member .user_id)
other=0192f0a1-0000-7000-8000-00000000abcd

refused() { # NAME POINTER...: each as read_only
	local name=$1
	shift
	gives "$name" 422 invalid
	check "$name: where" json "$said" '[.errors[] | "\(.pointer) \(.code)"] | sort | join(" ")' "$(printf '%s read_only ' "$@" | sed 's/ $//')"
}

# a producer: its table knows none of the six
producers() { as "$admin" GET /api/v1/producers && member '.items | length'; }
before=$(producers)
as "$admin" POST /api/v1/producers '{"name":"one","status":"revoked"}'
refused 'another status' /status
as "$admin" POST /api/v1/producers "{\"name\":\"one\",\"account_id\":\"$other\",\"version\":7}"
refused 'two at once' /account_id /version
as "$admin" POST /api/v1/producers '{"name":"one","version":7,"colour":"red"}'
check 'beside another fault, all at once' json "$said" '[.errors[] | "\(.pointer) \(.code)"] | sort | join(" ")' \
	'/colour unknown_field /version read_only'
check 'and none of them made one' same "$(producers)" "$before"
as "$admin" POST /api/v1/producers '{"name":"one"}'
made=$said
check 'made' same "$status" 201
echo "# a producer says: $(jq -c '.result | keys' <<<"$made")"

as "$admin" POST /api/v1/producers "{\"name\":\"two\",\"account_id\":\"$account\",\"owner\":\"$me\"}"
gives 'its own account and maker' 201
as "$admin" POST /api/v1/producers "{\"name\":\"three\",\"account_id\":\"$account\",\"owner\":\"$me\"}" -H 'Idempotency-Key: three'
three=$said
check 'and with a key' same "$status" 201
as "$admin" POST /api/v1/producers "{\"name\":\"three\",\"account_id\":\"$account\",\"owner\":\"$me\"}" -H 'Idempotency-Key: three'
check 'which gives it again' same "$(header idempotency-replayed) $(member .id)" "true $(jq -r .result.id <<<"$three")"
as "$admin" POST /api/v1/producers '{"name":"four","version":7}' -H 'Idempotency-Key: four'
refused 'a wrong claim with a key' /version
as "$admin" POST /api/v1/producers '{"name":"four"}' -H 'Idempotency-Key: four'
gives 'is not recorded' 201

# everything that can be made of its own example says of itself what it takes back
curl -sS "$CS/openapi.json" >openapi.json
cat >again.py <<'PY'
import json, sys, urllib.error, urllib.request

base, token = sys.argv[1:3]
document = json.load(open("openapi.json"))
SERVERS = ("account_id", "owner", "author", "status", "roles", "version")

def ask(path, body, key=None):
    request = urllib.request.Request(base + path, data=json.dumps(body).encode(), method="POST", headers={
        "Authorization": "Bearer " + token, "Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())

def example(operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content.get("example") or next((e.get("value") for e in content.get("examples", {}).values()), None)

def known(operation):
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" in schema:
        part = document
        for name in schema["$ref"].lstrip("#/").split("/"):
            part = part[name]
        schema = part
    return set(schema.get("properties", {}))

def another(value):
    return value + 5 if isinstance(value, int) else ["nothing"] if isinstance(value, list) else "nothing"

ELSEWHERE = {"owner": ("owner", "owner_id", "created_by"), "author": ("author", "author_id", "created_by")}
# An event's members are its own; of a consent each is a version of its own; a run goes on by itself.
SKIP = ("/api/v1/flow/events", "/api/v1/consents", "/api/v1/flow/runs")
taken = refused = bad = 0
for path, item in sorted(document["paths"].items()):
    operation = item.get("post")
    if operation is None or "{" in path or not path.startswith("/api/v1/") or "/auth/" in path or operation["x-effect"] != "write" or path in SKIP:
        continue
    body = example(operation)
    if not isinstance(body, dict):
        continue
    body = dict(body)
    names = [n for n in SERVERS if n not in known(operation)]
    status, answer = ask(path, body)
    result = answer.get("result") if status < 300 and answer else None
    for name in names if isinstance(result, dict) else []:
        if name in body:
            continue
        again = dict(body)
        if "name" in again and isinstance(again["name"], str):
            again["name"] += " " + name # a second of the same name may be a duplicate
        wrong = another(result.get(name, "nothing"))
        status, said = ask(path, {**again, name: wrong})
        codes = [e["code"] for e in (said.get("errors") or [])]
        if status < 300 or (status == 422 and said["code"] == "invalid" and "read_only" not in codes):
            bad += 1
            print(f"not ok {path}: {name} {wrong!r} gives {status} {json.dumps(said)[:300]}")
        refused += status == 422
        own = next((result[n] for n in ELSEWHERE.get(name, (name,)) if result.get(n) is not None), None)
        if own is None:
            continue
        status, said = ask(path, {**again, name: own}, f"{path} {name}".replace(" ", "-"))
        taken += status < 300
        if status == 422 and "read_only" in [e["code"] for e in (said.get("errors") or [])]:
            bad += 1
            print(f"not ok {path}: its own {name} {own!r} is refused: {json.dumps(said)[:300]}")
print(f"# {refused} claims refused, {taken} taken")
print(f"{'not ok' if bad else 'ok'} what the server sets is refused, and taken when it is the same")
sys.exit(taken < 10 or refused < 40)
PY

python3 again.py "$CS" "$admin"

# a change: the thing as it was read is sent back whole
new_user kim@sign.example '"engineer"'
gives 'a person' 201
as "$admin" GET "/api/v1/users/$user"
check 'they are there' same "$status" 200
etag=$(header etag)
as "$admin" PATCH "/api/v1/users/$user" "{\"full_name\":\"Lin\",\"version\":$(member .version),\"status\":\"$(member .status)\"}" -H "If-Match: $etag"
gives 'a person as they were read' 200
as "$admin" PATCH /api/v1/auth/me '{"full_name":"Root","roles":["viewer"]}'
refused 'oneself is given no roles, If-Match or not' /roles
as "$admin" GET /api/v1/auth/me
as "$admin" PATCH /api/v1/auth/me "{\"full_name\":\"Root\",\"roles\":$(member .roles)}" -H "If-Match: $(header etag)"
gives 'but those one has' 200
ask POST /api/v1/auth/register "{\"email\":\"eve@one.example\",\"password\":\"$password\",\"roles\":[\"admin\"]}"
refused 'nor does a stranger give themselves any' /roles
ask POST /api/v1/auth/register "{\"email\":\"eve@one.example\",\"password\":\"$password\",\"status\":\"active\"}"
gives 'who was not registered by that, and is now' 201
