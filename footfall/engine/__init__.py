"""Lives: what each phone is going to do (the plan), and the loop that lets it happen in some time over some transport.

Pure: a life is a function of (scenario, seed, k) and the replies it gets. Clock, transport and journal are protocols;
the shell brings the real ones, tests bring simulated ones.
"""
