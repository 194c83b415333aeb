"""What is claimed: the bugs, out of snippets and catalogue, and the words that say when and how they show.

- bug: one bug, and the check that it has or has not; catalogue: all of them; encounters: what users met
- schema: the fields of a bug, with their closed lists
- trigger: when a bug fires; effect: how its result is wrong; aten: the ops and their arguments
- recorder: the calls that a program makes, as triggers look at them
- versions: which versions are affected; code_hash: what of a source counts
"""
