"""The tools that are handed out as single files, each a package: `audit` and `locate`.

- bundle: building the files; known: the catalogue as they carry it; models: loading the models that they are tried on
"""
