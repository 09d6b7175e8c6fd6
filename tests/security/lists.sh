# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Lists page by page [P-8.7], and whose rows one sees: one's own account's, an admin everybody's [P-5.3].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

ask POST /api/v1/auth/register "{\"email\":\"olga@other.example\",\"password\":\"$password\"}"
gives 'another account' 201
other=$(member .account_id)
sign_in olga@other.example "$password"
olga=$token
sealed() { # TOKEN WIDTH: a sealed calculation, its hash in $seal
	as "$1" POST /api/v1/signage/common/cabinets/derive \
		"{\"cabinets\":[{\"width_ft\":$2,\"height_ft\":5,\"weight_psf\":10}],\"overall_height_ft\":25}" -H 'Countersign-Seal: true'
	seal=$(header countersign-seal-sha256)
}
for width in 6 7 8 9 10; do
	sealed "$admin" "$width"
done
mine=$seal
sealed "$olga" 20
hers=$seal
release() { # TOKEN SEAL: a request, its id in $request
	as "$1" POST /api/v1/countersign-requests "{\"kind\":\"release\",\"seal_sha256\":\"$2\"}"
	request=$(member .request_id)
}
release "$olga" "$hers"
her_request=$request
for _ in 1 2 3; do
	release "$admin" "$mine"
done
printf 'a,b\n1,2\n' >table.csv
ask POST /api/v1/uploads '' -H "Authorization: Bearer $olga" -F 'file=@table.csv;type=text/csv'
her_file=$(member .file_id)

# walk TOKEN PATH KEY LIMIT: the keys of all pages in their order
walk() {
	local cursor='' at=$2
	while :; do
		as "$1" GET "$at${cursor:+&cursor=$cursor}"
		jq -r ".result.items[].$3" <<<"$said"
		cursor=$(jq -r '.result.next_cursor // empty' <<<"$said")
		[ -n "$cursor" ] || break
	done
}
whole=$(walk "$admin" '/api/v1/seals?limit=500' seal_sha256)
check 'five seals of the account' same "$(wc -l <<<"$whole")" 5
for limit in 1 2 3; do
	check "page by page of $limit: the same" same "$(walk "$admin" "/api/v1/seals?limit=$limit" seal_sha256)" "$whole"
done
check 'newest first' same "$(head -n 1 <<<"$whole")" "$mine"
check 'requests too' same "$(walk "$admin" '/api/v1/countersign-requests?limit=1' request_id | sort -u | wc -l)" 3

as "$admin" GET '/api/v1/seals?limit=2&operation=sign.cabinets'
cursor=$(member .next_cursor)
check 'the next page is linked' same "$(header link)" "</api/v1/seals?limit=2&operation=sign.cabinets&cursor=$cursor>; rel=\"next\""
as "$admin" GET "/api/v1/seals?operation=sign.cabinets&cursor=$cursor&limit=3"
gives 'the same question in another order, another limit' 200
check 'goes on after the second' same "$(member '.items[0].seal_sha256')" "$(sed -n 3p <<<"$whole")"
as "$admin" GET "/api/v1/seals?limit=2&cursor=$cursor"
gives 'another filter' 400 cursor_invalid
as "$admin" GET "/api/v1/seals?limit=2&operation=sign.cabinets&account_id=*&cursor=$cursor"
gives 'other rows' 400 cursor_invalid
as "$admin" GET "/api/v1/countersign-requests?cursor=$cursor"
gives 'another list' 400 cursor_invalid

for path in seals countersign-requests countersignatures files users keys; do
	as "$olga" GET "/api/v1/$path?account_id=$(as "$admin" GET /api/v1/auth/me && member .account_id)"
	gives "$path of another account, for an owner" 200
	check "$path: nothing" same "$(member '.items | length')" 0
	as "$olga" GET "/api/v1/$path?account_id=*"
	check "$path of all: nothing" same "$(member '.items | length')" 0
	as "$admin" GET "/api/v1/$path?account_id=$other"
	check "$path of it, for an admin" json "$said" ".result.items | all(.account_id == \"$other\" or has(\"account_id\") == false)"
done
as "$admin" GET "/api/v1/seals?account_id=$other"
check 'its one seal' json "$said" '[.result.items[].seal_sha256]' "[\"$hers\"]"
check 'everybody'"'"'s, page by page' same "$(walk "$admin" '/api/v1/seals?account_id=*&limit=2' seal_sha256 | sort)" \
	"$(sort <<<"$whole"$'\n'"$hers")"
as "$admin" GET "/api/v1/files?account_id=$other"
check 'its file' same "$(member '.items[0].file_id')" "$her_file"

for path in "seals/$hers" "countersign-requests/$her_request" "files/$her_file" "files/$her_file/download"; do
	as "$admin" GET "/api/v1/$path"
	gives "an admin reads ${path%%/*} of it by id" 200
done
sealed "$admin" 11
for path in "seals/$seal" "countersign-requests/$request"; do
	as "$olga" GET "/api/v1/$path"
	gives "an owner does not read ${path%%/*} of another" 404 not_found
done
as "$olga" GET "/api/v1/seals/$hers" '' -H "If-None-Match: \"$hers\""
check 'a seal that is known' same "$status" 304
as "$admin" POST "/api/v1/seals/$hers/replay"
check 'an admin replays it' json "$said" .result.outcome identical
as "$olga" POST "/api/v1/seals/$mine/replay"
gives 'an owner not those of another' 404 not_found

check 'replay --all is everybody'"'"'s' same "$("$bin" replay --all --data data | grep -c identical)" 7
check 'one of another account' exits 0 "$bin" replay "$hers" --data data
stop_server
check 'without a server too' same "$("$bin" replay --all --data data | grep -c identical)" 7
check 'and one' exits 0 "$bin" replay "$hers" --data data
