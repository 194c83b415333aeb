"""What is known of a bug: claims and measurements joined, by release and by use. Pure functions of data.

- entry: a bug with all that is known of it; evidence: by kind; releases: by PyTorch release; uses: who meets it
- exposure: what libraries call; wheels: what PyTorch's wheels declare; names: the spellings of an op
"""
