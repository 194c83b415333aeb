import pytest

from mpscheck.lint import docstring

from .conftest import good_source, replaced

CLAIM = good_source().splitlines()[0].removeprefix('"""')


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (CLAIM.removesuffix("."), "ends in 's'"),
        (CLAIM.replace("`", ""), "names no call in backticks"),
        (f"`F.linear` {'very ' * 21}wrong.", "has 122 characters: at most 110"),
        (f"{CLAIM}\nIt goes on.", "the second line is not empty"),
    ],
)
def test_claim(problem, claim, says):
    assert says in problem(docstring, replaced(good_source(), CLAIM, claim))


def test_explanation(problem):
    source = good_source()
    explanation = source[source.index(CLAIM) + len(CLAIM) : source.index('"""\n\n# /// script')]
    assert "there is no explanation" in problem(docstring, replaced(source, explanation, "\n"))
