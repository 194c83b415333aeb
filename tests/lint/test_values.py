import pytest

from mpscheck.bugs.catalogue import KINDS
from mpscheck.lint import values
from mpscheck.runs import expected

from .conftest import good_source, with_field


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("kind", '"slow"', "kind = 'slow': expected one of wrong, nan"),
        ("family", '"stride"', "family = 'stride': expected one of attention, "),
        (
            "basis",
            '{ seen = "hearsay", fixed = "thread" }',
            "basis.seen = 'hearsay': expected one of thread, release notes",
        ),
        ("introduced", '{ version = "2.8", basis = "guess" }', "introduced.basis = 'guess'"),
    ],
)
def test_fires(problem, name, value, says):
    assert says in problem(values, with_field(good_source(), name, value))


@pytest.mark.parametrize("kind", KINDS)
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
