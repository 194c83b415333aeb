"""Write a Content-Security-Policy into every page of a built site: `python scripts/site_quality/csp.py site`.

A page may load from its own site alone, and of inline scripts and styles only those that the build put there: each is
named by its hash. The site needs no header of the host for it, and the same pages give the same bytes.
"""

import base64
import hashlib
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

RULES = (
    "default-src 'none'",
    "script-src 'self'{scripts}",
    "style-src 'self'{styles}",
    "img-src 'self' data:",  # icons in style sheets are data
    "font-src 'self'",
    "connect-src 'self'",  # search index, data of the home page
    "worker-src 'self'",  # search
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
)
META = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?')
PLACE = re.compile(
    r"<head[^>]*>\s*(<meta charset=[^>]*>\n?)?", re.IGNORECASE
)  # before anything that the policy governs


class BadPage(ValueError):
    """A page that no policy can be written into; the message names what is in the way."""


class Inline(HTMLParser):
    """The texts of a page's inline scripts and styles. Raises BadPage on a handler or a style in an attribute."""

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.inside: str | None = None

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        forbidden = [name for name in names if name.startswith("on") or name == "style"]
        if forbidden:
            raise BadPage(f"<{tag} {forbidden[0]}=…> at line {self.getpos()[0]}: no hash can allow it")
        runs = tag == "style" or (tag == "script" and "src" not in names and not _is_data(names.get("type")))
        self.inside = tag if runs else None
        if runs:
            self.texts[tag].append("")

    def handle_data(self, data):
        if self.inside:
            self.texts[self.inside][-1] += data

    def handle_endtag(self, tag):
        self.inside = None


def _is_data(kind: str | None) -> bool:
    """True for a `type` that no browser runs, such as JSON."""
    return kind not in (None, "", "module", "text/javascript", "application/javascript")


def policy(page: str) -> str:
    """The policy of one page (HTML). Raises BadPage."""
    found = Inline()
    found.feed(page)
    found.close()
    return "; ".join(RULES).format(scripts=_hashes(found.texts["script"]), styles=_hashes(found.texts["style"]))


def _hashes(texts: list[str]) -> str:
    digests = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts}
    return "".join(f" 'sha256-{digest}'" for digest in sorted(digests))


def with_policy(page: str) -> str:
    """The page with its policy, first in the head; a policy that is there already is replaced. Raises BadPage."""
    bare = META.sub("", page)
    place = PLACE.search(bare)
    if place is None:
        raise BadPage("no <head>")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(bare)}">\n'
    return bare[: place.end()] + meta + bare[place.end() :]


def write(site: Path) -> int:
    """Write the policy into each page of a folder; the number of pages. Raises BadPage."""
    pages = sorted(site.rglob("*.html"))
    for path in pages:
        page = path.read_text(encoding="utf-8")
        try:
            path.write_text(with_policy(page), encoding="utf-8")
        except BadPage as error:
            raise BadPage(f"{path.relative_to(site)}: {error}") from None
    return len(pages)


def main(arguments: list[str]) -> int:
    site = Path(arguments[0] if arguments else "site")
    try:
        pages = write(site)
    except BadPage as error:
        print(f"No policy can be written: {error}.", file=sys.stderr)
        return 2
    if not pages:
        print(f"There are no pages in {site}: build the site first.", file=sys.stderr)
        return 2
    print(f"{pages} pages have their Content-Security-Policy")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
