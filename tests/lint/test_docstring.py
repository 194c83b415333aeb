from mpscheck.lint import docstring

from .conftest import good_source, replaced

CLAIM = good_source().splitlines()[0].removeprefix('"""')


def test_the_claim_fits_on_its_line(problem):
    assert "the second line is not empty" in problem(docstring, replaced(good_source(), CLAIM, f"{CLAIM}\nIt goes on."))


def test_explanation(problem):
    source = good_source()
    explanation = source[source.index(CLAIM) + len(CLAIM) : source.index('"""\n\nBUG = ')]
    assert "there is no explanation" in problem(docstring, replaced(source, explanation, "\n"))
