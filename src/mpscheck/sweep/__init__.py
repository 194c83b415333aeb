"""A sweep over every op and every layout: what nobody has reported yet. Each module imports those above it in this list.

- `layouts`: how a tensor may lie in memory
- `entries`, `recipes`, `database`: what is called, our own calls and those of PyTorch's OpInfo
- `cases`: one call in one layout, held against the CPU; `work`: all those of an entry, in a worker process
- `learning`: the smallest trigger that separates wrong calls from right ones
- `diagnosis`: the op behind a finding, its trigger, the known bug, a program that shows it
- `runner`: the processes; `log`: what they have done; `report`: what was found, in words
- `proof`: imitated faults, one at a time
"""
