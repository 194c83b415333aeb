import pytest

from mpscheck.lint import absent

from .conftest import good_source, with_field


@pytest.mark.parametrize("name", ["affected", "trigger", "effect"])
def test_a_snippet_says_why_it_lacks_one(problem, snippet, name):
    lacking = with_field(good_source(), name, None)
    assert f"there is no {name}: add it, or the reason" in problem(absent, lacking)
    reason = f'{{"{name}": "no thread says it"}}'
    assert list(absent.check(snippet(with_field(lacking, "absent", reason)))) == []
    assert "but there is one" in problem(absent, with_field(good_source(), "absent", reason))


def test_a_row_lacks_them_for_the_reason_that_all_rows_have(row):
    bug = row(affected=None)
    assert bug.absent["affected"] == "no source names a version" and list(absent.check(bug)) == []
    assert row(absent={"trigger": "a race"}).absent["trigger"] == "a race"
