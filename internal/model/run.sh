#!/usr/bin/env bash
# Checks the models with spin, and that the variants with a step left out or in the wrong order fail.
#
#   run.sh                        all of them, two at a time (JOBS)
#   run.sh pass|fail MODEL [-D…]  one
#
# It prints a line each, with the number of states and the seconds, and ends with 1 if one is not as expected: a pass is a
# complete search without an error, a fail is an assertion that does not hold. Needs spin and a C compiler (CC).
set -euo pipefail
export LC_ALL=C

list() {
  cat <<'LIST'
pass lock -DCANCEL -DR1=2 -DSPURIOUS=2
pass lock -DCANCEL -DR1=2 -DN=4
pass lock -DCANCEL -DOVER=6
pass lock -DOVER=8 -DN=4
pass lock -DDEATH -DCANCEL
pass lock -DDEATH -DCANCEL -DRELEASE
pass lock -DDEATH -DCANCEL -DTICK -DNODIEDWAKE
pass lock -DDEATH -DCANCEL -DTICK -DDIEDW -DPASSW
pass lock -DDEATH -DOVER=4
pass lock -DDEATH -DOVER=4 -DTICK -DNODIEDWAKE
pass lock -DSTOP -DTICK
pass lock -DSTOP -DTICK -DOVER=4
fail lock -DSTOP
fail lock -DNOCLEARPARK
fail lock -DNOCLEARCANCEL -DCANCEL
fail lock -DNOTWO
fail lock -DPERHAPSCOUNTS -DOVER=6
fail lock -DHELDONLY
fail lock -DNOSLEPT -DN=4
fail lock -DNOPASS -DN=4 -DCANCEL
fail lock -DPASSW -DN=4 -DCANCEL -DR1=2
fail lock -DNODIEDWAKE -DDEATH
fail lock -DDIEDW -DDEATH
fail lock -DDIEDNOHINT -DDEATH
fail lock -DENTERABANDONED -DDEATH -DTICK
fail lock -DMENDFREES -DDEATH -DTICK
pass barrier -DACTION -DCANCEL
pass barrier -DRESET=1 -DPARTIES=2 -DWAITS=2
pass barrier -DRESET=1 -DACTION -DCANCEL -DPARTIES=2 -DWAITS=2
pass barrier -DPARTIES=2 -DWAITS=4 -DACTION -DCANCEL
pass barrier -DDEATH -DSTART
pass barrier -DDEATH
pass barrier -DDEATH -DCANCEL -DACTION -DSTART -DPARTIES=2 -DWAITS=2
pass barrier -DDEATH -DRESET=1 -DPARTIES=2 -DWAITS=2
pass barrier -DDEATH -DSTART -DTICK -DNODIEDWAKE -DPARTIES=2 -DWAITS=2
pass barrier -DTICK -DNOWAKE
fail barrier -DNOW
fail barrier -DNOWAKE
fail barrier -DNODIEDWAKE -DDEATH -DSTART
fail barrier -DSEATLATE -DDEATH -DACTION
fail barrier -DNORESETS -DRESET=1
fail barrier -DCOUNTLATE -DRESET=1
fail barrier -DNOREPAIR -DDEATH -DCANCEL
fail barrier -DACTBLIND -DACTION -DCANCEL
fail barrier -DNODEATH -DDEATH -DSTART
fail barrier -DWRITELATE -DCANCEL
pass parker -DPERMITS=3 -DCANCEL -DSPURIOUS=1
pass parker -DPLACES=0 -DCANCEL
pass parker -DPLACES=0 -DPERMITS=3
pass parker -DPLACES=0 -DW1=1 -DNG=2 -DCANCEL
pass parker -DPLACES=1 -DW1=1 -DNG=2 -DCANCEL
pass parker -DDEATH -DCANCEL
pass parker -DDEATH -DPLACES=0 -DNG=2
pass parker -DNOTRY -DCANCEL
pass parker -DNOPASS -DCANCEL
fail parker -DNOTRY -DNOPASS -DCANCEL -DNG=2
fail parker -DNOPROMOTE -DPERMITS=3
fail parker -DNOCHECK -DCANCEL
fail parker -DKICKONCE -DCANCEL
fail parker -DLOOKFIRST -DPLACES=0
fail parker -DNOBELL -DPLACES=0
fail parker -DSEQFIRST -DPLACES=0
fail parker -DSEQLATE -DPLACES=0
fail parker -DMASKCLEAR -DPLACES=0 -DW1=1 -DNG=2
fail parker -DNODRAIN -DPLACES=0
fail parker -DNOSWEEP -DDEATH
fail parker -DMIXED=1
fail parker -DMIXED=1 -DPLACES=0
pass redo -DDEATHS=1 -DRUN
pass redo -DONEWORKER
pass redo -DONEWORKER -DRUN
pass redo -DONESWEEPER
pass redo -DONESWEEPER -DRUN
fail redo -DNOLIMBO -DONEWORKER
fail redo -DNOORDER -DONEWORKER
fail redo -DEMPTYFIRST -DONEWORKER
fail redo -DRELATIVE -DONEWORKER
fail redo -DPUNCHLATE -DONESWEEPER -DRUN
fail redo -DNOREPLAY -DONEWORKER
fail redo -DFREEFIRST -DONEWORKER
fail redo -DNOHOLDER -DONEWORKER
fail redo -DNOBARRIER -DONEWORKER -DRUN
pass sweep -DNS=3 -DCLAIMS=2
pass sweep -DNS=4 -DDEATHS=1
pass sweep -DNS=3 -DBURY -DCORPSE
pass sweep -DNS=3 -DCORPSE -DPIDS
pass sweep -DNS=3 -DNOINHERIT
pass sweep -DROLES
fail sweep -DROLES -DSLOTONLY
fail sweep -DNS=3 -DSLOTONLY -DNOINHERIT
fail sweep -DNS=3 -DSLOTONLY -DINHERITASKS -DCORPSE
fail sweep -DNS=3 -DBURYLATE -DBURY
fail sweep -DNS=3 -DLATEGEN
LIST
}

