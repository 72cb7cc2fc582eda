"""How much like people the simulated ones move: statistics of fixes and stays, beside those of real data sets.

Pure: imports world only. The reference figures are the JSON files of this folder, each with its source; they are
aggregates, no track of anybody is in them. The shell reads them (footfall/live/realism_command.py).
"""
