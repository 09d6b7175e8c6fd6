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

# --- downloads [P-9.5] ---
text=$'0123456789\n'
sum=$(printf %s "$text" | sha256sum | cut -d' ' -f1)
presign $'re\\u0301sume\\u0301 (1).txt' text/plain "\"sha256\":\"$sum\",\"purpose\":\"cv\""
put "$url" text/plain "$text"
finish "$sum"
gives 'a text is a file' 201
file=$(member .file_id)
check 'its name is in normal form' json "$said" .result.filename 'résumé (1).txt'
check 'nobody scans, and the answer says so' json "$said" '[.result.state,.result.scan_detail,.warnings[0].code,.confidence]' '["clean","unscanned","file_unscanned",1]'
as "$fay" GET "/api/v1/files/$file/download"
gives 'a URL to read it' 200
get=$(member .download_url | sed "s|^[a-z]*://[^/]*||")
check 'for an hour' json "$said" .result.expires_in 3600
fetch() { # [CURL ARGUMENT...]
	status=$(curl -sS "$CS$get" "$@" -D "$work/head" -o "$work/said" -w '%{http_code}')
	said=$(cat "$work/said")
}
fetch
check 'its bytes' same "$status" 200
check 'all of them' same "$(sha256sum <"$work/said" | cut -d' ' -f1)" "$sum"
check 'with the stored type' same "$(header content-type)" text/plain
check 'as an attachment' same "$(header content-disposition)" "attachment; filename*=UTF-8''r%C3%A9sum%C3%A9%20%281%29.txt"
check 'never sniffed' same "$(header x-content-type-options)" nosniff
check 'kept by hash' same "$(header cache-control) $(header accept-ranges)" 'private, immutable, max-age=31536000 bytes'
etag=$(header etag)
fetch -H 'Range: bytes=2-4'
check 'a range' same "$status $said $(header content-range) $(header content-length)" '206 234 bytes 2-4/11 3'
fetch -H 'Range: bytes=-3'
check 'its tail' same "$status $said $(header content-range)" '206 89 bytes 8-10/11'
fetch -H 'Range: bytes=11-'
gives 'nothing past its end' 416 range_not_satisfiable
check 'and how long it is' same "$(header content-range)" 'bytes */11'
fetch -H 'Range: bytes=0-1,3-4'
check 'several ranges give all' same "$status" 200
fetch -H 'Range: bytes=2-4' -H 'If-Range: "00000000000000000000000000000000"'
check 'a range of something else gives all' same "$status" 200
fetch -H 'Range: bytes=2-4' -H "If-Range: $etag"
check 'a range of this one' same "$status" 206
fetch -H "If-None-Match: $etag"
check 'what is known is not sent again' same "$status" 304
fetch -I
check 'HEAD tells the size' same "$status $(header content-length)" '200 11'
good=$get get=${get/e=/e=1}
fetch
gives 'another time of expiry' 404 not_found
get=${good%?}A
[ "$get" = "$good" ] && get=${good%?}B
fetch
gives 'another signature' 404 not_found
get=${good/$file/0192f000-0000-7000-8000-000000000000}
fetch
gives 'another file' 404 not_found
get=$good
as "$fay" GET "/api/v1/files/$file/download?redirect=true"
gives 'or at once' 302
check 'by Location' same "$(header location | grep -c "/blobs/$file?e=")" 1
as "$token" GET "/api/v1/files/$file/download"
gives "another account's gets no URL" 404 not_found
put "$get" text/plain "$text"
gives 'a URL to read does not write' 404 not_found

# --- lists and one-step uploads ---
as "$fay" GET '/api/v1/files?limit=1'
check 'the newest first' json "$said" '.result.items|map(.file_id)' "[\"$file\"]"
as "$fay" GET "/api/v1/files?limit=1&cursor=$(member .next_cursor)"
check 'then the next' json "$said" '.result.items|length' 1
check 'another one' json "$said" ".result.items[0].file_id==\"$file\"" false
as "$fay" GET '/api/v1/files?purpose=cv'
check 'by purpose' json "$said" '.result.items|length' 1
as "$fay" GET '/api/v1/files?cursor=AAAA'
gives 'a forged cursor' 400 cursor_invalid
as "$token" GET /api/v1/files
check 'a stranger has none' json "$said" .result.items '[]'

printf %s "$pdf" >"$work/plan.pdf"
form() { # CURL ARGUMENT...
	status=$(curl -sS "$CS/uploads" -H "Authorization: Bearer $fay" "$@" -D "$work/head" -o "$work/said" -w '%{http_code}')
	said=$(cat "$work/said")
}
form -F "file=@$work/plan.pdf" -F purpose=drawing
gives 'an upload in one step' 201
check 'is a file like any other' json "$said" '[.result.filename,.result.content_type,.result.size,.result.purpose]' '["plan.pdf","application/pdf",15,"drawing"]'
as "$fay" GET "/uploads/$(member .file_id)"
gives 'read by its other name' 200
as "$fay" DELETE "/uploads/$(member .file_id)" '' -H "If-Match: $(header etag)"
gives 'and deleted by it' 204
form -F "file=@$work/plan.pdf" -F "sha256=$sum"
gives 'another hash than was said' 422 sha256_mismatch
form -F "file=@$work/plan.pdf;filename=plan.txt"
gives 'a type that the name is not' 415 type_mismatch
form -F "file=@$work/plan.pdf;filename=../plan.pdf"
gives 'a path is no name' 422 filename_invalid
form -F purpose=drawing
check 'no file' json "$said" '[.status,.errors[0].pointer,.errors[0].code]' '[422,"/file","required"]'
form -F "file=@$work/plan.pdf" -F other=1
check 'an unknown part' json "$said" '.errors[0].code' unknown_field
form -H 'Content-Type: multipart/form-data; boundary=x' --data-binary 'no form'
gives 'what is no form' 400 request_malformed
form -H 'Content-Type: application/json' --data-binary '{}'
gives 'nor JSON' 415 media_type
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\x02\0\0\0' >"$work/bomb.png"
form -F "file=@$work/bomb.png"
gives 'an image of 4 Gpixel' 422 invalid
