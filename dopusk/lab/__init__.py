"""The laboratory: demonstration, simulated lines and fleets, torture, power cuts, benchmarks.

A distribution of its own (`dopusk-lab`, the extra `dopusk[lab]`), with `simulators`: neither terminal nor centre carries it.
"""
