import pytest

from mpscheck.bugs import schema
from mpscheck.lint import values

from .conftest import good_source, with_field


def of(kind: str, effect: str) -> str:
    return with_field(with_field(good_source(), "kind", repr(kind)), "effect", repr(effect))


@pytest.mark.parametrize(
    ("kind", "effect", "says"),
    [
        ("crash", "unwritten(result)", "a crash is not imitated"),
        ("hang", "raises(RuntimeError)", "a hang is not imitated"),
        ("error", "unwritten(result)", "an error is raised: raises(RuntimeError)"),
        ("error", "raises(OutOfMemoryError)", "an error is raised"),
        ("wrong", "raises(RuntimeError)", "what raises is of kind error"),
        ("nan", "raises(OutOfMemoryError)", "what raises is of kind memory"),
        ("wrong", "keeps(64 KiB)", "what keeps memory is of kind memory"),
    ],
)
def test_the_kind_fits_the_effect(problem, kind, effect, says):
    assert says in problem(values, of(kind, effect))


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("error", "raises(NotImplementedError)"),
        ("memory", "raises(OutOfMemoryError)"),
        ("memory", "writes-outside(result)"),
        ("memory", "keeps(64 KiB)"),
        ("nondeterministic", "unwritten(result)"),
    ],
)
def test_what_fits(snippet, kind, effect):
    assert list(values.check(snippet(of(kind, effect)))) == []


@pytest.mark.parametrize("kind", schema.words("kind"))
def test_a_kind_without_an_imitation_is_fine(snippet, kind):
    source = with_field(with_field(good_source(), "kind", repr(kind)), "effect", None)
    assert list(values.check(snippet(source))) == []


def test_silent_is_stated_only_where_the_kind_does_not_say_it(problem_of_row, row):
    assert "silent = True: a bug of kind 'wrong' is that" in problem_of_row(values, silent=True)
    assert "silent = False: a bug of kind 'crash' is that" in problem_of_row(values, kind="crash", silent=False)
    assert list(values.check(row(silent=False))) == [] and not row(silent=False).silent
