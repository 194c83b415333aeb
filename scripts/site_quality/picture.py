"""Take the picture in README.md from the built site: `make site && .venv/bin/python scripts/site_quality/picture.py site`.

It shows the first page with a set-up chosen, and so the counts of the day: take it again when they have changed.
"""

import sys
from pathlib import Path

from measure import find_chromium, serve
from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parents[2] / ".github" / "home.png"
SET_UP = "?torch=2.8.0&macos=15&chip=M2&use=forward"
SIZE = {"width": 1280, "height": 800}


def main(site: Path) -> None:
    server = serve(site)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium())
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"http://127.0.0.1:{server.server_port}/{SET_UP}")
        page.wait_for_load_state("networkidle")
        page.locator("[data-answer]").get_by_text("known").first.wait_for()
        page.screenshot(path=PICTURE)
        browser.close()
    server.shutdown()
    print(PICTURE)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "site"))
