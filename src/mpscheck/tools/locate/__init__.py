"""locate_divergence.py: the first op and module whose result leaves the CPU.

- lockstep: the pass itself, op by op on the CPU and on the device; whole: the whole forward pass afterwards
- replay: one call made a second time elsewhere, layouts kept; judge: whether its result is wrong
- where: the module and the line that make a call; recognize: the known bug that explains it
- reproduce: the program of 15 lines; text: what was found, in words and as data
- command: `locate(model, …)` and the command line
"""

from mpscheck.tools.locate.command import locate

__all__ = ["locate"]
