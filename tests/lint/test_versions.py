import pytest

from mpscheck.lint import versions

from .conftest import good_source, with_field


@pytest.mark.parametrize("affected", [">=2.8", ">=2.7,>=2.8", ">=2.7,>=2.8,<2.9"])
def test_shape(problem, affected):
    assert 'expected ">=A,<B"' in problem(versions, with_field(good_source(), "affected", f'"{affected}"'))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("affected", '">=2.9,<2.8"', "holds no version"),
        ("affected", '">=2.8,<2.8"', "holds no version"),
        ("affected", '">=2.8,<=2.8.0"', "states no fix"),
        ("affected", '"==2.8"', "states no fix"),
        ("basis", '{"seen": "thread", "fixed": "unknown"}', "states a fix, but basis.fixed is unknown"),
        ("basis", '{"seen": "unknown", "fixed": "thread"}', "no oldest version and unknown go together"),
        ("affected", '"<2.9"', "no oldest version and unknown go together"),
        ("introduced", '{"version": "2.8.1", "basis": "wheel"}', "introduced in 2.8.1, but seen affected in 2.8"),
        ("introduced", '{"version": "2.8", "basis": "unknown"}', "leave introduced out"),
        ("unsure", '["2.7"]', "unsure names 2.7, which is not within affected"),
        ("in_a_release", "False", "makes 2.8.0 affected"),
        (
            "reported",
            '[{"thread": "a/b#1", "torch": "2.9.1"}, {"thread": "a/b#1", "torch": "2.8.0"}]',
            "which has the fix of 2.9",
        ),
        (
            "reported",
            '[{"thread": "a/b#1", "torch": "2.7.1"}, {"thread": "a/b#1", "torch": "2.8.0"}]',
            "older than the oldest",
        ),
        ("reported", '[{"thread": "a/b#1", "date": "2025-09-17"}]', "but no report has torch 2.8"),
        ("macos", '">=2.8"', "expected macOS versions"),
    ],
)
def test_fires(snippet, name, value, says):
    assert list(versions.check(snippet(good_source()))) == []
    assert says in "; ".join(versions.check(snippet(with_field(good_source(), name, value))))


def test_a_fix_known_from_its_merge_names_the_pull_request(problem):
    merged = with_field(good_source(), "basis", '{"seen": "thread", "fixed": "merge date"}')
    assert 'add "fixed_pr"' in problem(versions, with_field(merged, "fixed_pr", None), merged)


@pytest.mark.parametrize("affected", [">=2.8,<=2.8.1", "==2.8", ">=2.8.0.dev20250601,<=2.8"])
def test_without_a_fix_the_range_ends_where_it_was_last_seen(snippet, affected):
    unknown = with_field(good_source(), "basis", '{"seen": "thread", "fixed": "unknown"}')
    unknown = with_field(with_field(unknown, "introduced", None), "affected", f'"{affected}"')
    seen = affected.partition(",")[0].lstrip("=>")
    unknown = with_field(unknown, "reported", f'[{{"thread": "a/b#1", "torch": "{seen}"}}]')
    assert list(versions.check(snippet(unknown))) == []


def test_rows_too(problem_of_row, row):
    seen = [{"thread": "a/b#1", "torch": "2.13.0"}, {"thread": "a/b#1", "torch": "2.15.0.dev20260801"}]
    assert list(versions.check(row(reported=seen))) == []  # a build of main, before the fix was there
    assert "which has the fix" in problem_of_row(versions, reported=[*seen, {"thread": "a/b#1", "torch": "2.14.0"}])
    late = {"version": "2.14", "basis": "thread"}
    never = {"affected": "<2.14", "basis": {"seen": "unknown", "fixed": "release notes"}, "reported": None}
    assert "a fault comes before its fix" in problem_of_row(versions, introduced=late, **never)
    nothing = {"affected": None, "basis": {"seen": "unknown", "fixed": "unknown"}}
    assert "which is older than the oldest version seen affected: none" in problem_of_row(versions, **nothing)


def test_the_newest_report_is_not_newer_than_what_was_last_seen(problem_of_row):
    basis = {"seen": "thread", "fixed": "unknown"}
    seen = [{"thread": "a/b#1", "torch": version} for version in ("2.13.0", "2.14.0")]
    last = "newer than the version last seen affected: 2.13.1"
    assert last in problem_of_row(versions, affected=">=2.13.0,<=2.13.1", basis=basis, reported=seen)
