"""Power cuts: a killed process leaves its writes in the system's cache, a power cut does not. So cuts are replayed.

Every write and sync of the store is recorded; for every moment the disks are built that a cut could have left.
"""
