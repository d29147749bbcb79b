# gnuplot -e 'data = "FILE"; output_file = "FILE.svg"' plot.gp
# One group of bars per row of mlp_step, from the file that bench_document --plot writes.
set terminal svg size 1200,520 background rgb "white" font "sans-serif,13"
set output output_file
set title "One training step: time divided by that of the code by hand (lower is better)"
set datafile separator tab
set datafile missing "?"
set style data histogram
set style histogram clustered gap 2
set style fill solid 0.9 noborder
set boxwidth 0.9
set logscale y
set ytics (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
set yrange [0.3:*]
set grid ytics lc rgb "#cccccc"
set xtics rotate by -30
set key outside top right
array colours[5] = ["#999999", "#e69f00", "#d55e00", "#56b4e9", "#0072b2"]
set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb "black" front
plot for [i = 2:6] data using i:xtic(1) title columnheader(i) noenhanced lc rgb colours[i - 1]
