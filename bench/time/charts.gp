# SPDX-License-Identifier: BSD-2-Clause
#
# build/time.svg: histograms of lateness.  build/schedule.svg: who ran when (bench/time/draw.c).

set terminal svg size 1000, 480 dynamic background rgb "white"
set style fill solid 0.9 noborder
set grid ytics
set output "build/time.svg"
set title "Lateness, in nanoseconds = instructions (one each); the number of times is logarithmic"
set logscale y
set yrange [0.5:*]
set xrange [0:*]
set xlabel "ns late"
set key top right
plot "build/bench/time.out/loop.busy.dat" using 1:2 with impulses linewidth 2 linecolor rgb "#c0504d" \
         title "1 kHz program under load", \
     "build/bench/time.out/loop.alone.dat" using 1:2 with impulses linewidth 4 linecolor rgb "#2b6ca3" \
         title "1 kHz program alone", \
     "build/bench/time.out/timer.latency.dat" using 1:2 with impulses linewidth 4 linecolor rgb "#7f7f7f" \
         title "one deadline"

set output "build/schedule.svg"
set title "A schedule, as the programs saw it"
unset logscale y
set yrange [0.4:4.6]
set xrange [0:6000]
set xlabel "microseconds"
set xtics 500
set ytics ("control, urgent 160: 100 per activation" 4, "stream, 150: 250 in 1000" 3, "left, 50" 2, \
    "right, 50" 1)
set lmargin 38
unset key
set grid xtics noytics
set style fill solid 0.9 noborder
plot "build/bench/time.out/spans.dat" using (($2 + $3) / 2):1:2:3:($1 - 0.3):($1 + 0.3):1 \
    with boxxyerror linecolor variable
