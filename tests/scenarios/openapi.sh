# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The document of a whole server [B24]: what each operation has to say of itself, and examples that fit their schemas.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
"$bin" openapi >openapi.json
cat >look.py <<'PY'
import json, re, sys

document = json.load(open("openapi.json"))
bad = []
PUBLIC = "public"

def at(ref):
    part = document
    for name in ref.lstrip("#/").split("/"):
        part = part[name]
    return part

KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}

def is_kind(value, kind):
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, KINDS[kind])

def fits(value, schema, where=""):
    """Every reason why it does not; knows the words that the document uses, and says so of others."""
    if "$ref" in schema:
        yield from fits(value, at(schema["$ref"]), where)
    for one in schema.get("allOf", []):
        yield from fits(value, one, where)
    for word in ("anyOf", "oneOf"):
        if word in schema and not any(not list(fits(value, one, where)) for one in schema[word]):
            yield f"{where}: none of {word}"
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_kind(value, kind) for kind in kinds):
        yield f"{where}: {value!r:.60} is no {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of the options"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: is not {schema['const']!r}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}/{name}: is not there"
        members = schema.get("properties", {})
        for name, member in value.items():
            if name in members:
                yield from fits(member, members[name], f"{where}/{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{where}/{name}: is not known"
            elif isinstance(schema.get("additionalProperties"), dict):
                yield from fits(member, schema["additionalProperties"], f"{where}/{name}")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 1e9):
            yield f"{where}: has {len(value)} items"
        for number, item in enumerate(value):
            yield from fits(item, schema.get("items", {}), f"{where}/{number}")
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1e9):
            yield f"{where}: has {len(value)} characters"
        if schema.get("format") == "date-time" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
            yield f"{where}: {value!r} is no date-time"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{where}: is not like {schema['pattern']}"
    if is_kind(value, "number"):
        if not schema.get("minimum", -1e999) <= value <= schema.get("maximum", 1e999):
            yield f"{where}: {value} is out of range"
        if value <= schema.get("exclusiveMinimum", -1e999):
            yield f"{where}: {value} is out of range"

def says(schema):
    """Does it say what the answer's result holds?  Every form of it has to."""
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return all(one == {"type": "null"} or says(one) for one in schema[word])
    if "allOf" in schema: # the envelope, and what it holds
        return says(schema["allOf"][1]["properties"]["result"])
    return "properties" in schema or "required" in schema

# What has no schema of its members, since it has none: no content, streams, and bytes of their own kind.  A new
# kind of answer is added here, or has a schema.
BYTES = {
    "text/event-stream", "application/x-ndjson", "application/jose", "application/pdf", "image/svg+xml", "image/png",
    "image/vnd.dxf", "text/html", "text/css", "text/plain", "text/csv", "text/tab-separated-values", "application/yaml",
    "application/octet-stream", "image/gif", "image/jpeg", "image/webp", "image/vnd.dwg",
}
ANY = {"files.bytes"}  # JSON that somebody uploaded
ABSTAINS = {"exports.create": "200"}  # writes that may have nothing to write about, and the status that says so
EMPTY = {"204": None, "303": {"system.root"}, "202": {"auth.password_forgot", "auth.email_resend", "auth.email_change", "auth.register"}}

