# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Object level: whatever has an id answers the owner of another account as a random id does, byte for byte, on every
# route and with every method, and is as it was afterwards [P-5.3, B10].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_over() { # EMAIL: an account of their own; the owner's token in $token
	ask POST /api/v1/auth/register "{\"email\":\"$1\",\"password\":\"$password\"}"
	sign_in "$1" "$password"
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
new /api/v1/projects '{"name":"Sign of Ann"}'
new /api/v1/producers '{"name":"engine"}'
new /api/v1/devices/register '{"name":"desk"}'
document='{"document":{"dsl":"1.0.3","namespace":"one","name":"waits","version":"1.0.0"},"do":[{"a":{"wait":{"hours":1}}}]}'
new /api/v1/flow/workflows "{\"definition\":$document}"
new /api/v1/flow/runs "{\"definition\":$document,\"wait_ms\":100}"
curl -sS "$CS/openapi.json" >openapi.json

cat >bola.py <<'PY'
import json, re, sys, urllib.error, urllib.request

base, ann, bob = sys.argv[1:4]
document = json.load(open("openapi.json"))
RANDOM = "0192f0a1-0000-7000-8000-00000000abcd"
# A name that anybody may give to anything of theirs, and what is of nobody's account.
SKIP = re.compile(r"^/(docs|blobs|hooks|schemas|console)|/share/|/public/|/packs/|/ops/|/charts/\{name\}|/breakers/"
                  r"|/strategies/|/health/summary/|/api/v3/workflows/\{name\}|/health/(agent|recover)|/memory/(statistics|working)")

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
real, read, tried, bad, unmet = {}, [], 0, 0, []
for template in templates: # which of them name something of ann's here
    parameter = re.search(r"\{[a-z_]+\}", template)
    root = template[:parameter.end()]
    if root not in real:
        real[root] = []
        probe = document["paths"].get(root, {})
        if "get" in probe and root.count("{") == 1:
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
sys.exit(tried < 150)
PY
python3 bola.py "$CS" "$ann" "$bob"