# verdict reads pan's report: an assertion that fails is a fail, and a search that was cut short is neither.
verdict() {
  if grep -q '^pan:1: assertion violated' "$1"; then
    echo fail
  elif grep -q 'errors: 0$' "$1" && ! grep -Eq 'not completed|too small|out of memory|reached -DMEMLIM' "$1"; then
    echo pass
  else
    echo none
  fi
}

check() {
  local want=$1 model=$2 begin=$SECONDS got mark=ok optimise=-O1
  shift 2
  [ "$want" = pass ] || optimise=-O0 # compiling takes longer than finding the mistake
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  cd "$dir"
  : >out
  { spin "$@" -a "$models/$model.pml" && "${CC:-cc}" -w $optimise -DSAFETY -DMEMLIM=2048 -o pan pan.c; } >log 2>&1 && ./pan -E -n -m100000 -w22 >out 2>&1 || true
  got=$(verdict out)
  [ "$got" = "$want" ] || mark=WRONG
  printf '%-5s %s %s %s: %s states, %d s\n' "$mark" "$want" "$model" "$*" "$(sed -nE 's/^ *([0-9]+) states, stored.*/\1/p' out)" $((SECONDS - begin))
  [ $mark = ok ] || { cat log out; return 1; }
}

models=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for tool in spin "${CC:-cc}"; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install spin gcc libc6-dev" >&2; exit 1; }
done
if [ $# -gt 0 ]; then
  check "$@"
else
  list | xargs -P "${JOBS:-2}" -L 1 "$models/run.sh" || { echo "not all are as expected: see WRONG" >&2; exit 1; }
  echo "all $(list | wc -l) are as expected, $SECONDS s"
fi
