"""Where phones are and whose they are: positions, POIs, movement, what the phone's OS reports, people, products.

Pure: imports no other room, no clock, no disk, no global random. Randomness comes in as a `Stream`.
"""
