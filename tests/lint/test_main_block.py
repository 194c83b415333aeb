import pytest

from mpscheck.lint import main_block

from .conftest import GOOD_STATISTICAL, good_source, replaced


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("sys.exit(0 if right else 3)", "sys.exit(0)", "'sys.exit(0)' is not the common text"),
        ("    sys.exit(0 if right else 3)\n", "", "'nothing' is not the common text"),
        ("sys.exit(0 if right else 3)\n", "sys.exit(0 if right else 3)\nprint()\n", "'print()' is not the common text"),
        ("max(ratios) > 10", "max(ratios) > 11", "main_exact.py.txt"),
        ("# The lines below are the same in every snippet", "# Main", "there is no main block"),
    ],
)
def test_fires(problem, old, new, says):
    assert says in problem(main_block, replaced(good_source(), old, new))


def test_each_kind_of_snippet_has_its_own(problem):
    statistical, exact = good_source(GOOD_STATISTICAL), good_source()
    start = statistical.index("# The lines below")
    bad = statistical[:start] + exact[exact.index("# The lines below") :]
    assert "main_statistical.py.txt" in problem(main_block, bad, statistical)
