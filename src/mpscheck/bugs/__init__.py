"""What is claimed: the bugs, out of snippets and catalogue, and the words that say when and how they show.

- catalogue: the bugs that a snippet shows; reported: those known from threads alone, and what users met
- trigger: when a bug fires; effect: how its result is wrong; aten: the ops and their arguments
- recorder: the calls that a program makes, as triggers look at them
- versions: which versions are affected; code_hash: what of a source counts
"""
