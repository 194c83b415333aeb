"""What is measured: running the snippets, and the numbers that come of it.

- runner: snippets one after the other, each an attempt or two. Below it, keeper: the process that is kept for that, and
  what a call in it gives, outcomes: how that ended; process: a process that cannot keep anybody waiting; stop: Ctrl-C
- worker: what runs in such a process, stderr: what that writes; measure: one snippet; warm: processes that have torch from
  the start
- journal: a run in progress, on disk
- outputs: the numbers of one output; rule: when it is wrong; numerics: a record
- canaries: calls that are known to be right; fitness: which verdicts of a run count
- provenance: where a run took place; macos: which macOS that is
- results: run files; slim: many of them, with what pages need of each record; emulated: results on the emulated device; made_of: what these were made of
- selftest: whether a trigger matches its snippet's calls
"""
