"""Journeys: what they are (`types`), the conditions in them (`expressions`), and how they run (`engine`).

Pure: events and times in, effects out. Files are read by `footfall.live.journey_file`.
"""
