import pytest

from mpscheck.bugs import schema
from mpscheck.lint import values
from mpscheck.runs import expected

from .conftest import good_source, with_field


@pytest.mark.parametrize("kind", schema.words("kind"))
def test_what_run_calls_a_surprise_on_a_sick_mac_is_refused_and_nothing_else(problem, snippet, kind):
    """A snippet of a kind that `run` cannot judge would always be "not as expected" where the bug is."""
    source = with_field(good_source(), "kind", f'"{kind}"')
    if expected.is_surprise(kind, "affected"):
        assert problem(values, source) == (
            f"kind = {kind!r}: a run cannot judge such a bug yet, only wrong, nan, nondeterministic; "
            "list it in catalogue/reported.jsonl"
        )
    else:
        assert list(values.check(snippet(source))) == []


def test_silent_is_stated_only_where_the_kind_does_not_say_it(problem_of_row, row):
    assert "silent = True: a bug of kind 'wrong' is that" in problem_of_row(values, silent=True)
    assert "silent = False: a bug of kind 'crash' is that" in problem_of_row(values, kind="crash", silent=False)
    assert list(values.check(row(silent=False))) == [] and not row(silent=False).silent
