import pytest

from mpscheck.lint import claim

from .conftest import GOOD_ROW, good_source, replaced

CLAIM = good_source().splitlines()[0].removeprefix('"""')


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CLAIM.removesuffix("."), "ends in 's'"),
        (CLAIM.replace("`", ""), "names no call in backticks"),
        (f"`F.linear` {'very ' * 21}wrong.", "has 122 characters: at most 110"),
        ("`F.linear` is wrong since 2.8.", "names the version 2.8"),
    ],
)
def test_fires(problem, problem_of_row, text, says):
    assert says in problem(claim, replaced(good_source(), CLAIM, text))
    assert says in problem_of_row(claim, claim=text)


def test_what_sets_it_off_names_no_version(problem_of_row):
    assert "names the version 2.13.1" in problem_of_row(claim, when=f"{GOOD_ROW['when']}, from 2.13.1 on")


@pytest.mark.parametrize("text", ["`torch.abs` rounds above 2**24.", "`x * 2.5e3` is wrong.", "#2.8 of `y` is wrong."])
def test_numbers_are_no_versions(row, text):
    assert list(claim.check(row(claim=text))) == []
