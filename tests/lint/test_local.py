import pytest

from mpscheck.lint import local

from .conftest import good_source, replaced


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("see /home/someone/bug.py", "'/home/s' is a path of one machine"),
        ("see /Users/someone", "a path of one machine"),
        ("see ~/bug.py", "a path of one machine"),
        ("see C:\\\\bug.py", "a path of one machine"),
        ("see file:///bug.py", "a path of one machine"),
        ("see http://localhost:8000", "'localhost' is a host of one network"),
        ("see http://192.168.1.7/", "'192.168.1.7' is a host of one network"),
        ("see http://registry.internal/simple", "'registry.internal' is a host of one network"),
        ("pip install --index-url x", "'--index-url' is a package index"),
    ],
)
def test_fires(problem, text, says):
    assert says in problem(local, replaced(good_source(), "PyTorch 2.9.0 takes", f"{text} PyTorch 2.9.0 takes"))


def test_public_addresses_versions_and_divisions_are_clean(snippet):
    text = "https://github.com/home/x and https://x.github.io/tmp/y, torch 2.10.0, macOS 15.1.1, 10/work PyTorch 2.9.0 takes"
    assert list(local.check(snippet(replaced(good_source(), "PyTorch 2.9.0 takes", text)))) == []


def test_rows_too(problem_of_row):
    assert "a path of one machine" in problem_of_row(local, when="what ~/bug.py does")
