"""verify.py EXPORT: verify an exported audit chain without Countersign (docs/audit.md, "The bytes").

Python's standard library and the command openssl; nothing of the server is used or believed but the store's id and the
public keys in the file: compare these with what you noted elsewhere.  Ends with 0, or with 1 and the first thing wrong.
"""
import base64, hashlib, json, os, subprocess, sys, tempfile

HASHED = ("stream", "seq", "at", "actor", "role", "action", "target_kind", "target_id", "status", "ip", "user_agent",
          "request_id", "meta", "prev_hash")

def sha256(data):
    return hashlib.sha256(data).hexdigest()

def canonical(value):
    """RFC 8785 of what these objects hold: texts, whole numbers, null; names are ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def signed(message, signature, key):
    """Is it the Ed25519 signature of the message by this key (a JWK)?"""
    raw = base64.urlsafe_b64decode(key["x"] + "=")
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", bytes.fromhex("302a300506032b6570032100") + raw), ("message", message),
                           ("signature", bytes.fromhex(signature))):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin",
                               "-in", "message", "-sigfile", "signature"], cwd=folder, capture_output=True).returncode == 0

with open(sys.argv[1], "rb") as file:
    lines = [json.loads(line) for line in file]
store = lines[0]["export"]["store_id"]
keys = {line["key"]["kid"]: line["key"] for line in lines if "key" in line}
heads, hashes = {}, {}
for row in (line for line in lines if "seq" in line):
    stream, seq = row["stream"], row["seq"]
    before = heads.get(stream, (0, sha256(f"countersign-audit-v1:{store}:{stream}".encode())))
    if (seq - 1, row["prev_hash"]) != before:
        sys.exit(f"{stream} {seq}: does not follow {before[0]}")
    if row["account_id"] != row["meta"].get("account_id"):
        sys.exit(f"{stream} {seq}: names another account than its meta")
    if sha256(canonical({name: row[name] for name in HASHED})) != row["hash"]:
        sys.exit(f"{stream} {seq}: is not what its hash says")
    heads[stream], hashes[stream, seq] = (seq, row["hash"]), row["hash"]
checked = 0
for line in (line for line in lines if "checkpoint" in line):
    said = line["checkpoint"]
    if hashes.get((said["stream"], said["seq"])) != said["hash"] or said["store_id"] != store:
        sys.exit(f"checkpoint of {said['stream']} {said['seq']}: the chain has another row there")
    if said["key_id"] not in keys or not signed(canonical(said), line["signature"], keys[said["key_id"]]):
        sys.exit(f"checkpoint of {said['stream']} {said['seq']}: its signature is wrong")
    checked += 1
print(f"store {store}: {len(hashes)} rows, {checked} checkpoints, heads "
      + ", ".join(f"{stream} {seq} {digest}" for stream, (seq, digest) in heads.items()) + ": OK")
