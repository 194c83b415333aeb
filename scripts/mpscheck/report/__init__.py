"""Writing the pages' generated parts from the snippets and the results: pure functions from data to Markdown.

Nothing here imports torch, so a site can be built where torch is not installed.
"""
