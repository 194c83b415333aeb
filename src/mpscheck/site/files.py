"""All generated files of the site: a dict from a path under `docs/` to its text. Pure."""

from mpscheck.site import api
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import (
    advice,
    agrees,
    audit,
    bug,
    case,
    changes,
    declared,
    detection,
    downloads,
    exposure,
    family,
    home,
    images,
    index,
    ioi,
    libraries,
    matrix,
    method,
    redo,
    releases,
    reported,
    results,
    road,
    seven,
    transformerlens,
    verification,
    vocabulary,
    worklist,
    works_with,
)

PAGES = (  # each has `files(inputs)`
    *(home, index, bug, reported, family, releases, matrix, results, changes, redo, ioi, case, seven, exposure),
    *(advice, audit, worklist, transformerlens, libraries, images),
    *(detection, method, works_with, agrees, verification, road, vocabulary, declared, downloads, api),
)


def files(inputs: Inputs) -> dict[str, str]:
    """The text of each generated file, by its path under `docs/`."""
    found: dict[str, str] = {}
    for page in PAGES:
        found |= page.files(inputs)
    return found
