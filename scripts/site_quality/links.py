"""Ask every address outside that the built site links to: `python scripts/site_quality/links.py site`.

For a scheduled job with a way out; `make test` needs none. Exit code 1 names the links that lead nowhere. A server that
will not answer a program (403, 429) or cannot be reached is listed, and is no failure.
"""

import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

GONE = (404, 410)
PAUSE = 0.5  # seconds between two questions to any host
TIMEOUT = 20


class Links(HTMLParser):
    """The addresses outside that a page links to."""

    def __init__(self):
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag, attributes):
        address = dict(attributes).get("href") or ""
        if tag == "a" and address.startswith(("http://", "https://")):
            self.found.add(address.partition("#")[0])


def outside(site: Path) -> dict[str, list[str]]:
    """For each address outside, the pages that link to it."""
    found = defaultdict(list)
    for page in sorted(site.rglob("*.html")):
        links = Links()
        links.feed(page.read_text(encoding="utf-8"))
        for address in links.found:
            found[address].append(str(page.relative_to(site)))
    return dict(sorted(found.items()))


def state(address: str) -> str:
    """`there`, `gone`, or why there is no answer."""
    request = urllib.request.Request(address, headers={"User-Agent": "mps-check link check"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT):
            return "there"
    except urllib.error.HTTPError as error:
        return "gone" if error.code in GONE else f"status {error.code}"
    except OSError as error:
        return str(error)


def main(arguments: list[str]) -> int:
    pages = outside(Path(arguments[0] if arguments else "site"))
    states = {}
    for address in pages:
        states[address] = state(address)
        time.sleep(PAUSE)
    for address, said in states.items():
        if said != "there":
            print(f"{said}: {address} (on {', '.join(pages[address][:3])})")
    gone = sum(said == "gone" for said in states.values())
    silent = sum(said not in ("gone", "there") for said in states.values())
    print(f"{len(pages)} addresses: {gone} gone, {silent} without an answer")
    return 1 if gone else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
