from mpscheck.lint import todo

from .conftest import good_source, replaced


def test_fires(problem):
    bad = replaced(good_source(), "    return x, w\n", "    return x, w  # TODO: smaller\n")
    assert problem(todo, bad).endswith(": smaller is left to do")
