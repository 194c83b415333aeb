"""The tools that are handed out as single files, each a package: `audit`, `locate` and `validate`.

- bundle: building the files; known: the catalogue as two of them carry it; models: loading the models to try them on
"""
