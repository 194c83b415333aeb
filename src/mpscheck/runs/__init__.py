"""What is measured: running the snippets, and the numbers that come of it.

- runner: worker processes; worker: what runs in one, stderr: what that writes; warm: processes that have torch from the
  start; measure: one snippet
- outputs: the numbers of one output; rule: when it is wrong; numerics: a record
- canaries: calls that are known to be right; fitness: which verdicts of a run count
- provenance: where a run took place; macos: which macOS that is
- results: run files; slim: many of them, with what pages need of each record; emulated: results on the emulated device; made_of: what these were made of
- selftest: whether a trigger matches its snippet's calls
"""
