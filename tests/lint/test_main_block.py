import pytest

from mpscheck.lint import main_block, mend

from .conftest import GOOD_STATISTICAL, good_source, replaced, with_field


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('sys.exit(0 if found[compute] == "agrees" else 3)', "sys.exit(0)", "'sys.exit(0)' is not the common text"),
        ('    sys.exit(0 if found[compute] == "agrees" else 3)\n', "", "'nothing' is not the common text"),
        (
            'sys.exit(0 if found[compute] == "agrees" else 3)\n',
            'sys.exit(0 if found[compute] == "agrees" else 3)\nprint()\n',
            "'print()' is not the common text",
        ),
        ("max(ratios) > 10", "max(ratios) > 11", "`mpscheck lint --fix`"),
        ("# The lines below are the same in every snippet", "# Main", "there is no main block"),
    ],
)
def test_fires(problem, old, new, says):
    assert says in problem(main_block, replaced(good_source(), old, new))


def test_random_numbers_have_their_own(problem):
    statistical, exact = good_source(GOOD_STATISTICAL), good_source()
    start = statistical.index("# The lines below")
    bad = statistical[:start] + exact[exact.index("# The lines below") :]
    assert "is not the common text" in problem(main_block, bad, statistical)


@pytest.mark.parametrize(
    ("name", "value"),
    [("dtypes", '["float16"]'), ("repeats", "20"), ("kind", '"error"'), ("kind", '"crash"'), ("memory", "2")],
)
def test_what_a_field_asks_for_is_in_the_block(problem, name, value):
    """With the field alone the block is wrong; mended it is right."""
    bad = with_field(good_source(), name, value)
    assert "is not the common text" in problem(main_block, bad)
    problem(main_block, bad, mend.with_main_block(bad))


def test_a_function_more_or_less_is_in_the_block(problem):
    source = good_source()
    start, end = source.index("def workaround"), source.index("def control")
    less = source[:start] + source[end:]
    more = source[:start] + "def reference(x, w):\n    return x.double() @ w.double()\n\n\n" + source[start:]
    for bad in (less, more):
        assert "is not the common text" in problem(main_block, bad)
        problem(main_block, bad, mend.with_main_block(bad))