operations = bodies = answers = empty = streams = 0
for path, item in document["paths"].items():
    for method, operation in item.items():
        if method not in ("get", "post", "put", "patch", "delete"):
            continue
        name = f"{method.upper()} {path}"
        operations += 1
        public = operation["x-permission"] == PUBLIC
        if not 0 < len(operation.get("summary", "")) <= 120 or not operation.get("operationId") or not operation.get("tags"):
            bad.append(f"{name}: summary, operationId or tags")
        if "security" not in operation or (operation["security"] == []) != public:
            bad.append(f"{name}: security")
        for parameter in operation.get("parameters", []):
            parameter = at(parameter["$ref"]) if "$ref" in parameter else parameter
            if not parameter.get("description") or not parameter.get("schema"):
                bad.append(f"{name}: parameter {parameter.get('name')}")
        if set(re.findall(r"\{(\w+)\}", path)) != {p["name"] for p in operation.get("parameters", []) if p.get("in") == "path"}:
            bad.append(f"{name}: path parameters")
        statuses = set(operation["responses"])
        wanted = set() if public else {"401", "403"}
        wanted |= {"404"} if "{" in path else set()
        wanted |= {"422"} if "application/json" in operation.get("requestBody", {}).get("content", {}) else set()
        if not wanted <= statuses:
            bad.append(f"{name}: no {sorted(wanted - statuses)}")
        for status, answer in operation["responses"].items():
            if status[0] == "2" and not answer.get("content"):
                empty += 1
                if status not in EMPTY or EMPTY[status] and operation["operationId"] not in EMPTY[status]:
                    bad.append(f"{name}: {status} has no content")
            if status[0] == "2":
                other = {kind for kind in answer.get("content", {}) if not kind.endswith(("/json", "+json"))}
                streams += len(other)
                if other - BYTES:
                    bad.append(f"{name}: {sorted(other - BYTES)} is no known kind of answer")
            for kind, content in answer.get("content", {}).items():
                if status[0] in "45" and kind != "application/problem+json":
                    bad.append(f"{name}: {status} as {kind}")
                if status[0] != "2":
                    continue
                if "schema" not in content:
                    bad.append(f"{name}: {status} has no schema")
                elif kind.split("/")[-1].split("+")[-1] == "json":
                    answers += 1
                    if ABSTAINS.get(operation["operationId"]) == status:
                        if content["schema"]["allOf"][1]["properties"]["result"] != {"type": "null"}:
                            bad.append(f"{name}: {status} does not abstain")
                    elif not says(content["schema"]) and operation["operationId"] not in ANY:
                        bad.append(f"{name}: {status} has a schema that says nothing of its result")
                    if "example" not in content:
                        bad.append(f"{name}: {status} has no example")
                    else:
                        bad.extend(f"{name}: example of {status}: {why}" for why in fits(content["example"], content["schema"]))
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if "example" in content:
                bad.extend(f"{name}: example of {kind}: {why}" for why in fits(content["example"], content.get("schema", {})))
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body and "properties" in body.get("schema", {}):
            bodies += 1
            if "example" not in body:
                bad.append(f"{name}: no example of a body")
            else:
                bad.extend(f"{name}: example: {why}" for why in fits(body["example"], body["schema"]))
print(f"# {operations} operations, {bodies} bodies, {answers} answers with a schema, {streams} of bytes, {empty} empty")

def hidden(schema):
    """Does an answer hold members that generated clients leave out of answers?"""
    if isinstance(schema, dict):
        return schema.get("writeOnly") is True or any(hidden(one) for one in schema.values())
    return isinstance(schema, list) and any(hidden(one) for one in schema)

for path, item in document["paths"].items():
    for method, operation in item.items():
        name = f"{method.upper()} {path}"
        for status, answer in operation["responses"].items():
            bad += [f"{name}: {status} has a member that is writeOnly"] if hidden(answer.get("content", {})) else []
            if status in ("429", "503") and "Retry-After" not in answer.get("headers", {}):
                bad.append(f"{name}: {status} without Retry-After")
        scheme, headers = {"trade.ingest": ("producer", ["X-Producer-Id", "X-Timestamp"]),
                           "trade.device": ("device", ["X-Device-Id", "X-Nonce", "X-Timestamp"])}.get(operation["x-permission"], (None, []))
        parameters = [at(p["$ref"]) if "$ref" in p else p for p in operation["parameters"]]
        if scheme and operation["security"] != [{scheme: []}]:
            bad.append(f"{name}: is signed, and says {operation['security']}")
        if not set(headers) <= {p["name"] for p in parameters}:
            bad.append(f"{name}: does not name {headers}")
        bad += [f"{name}: {p['name']} is described by nothing but its name" for p in parameters if p["description"] == "The id"]
bad += [f"tag {tag['name']}: no description" for tag in document["tags"] if not tag.get("description")]
if not document.get("servers") or not document["info"].get("license") or not document["info"].get("description"):
    bad.append("servers, license or description is not there")
ids = [o["operationId"] for i in document["paths"].values() for m, o in i.items() if isinstance(o, dict) and "operationId" in o]
if len(ids) != len(set(ids)):
    bad.append("an operationId stands twice")
for line in bad:
    print("bad", line)
sys.exit(bool(bad) or operations < 300)
PY
check 'it is OpenAPI 3.1' same "$(jq -r .openapi openapi.json | cut -d. -f1,2)" 3.1
check 'each operation says what it has to, with examples that fit' python3 look.py
python3 look.py | grep '^#'
