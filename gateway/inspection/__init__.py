"""Reading a draft: segments, views, detectors, and a report that says what was found and whether all was read."""
