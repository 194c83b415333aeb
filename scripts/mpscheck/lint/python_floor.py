"""A snippet runs on Python 3.9. Checked statically, by vermin."""

import re
from collections.abc import Iterator

import vermin

from mpscheck.catalogue import Bug

NAME = "python-floor"
DESCRIPTION = "Python 3.9 suffices (static: vermin reads the code, no such interpreter runs it)"

FLOOR = (3, 9)
DECLARED = re.compile(r'(?m)^# requires-python = ">=3\.9"$')


def check(bug: Bug) -> Iterator[str]:
    if not DECLARED.search(bug.source):
        yield 'the metadata block does not say # requires-python = ">=3.9": add the line below # /// script'
    config = vermin.Config()
    config.set_eval_annotations(True)  # `int | None` in a signature is evaluated when the function is defined
    try:
        needed = vermin.visit(bug.source, config).minimum_versions()[-1]
    except vermin.InvalidVersionException as error:
        yield f"no Python version has all that is used: {error}"
        return
    if needed and needed > FLOOR:
        yield f"needs Python {needed[0]}.{needed[1]} (static): use only what 3.9 has; vermin -vv FILE names the place"
