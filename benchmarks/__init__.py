"""Speed, measured as ratios in one interleaved run: the machine's mood is in both sides alike. `make bench`."""
