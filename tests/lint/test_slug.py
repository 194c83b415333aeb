import pytest

from mpscheck.lint import slug

from .conftest import good_source


@pytest.mark.parametrize("name", ["Linear-Weight", "linear_weight", "linear", "linear--weight", f"linear-{'x' * 50}"])
def test_name(snippet, name):
    (found,) = slug.check(snippet(good_source(), f"{name}.py"))
    assert name in found and "joined by hyphens" in found


def test_clean(snippet, row):
    assert list(slug.check(snippet(good_source()))) == list(slug.check(row())) == []
