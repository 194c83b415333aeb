import pytest

from mpscheck.lint import values

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
