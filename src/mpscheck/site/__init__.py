"""What is shown: the generated parts of the site, pure functions from data to Markdown, HTML and JSON.

`files` gives all of them; `pages` has one module a page; the rest is what more than one page needs. Nothing here imports
torch, so a site can be built where torch is not installed.
"""
