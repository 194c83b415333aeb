"""The site with data before there are any: made-up runs, and a site built from them, for who works on the pages.

A made-up run says so in its provenance with a word that `results/schema.json` does not have: whatever reads published
runs refuses it. Only `rehearsal.site` reads made-up runs, by a schema of their own.
"""
