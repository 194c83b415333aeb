"""What is known of a bug: claims and measurements joined, by release and by use. Pure functions of data.

- answer: the one function that says what is known of a bug on a set-up. It joins setups (where), measured (what runs gave:
  an index, made once) and said (what sources say, and the shades of unknown); expected: what a run should find;
  proposal: the diff that settles a contradiction
- entry: a bug with all that is known of it; evidence: by kind; releases: of PyTorch; uses: who meets it
- exposure: what libraries call; wheels: what PyTorch's wheels declare; names: the spellings of an op
"""
