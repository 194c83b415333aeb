import pytest

from mpscheck.bugs import catalogue
from mpscheck.lint import slug

from .conftest import GOOD, good_source, with_field


@pytest.mark.parametrize(
    "name", ["Linear-Weight.py", "linear_weight.py", "linear.py", "linear--weight.py", f"linear-{'x' * 50}.py"]
)
def test_name(snippet, name):
    (found,) = slug.check(snippet(good_source(), name))
    assert name in found and "joined by hyphens" in found


def test_the_same_claim_twice(tmp_path, snippet):
    snippet(good_source(), "linear-weight-again.py")
    (found,) = slug.check(snippet(good_source()))
    assert "linear-weight-again has the same issue pytorch/pytorch#161640 and the same trigger" in found


def test_two_bugs_of_one_thread(snippet):
    snippet(
        with_field(good_source(), "trigger", '[{ op = ["linear"], when = ["input.offset > 0"] }]'), "linear-offset.py"
    )
    assert list(slug.check(snippet(good_source()))) == []


def test_clean():
    assert list(slug.check(catalogue.find(GOOD))) == []
