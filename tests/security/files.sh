# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Files: P-9.1 to P-9.3; behaviour 19: presign tampering, reuse, wrong hash, traversal, double extension.
. "$(dirname "$0")/lib.sh"

new_user fay@files.example '"engineer"'
sign_in fay@files.example "$password"
fay=$token
pdf=$'%PDF-1.7\nhello\n'
sum=$(printf %s "$pdf" | sha256sum | cut -d' ' -f1)

presign() { # FILENAME TYPE [MORE]: $upload, $url
	as "$fay" POST /api/v1/files/presign "{\"filename\":\"$1\",\"content_type\":\"$2\"${3:+,$3}}"
	upload=$(member .upload_id) url=/blobs/${upload}$(member .upload_url | grep -o '?.*')
}

put() { # URL TYPE BYTES
	status=$(curl -sS -X PUT "$CS$1" -H "Content-Type: $2" --data-binary "$3" -o "$work/said" -w '%{http_code}')
	said=$(cat "$work/said")
}

finish() { # SHA256
	as "$fay" POST /api/v1/files "{\"upload_id\":\"$upload\",\"sha256\":\"$1\"}"
}

presign plan.pdf application/pdf
gives 'a URL is given' 201
check 'it says method and time' json "$said" '[.result.method,.result.expires_in,.result.headers["Content-Type"]]' '["PUT",3600,"application/pdf"]'
finish "$sum"
gives 'nothing was uploaded yet' 404 not_found
put "${url%?}" application/pdf "$pdf"
gives 'a cut signature finds nothing' 404 not_found
put "${url/e=/e=1}" application/pdf "$pdf"
gives 'nor does another time' 404 not_found
put "${url%%\?*}" application/pdf "$pdf"
gives 'nor no signature' 404 not_found
put "$url" text/plain "$pdf"
gives 'another type than promised' 415 media_type
put "$url" application/pdf "$pdf"
gives 'the bytes are taken' 204
put "$url" application/pdf "$pdf"
gives 'only once' 410 expired
finish "$sum"
gives 'it is a file' 201
file=$(member .file_id)
check 'as promised' json "$said" '[.result.filename,.result.sniffed_type,.result.size,.result.state]' '["plan.pdf","application/pdf",15,"clean"]'
finish "$sum"
gives 'the upload is gone' 404 not_found
as "$fay" GET "/api/v1/files/$file"
gives 'it can be read' 200
ask GET "/api/v1/files/$file" ''
gives 'not without a token' 401 unauthenticated

presign plan.pdf application/pdf
put "$url" application/pdf "$pdf"
finish "$(printf x | sha256sum | cut -d' ' -f1)"
gives 'another hash' 422 sha256_mismatch
finish "$sum"
gives 'drops the upload' 404 not_found
presign plan.pdf application/pdf '"size":4'
put "$url" application/pdf "$pdf"
gives 'more than was said' 413 body_too_large
presign plan.pdf.txt application/pdf
put "$url" application/pdf "$pdf"
finish "$sum"
gives 'a double extension' 415 type_mismatch
presign plan.pdf application/pdf
put "$url" application/pdf 'MZ no such thing'
finish "$(printf %s 'MZ no such thing' | sha256sum | cut -d' ' -f1)"
gives 'bytes of another type' 415 type_mismatch
for name in ../x.pdf .pdf a/b.pdf 'a\\b.pdf' 'a\nb.pdf'; do
	presign "$name" application/pdf
	gives "no name: $name" 422 filename_invalid
done
presign x.zip application/zip
gives 'ZIP never' 415 type_mismatch
as "$admin" GET /api/v1/audit/export
check 'refusals are in the audit' same "$(grep -c '"action":"file.refuse"' "$work/said")" 3

presign plan.pdf application/pdf
put "$url" application/pdf "$pdf"
ask POST /api/v1/auth/register '{"email":"eve@else.example","password":"'"$password"'"}'
gives 'a stranger registers' 201
sign_in eve@else.example "$password"
as "$token" GET "/api/v1/files/$file"
gives "another account's file is not there" 404 not_found
as "$token" POST /api/v1/files "{\"upload_id\":\"$upload\",\"sha256\":\"$sum\"}"
gives 'nor is its upload' 404 not_found
finish "$sum"
gives 'which is whole for its own' 201

file=$(member .file_id) etag=$(header etag)
as "$token" DELETE "/api/v1/files/$file" '' -H "If-Match: $etag"
gives 'a stranger deletes nothing' 404 not_found
as "$fay" DELETE "/api/v1/files/$file"
gives 'a delete names what it deletes' 428 precondition_required
as "$fay" DELETE "/api/v1/files/$file" '' -H 'If-Match: "00000000000000000000000000000000"'
gives 'and as it is now' 412 precondition_failed
as "$fay" DELETE "/api/v1/files/$file" '' -H "If-Match: $etag"
gives 'it is deleted' 204
as "$fay" GET "/api/v1/files/$file"
gives 'and gone' 404 not_found
