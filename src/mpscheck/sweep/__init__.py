"""A sweep over every op and every layout: what nobody has reported yet. Each module imports those above it in this list.

`layouts` (how a tensor may lie in memory), `entries` (what is called: PyTorch's own OpInfo and `recipes`), `cases` (one
call in one layout, held against the CPU), `work` (an entry in a worker process), `runner` (processes, journal),
`learning` (the smallest trigger that separates wrong calls from right ones), `diagnosis` (the op behind a finding, its
trigger, the known bug, a program that shows it), `report` (the groups of a run, in words).
"""
