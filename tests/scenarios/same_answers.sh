# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The same question has the same hash: ten times over, and whichever compiler built the program.
# Begins first: it takes long.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
other=$root/build-asan/countersign # by clang, with another optimisation

hashes() { # of each envelope, a line
	jq -r '"\(.content_sha256) \(.inputs_sha256)"'
}

ten_times() { # NAME
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		"$bin" call "$1" <"$work/$1"
	done | hashes | sort | uniq -c | tr -s ' '
}

same_question() { # NAME: other white space, other order of members
	jq --indent 3 'to_entries | reverse | from_entries' <"$work/$1" >"$work/$1.other"
	"$bin" call "$1" <"$work/$1.other" | hashes
}

while IFS= read -r row; do
	name=$(jq -r .operation <<<"$row")
	jq -c .example <<<"$row" >"$work/$name"
	once=$("$bin" call "$name" <"$work/$name" | hashes)
	check "$name: one hash in ten runs" same "$(ten_times "$name")" " 10 $once"
	check "$name: order of members and white space do not matter" same "$(same_question "$name")" "$once"
	check "$name: gcc and clang agree" same "$("$other" call "$name" <"$work/$name" | hashes)" "$once"
done < <("$bin" call --list --json)

for file in "$root"/examples/*.json; do
	[ -e "$file" ] || continue
	name=$(jq -r '.operation // empty' "$file" 2>/dev/null)
	name=${name:-sign.design}
	check "examples/${file##*/}: gcc and clang agree" \
		same "$("$other" call "$name" <"$file" | hashes)" "$("$bin" call "$name" <"$file" | hashes)"
done
