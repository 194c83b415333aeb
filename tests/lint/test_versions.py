import pytest

from mpscheck.lint import versions

from .conftest import good_source, with_field


@pytest.mark.parametrize(
    "affected", [">=2.8", ">2.8,<2.9", ">=2.8,!=2.8.1,<2.9", "==2.8.*", "~=2.8", ">=2.7,>=2.8", ">=2.7,>=2.8,<2.9", ""]
)
def test_shape(problem, affected):
    assert 'expected ">=A,<B"' in problem(versions, with_field(good_source(), "affected", f'"{affected}"'))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("affected", '">=2.9,<2.8"', "holds no version"),
        ("affected", '">=2.8,<2.8"', "holds no version"),
        ("affected", '">=2.8,<=2.8.0"', "states no fix"),
        ("affected", '"==2.8"', "states no fix"),
        ("basis", '{ seen = "thread", fixed = "unknown" }', "states a fix, but basis.fixed is unknown"),
        ("basis", '{ seen = "unknown", fixed = "thread" }', '"<B" and unknown go together'),
        ("affected", '"<2.9"', '"<B" and unknown go together'),
        ("introduced", '{ version = "two", basis = "wheel" }', "is no version"),
        ("introduced", '{ version = "2.8.1", basis = "wheel" }', "introduced in 2.8.1, but seen affected in 2.8"),
        ("introduced", '{ version = "2.8", basis = "unknown" }', "leave introduced out"),
        ("macos", '">=2.8"', "expected macOS versions"),
        ("macos", '"!=15"', "expected macOS versions"),
    ],
)
def test_fires(problem, name, value, says):
    assert says in problem(versions, with_field(good_source(), name, value))


def test_a_fix_known_from_its_merge_names_the_pull_request(problem):
    merged = with_field(good_source(), "basis", '{ seen = "thread", fixed = "merge date" }')
    assert "add fixed_pr" in problem(versions, with_field(merged, "fixed_pr", None), merged)


@pytest.mark.parametrize("affected", [">=2.8,<=2.8.1", "==2.8", ">=2.8.0.dev20250601,<=2.8"])
def test_without_a_fix_the_range_ends_where_it_was_last_seen(snippet, affected):
    unknown = with_field(good_source(), "basis", '{ seen = "thread", fixed = "unknown" }')
    unknown = with_field(with_field(unknown, "introduced", None), "affected", f'"{affected}"')
    assert list(versions.check(snippet(unknown))) == []
