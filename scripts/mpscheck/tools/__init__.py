"""The tools that are handed out as single files: see `mpscheck.bundle`.

audit_mps.py is the package `audit`. locate_divergence.py is the other modules:

- locate: `locate(model, …)` and the command line
- lockstep: the pass itself, op by op on the CPU and on the device; whole: the whole forward pass afterwards
- replay: one call made a second time elsewhere, layouts kept; judge: whether its result is wrong
- where: the module and the line that make a call; models: loading the models that the tools are tried on
- reproduce: the program of 15 lines; words: what was found, as text and as data
"""
