# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The Expert Advisor for MetaTrader 5, as far as it can be checked without its compiler [trade.md 4.4].
. "$(dirname "$0")/lib.sh"
check 'its calls, canonical text, HMAC and columns' "$root/tests/mql5"
