# SPDX-License-Identifier: BSD-2-Clause
#
# Two charts from build/bench.tsv and build/bench/kinds.tsv: each row beside its target, and what the
# kernel part of each operation consists of.

set datafile separator "\t"
set terminal svg size 1100, 640 dynamic background rgb "white"
set style fill solid 0.9 noborder
set grid ytics
set xtics rotate by -40 left nomirror
set key top left
set bmargin 9
set rmargin 12
set boxwidth 0.9

set output "build/bench-paths.svg"
set title "Path lengths, in instructions (cortex-a53, exact counting)"
set logscale y
set yrange [1:*]
set style data histogram
set style histogram clustered gap 1
plot "< awk -F'\t' '$4 != \"-\" && $2 != \"-\"' build/bench.tsv" \
         using ($2 > 0 ? $2 : 1):xtic(1) title "now" linecolor rgb "#2b6ca3", \
     "" using 4 title "target" linecolor rgb "#c9c9c9"

set output "build/bench-kinds.svg"
set title "What the kernel executes in one operation"
unset logscale y
set yrange [0:*]
set style histogram rowstacked
plot "build/bench/kinds.tsv" using 5:xtic(1) title "loads", "" using 6 title "stores", \
     "" using 7 title "system registers", "" using 8 title "barriers", "" using 9 title "atomics", \
     "" using 10 title "TLB and cache", "" using 11 title "branches", "" using 12 title "other"
