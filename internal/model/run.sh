#!/usr/bin/env bash
# Checks the models with spin, and that the variants with a step left out or in the wrong order fail.
#
#   run.sh                        all of them, two at a time (JOBS)
#   run.sh pass|fail MODEL [-D…]  one
#
# -O1 has the checker of that line compiled so, which takes 1.5 s more: it pays for itself from about a million states on.
#
# It prints a line each, with the number of states and the seconds, and ends with 1 if one is not as expected: a pass is a
# complete search without an error, a fail is an assertion that does not hold. Needs spin and a C compiler (CC).
set -euo pipefail
export LC_ALL=C

list() {
  cat <<'LIST'
pass lock -DCANCEL -DR1=2 -DSPURIOUS=2
pass lock -DCANCEL -DR1=2 -DN=4 -O1
pass lock -DCANCEL -DOVER=6
pass lock -DOVER=8 -DN=4 -O1
pass lock -DDEATH -DCANCEL -O1
pass lock -DDEATH -DCANCEL -DRELEASE
pass lock -DDEATH -DCANCEL -DTICK -DNODIEDWAKE
pass lock -DDEATH -DCANCEL -DTICK -DDIEDW -DPASSW -O1
pass lock -DDEATH -DOVER=4 -O1
pass lock -DDEATH -DOVER=4 -DTICK -DNODIEDWAKE -O1
pass lock -DSTOP -DTICK
pass lock -DSTOP -DTICK -DOVER=4
pass lock -DTOKEN -DCANCEL -DR1=2
pass lock -DTOKEN -DDEATH -DCANCEL
pass lock -DTOKEN -DPANIC -DDEATH
fail lock -DSTOP
fail lock -DNOCLEARPARK
fail lock -DNOCLEARCANCEL -DCANCEL
fail lock -DNOTWO
fail lock -DPERHAPSCOUNTS -DOVER=6
fail lock -DHELDONLY
fail lock -DNOSLEPT -DN=4
fail lock -DNOPASS -DN=4 -DCANCEL
fail lock -DPASSW -DN=4 -DCANCEL -DR1=2 -O1
fail lock -DNODIEDWAKE -DDEATH
fail lock -DDIEDW -DDEATH
fail lock -DDIEDNOHINT -DDEATH
fail lock -DENTERABANDONED -DDEATH -DTICK
fail lock -DMENDFREES -DDEATH -DTICK
pass bounded -DCANCEL -DSHARE -DR=2
pass bounded -DCANCEL -DB=2 -DK=2
pass bounded -DDEATH -DCANCEL
pass bounded -DDEATH -DB=2 -DSHARE
pass bounded -DDEATH -DDEATHS -DPAIR -DR=2
pass bounded -DDEATH -DTICK -DNODIEDWAKE
fail bounded -DNOWRITE -DB=2
fail bounded -DNOLOCK -DB=2
fail bounded -DEARLY -DSHARE -DB=2
fail bounded -DTWOSTEPS -DDEATH -DDEATHS -DPAIR
fail bounded -DNOFREE -DDEATH
fail bounded -DNODIEDWAKE -DDEATH
fail bounded -DNOCARRY
fail bounded -DNOHANDON -DB=2 -DK=2
fail bounded -DNOPASS -DCANCEL
fail bounded -DNOLEAVE -DCANCEL -DR=2
fail lock -DPANIC -DPANICKEEPS
fail lock -DTOKEN -DSIGNWHOLE
fail lock -DTOKEN -DNOTOKENCLEAR
fail lock -DTOKEN -DTOKENLATE -DDEATH
pass barrier -DACTION -DCANCEL
pass barrier -DRESET=1 -DPARTIES=2 -DWAITS=2
pass barrier -DRESET=1 -DACTION -DCANCEL -DPARTIES=2 -DWAITS=2
pass barrier -DPARTIES=2 -DWAITS=4 -DACTION -DCANCEL
pass barrier -DDEATH -DSTART
pass barrier -DDEATH
pass barrier -DDEATH -DCANCEL -DACTION -DSTART -DPARTIES=2 -DWAITS=2
pass barrier -DDEATH -DRESET=1 -DPARTIES=2 -DWAITS=2 -O1
pass barrier -DDEATH -DSTART -DTICK -DNODIEDWAKE -DPARTIES=2 -DWAITS=2
pass barrier -DTICK -DNOWAKE
fail barrier -DNOW
fail barrier -DNOWAKE
fail barrier -DNODIEDWAKE -DDEATH -DSTART
fail barrier -DSEATLATE -DDEATH -DACTION
fail barrier -DNORESETS -DRESET=1
fail barrier -DCOUNTLATE -DRESET=1
fail barrier -DNOREPAIR -DDEATH -DCANCEL -DRESET=1 -DPARTIES=2 -DWAITS=2 -O1
fail barrier -DACTBLIND -DACTION -DCANCEL
fail barrier -DNODEATH -DDEATH -DSTART
fail barrier -DWRITELATE -DDEATH -DCANCEL
fail barrier -DNOUNWRITE -DCANCEL
pass parker -DPERMITS=3 -DCANCEL -DSPURIOUS=1
pass parker -DPLACES=0 -DCANCEL -O1
pass parker -DPLACES=0 -DPERMITS=3 -O1
pass parker -DPLACES=0 -DW1=1 -DNG=2 -DCANCEL
pass parker -DPLACES=1 -DW1=1 -DNG=2 -DCANCEL -O1
pass parker -DDEATH -DCANCEL -O1
pass parker -DDEATH -DPLACES=0 -DNG=2 -O1
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
pass redo -DDEATHS=1 -DRUN -O1
pass redo -DONEWORKER
pass redo -DONEWORKER -DRUN
pass redo -DONESWEEPER -O1
pass redo -DONESWEEPER -DRUN -O1
fail redo -DNOLIMBO -DONEWORKER
fail redo -DNOORDER -DONEWORKER
fail redo -DEMPTYFIRST -DONEWORKER
fail redo -DRELATIVE -DONEWORKER
fail redo -DPUNCHLATE -DONESWEEPER -DRUN
fail redo -DNOREPLAY -DONEWORKER
fail redo -DFREEFIRST -DONEWORKER
fail redo -DNOHOLDER -DONESWEEPER
fail redo -DSWEEPERLATE -DONEWORKER -DRUN
pass rwlock -DNW=2
pass rwlock -DNR=1 -DNW=2 -DROUNDS=2 -DFAIR=2
pass rwlock -DNR=1 -DNW=2 -DROUNDS=2 -DTURNTIME
pass rwlock -DNR=1 -DNW=2 -DCANCEL=0
pass rwlock -DNR=1 -DNW=2 -DCANCEL=1
pass rwlock -DNR=1 -DNW=2 -DTURNTIME -DNOLETTING
pass rwlock -DDEATH
pass rwlock -DNR=1 -DNW=2 -DDEATH
pass rwlock -DNR=1 -DCANCEL=0 -DDEATH
fail rwlock -DLOOKFIRST
fail rwlock -DSCANFIRST -DNR=1 -DNW=2
fail rwlock -DNOSHUT -DNR=1 -DNW=2
fail rwlock -DREOPEN -DNR=1 -DNW=2 -DCANCEL=1
fail rwlock -DFREEFIRST -DNR=1 -DNW=2
fail rwlock -DNOC -DNR=1 -DNW=2 -DDEATH
fail rwlock -DNOUNCOUNTWAKE
fail rwlock -DNOTELL
fail rwlock -DNOTURNWAKE
fail rwlock -DNOLETTING -DNR=1 -DNW=2
fail rwlock -DNOBACK -DNR=1 -DNW=2 -DCANCEL=0
fail rwlock -DNOCOUNTDIED -DDEATH
fail rwlock -DNOTURNDIED -DDEATH
fail rwlock -DDRAINABANDONS -DDEATH
fail rwlock -DNOLATE -DNR=1 -DNW=2 -DROUNDS=2 -DFAIR=2
fail rwlock -DNOOWED -DNR=1 -DNW=2 -DROUNDS=2 -DFAIR=2
pass condition -DCANCEL
pass condition -DCANCEL1
pass condition -DDEATH=1
pass condition -DDEATH=0 -DCANCEL -DNOTES=1
pass condition -DDEATH=0 -DRELEASE -DNOTES=1
pass condition -DDEATH=2 -DTWICE -DNOTES=1
fail condition -DNOXFER -DDEATH=1
fail condition -DNOCLOSE -DDEATH=1
fail condition -DCONSUMEFIRST -DDEATH=1
fail condition -DCANCELDROPS -DCANCEL
fail condition -DNOENDWAITS -DDEATH=2
fail condition -DWORDFIRST -DTWICE -DDEATH=2
fail condition -DNODIEDWAKE -DDEATH=2
fail condition -DNOPROMOTE
fail condition -DBOTHPARK
fail condition -DSTEAL
pass ring
pass ring -DR=1 -DCANCEL
pass ring -DR=1 -DDEATH=0
pass ring -DR=1 -DDEATH=2
pass ring -DR=1 -DSTOP=0
pass ring -DR=1 -DSTOP=3
pass ring -DR=1 -DSHUT
pass ring -DR=1 -DSHUT -DDROP -DCANCEL
pass ring -DR=1 -DSHUT -DDEATH=4
pass ring -DR=0 -DP=1 -DSHUT -DDEATH=4
pass ring -DR=1 -DSHUT -DDROP -DSTOP=4
fail ring -DNOHANDON
fail ring -DNOW
fail ring -DCANCEL -DNOPASS
fail ring -DNOLINE
fail ring -DR=1 -DNOWAKE -DDEATH=0
fail ring -DR=1 -DNOFREE -DDEATH=2
fail ring -DR=0 -DP=1 -DNOTELL -DSHUT -DDEATH=4
fail ring -DR=1 -DONEEND -DSHUT -DDROP
fail ring -DR=1 -DFLAG -DSTOP=0
pass sweep -DNS=4 -DDEATHS=2 -DCLAIMS=0 -O1
pass sweep -DNS=3 -DCLAIMS=2 -DNOLATCH -O1
pass large
pass large -DDEATH=1
pass large -DDEATH=2
pass large -DDEATH=2 -DAGAIN -DM=1
fail large -DNONAME -DDEATH=1
fail large -DOWNLATE -DDEATH=2
fail large -DNOOWE -DDEATH=1
fail large -DNOLOOK -DDEATH=1
fail large -DNOLOOKB -DDEATH=1
fail large -DKEEPFIRST -DDEATH=2
fail large -DTAKEFIRST -DDEATH=1
fail large -DHINT -DDEATH=2
fail large -DOWNNAME -DAGAIN -DDEATH=2 -DM=1
pass sweep -DNS=3 -DBURY -DCORPSE
pass sweep -DNS=3 -DCORPSE -DPIDS
pass sweep -DNS=3 -DNOINHERIT
fail sweep -DNS=3 -DSLOTONLY -DNOINHERIT
fail sweep -DNS=3 -DSLOTONLY -DINHERITASKS -DCORPSE
fail sweep -DNS=3 -DBURYLATE -DBURY
fail sweep -DNS=3 -DLATEGEN
fail sweep -DNS=3 -DSWEEPERONLY
fail sweep -DNS=3 -DCORPSEFIRST
pass tasks -DCANCEL
pass tasks -DCANCEL -DK=3
pass tasks -DM=2 -DK=3
pass tasks -DDEATH -DK=1 -O1
fail tasks -DSHUTW
fail tasks -DOUTSIDE -DTICK
fail tasks -DDEATH -DK=1 -DNOORPHANS
fail tasks -DDEATH -DK=1 -DNODIEDWAKE
fail tasks -DDEATH -DK=1 -DLEAVESW -DTICK
fail tasks -DDEATH -DK=1 -DSHUTEMPTY
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
  local want=$1 model=$2 begin=$SECONDS got mark=ok optimise=-O0
  shift 2
  if [ "${*: -1}" = -O1 ]; then
    optimise=-O1
    set -- "${@:1:$#-1}"
  fi
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
