"""The machinery of MPS Check: a snippet states a claim, a run measures it, a result records it, a page shows it."""
