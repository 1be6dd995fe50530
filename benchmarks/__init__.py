"""Speed, measured: each heavy piece beside its peers in one run, printed as ratios.

`python -m benchmarks.<name>`; figures of different machines or runs are not comparable, ratios of one run are.
"""
