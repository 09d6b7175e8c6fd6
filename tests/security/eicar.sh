# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Files are scanned before anyone downloads them: P-9.4.  The scanner is a stand-in that speaks clamd's protocol.
socket=$(mktemp -u "${TMPDIR:-/tmp}/clamd.XXXXXX")
settings="SCAN_URL=unix:$socket"
. "$(dirname "$0")/lib.sh"
scanner=
start_scanner() {
	"$root/tests/security/clamd" "$socket" &
	scanner=$!
	while [ ! -S "$socket" ]; do sleep .05; done
}
clean_up() {
	[ -n "$scanner" ] && kill "$scanner" 2>/dev/null
	rm -f "$socket"
}
new_user amy@scan.example '"engineer"'
sign_in amy@scan.example "$password"
amy=$token

upload() { # BYTES: $file
	printf %s "$1" >"$work/note.txt"
	status=$(curl -sS "$CS/api/v1/uploads" -H "Authorization: Bearer $amy" -F "file=@$work/note.txt" -o "$work/said" -w '%{http_code}')
	said=$(cat "$work/said")
	file=$(member .file_id)
}
settled() { # waits until the file is no longer pending
	for _ in $(seq 200); do
		as "$amy" GET "/api/v1/files/$file"
		[ "$(member .state)" = pending ] || return 0
		sleep .1
	done
}
download() {
	as "$amy" GET "/api/v1/files/$file/download"
}

upload 'all is well'
gives 'an upload' 201
check 'waits for its scan' json "$said" '[.result.state,.result.scan_detail,(.warnings|length)]' '["pending",null,0]'
download
gives 'and is not given away' 409 file_quarantined
waiting=$file
start_scanner
settled
check 'a clean one' json "$said" '[.result.state,.result.scan_detail]' '["clean",null]'
download
gives 'is given away' 200

# The test text is written in two parts, so that no scanner finds it in this file.
eicar='X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD'
eicar+='-ANTIVIRUS-TEST-FILE!$H+H*'
sum=$(printf %s "$eicar" | sha256sum | cut -d' ' -f1)
upload "$eicar"
settled
check 'EICAR is found' json "$said" '[.result.state,.result.scan_detail]' '["infected","Eicar-Signature"]'
download
gives 'and stays in quarantine' 409 file_quarantined
check 'its bytes lie apart' test -f "$work/data/quarantine/blobs/${sum:0:2}/${sum:2}"
gone() {
	for _ in $(seq 50); do
		[ -e "$1" ] || return 0
		sleep .1
	done
	return 1
}
check 'and no longer among the files' gone "$work/data/files/blobs/${sum:0:2}/${sum:2}"
told() {
	for _ in $(seq 50); do
		newest_mail amy@scan.example | grep -q 'note.txt.*Eicar-Signature' && return 0
		sleep .1
	done
	return 1
}
check 'who uploaded it is told' told
as "$admin" GET /api/v1/audit/export
check 'and the audit knows' json "$(grep '"action":"file.scan"' "$work/said" | tail -n 1)" '[.meta.code,.status]' '["infected","failure"]'
upload "$eicar"
settled
check 'it is found again' json "$said" .result.state infected

upload 'too large for it'
settled
check 'what it will not look at is no clean file' json "$said" '[.result.state,.result.scan_detail]' '["error","INSTREAM size limit exceeded."]'
upload 'broken'
settled
check 'after three tries without a verdict' json "$said" '[.result.state,.result.scan_detail]' '["error","the scanner could not be asked"]'
download
gives 'it is not given away' 409 file_quarantined
as "$amy" GET '/api/v1/files?state=error'
check 'they can be listed' json "$said" '.result.items|length' 2
file=$waiting
download
gives 'the clean one still is' 200
