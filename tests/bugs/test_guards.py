"""What libraries do about mps: the reader refuses a row that does not say where it was looked up, or names no bug of ours."""

import json

import pytest

from mpscheck.bugs import catalogue, guards

AT = "0" * 40
GOOD = {
    "library": "Some", "repo": "some/lib", "path": "some/x.py", "at": AT, "line": 7, "kind": "detour",
    "standing": "in the code", "what": "Copies.", "why": "No reason is given.", "looked_up": "2026-12-01",
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    """Reads rows as a file of the catalogue."""

    def read(*rows):
        path = tmp_path / "library-guards.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return guards.load(path)

    return read


def without(*names: str) -> dict:
    return {name: value for name, value in GOOD.items() if name not in names}


def test_a_row_links_to_the_line_at_its_commit(read):
    (one,) = read(GOOD)
    assert one.url == f"https://github.com/some/lib/blob/{AT}/some/x.py#L7"


def test_a_row_that_is_known_from_a_pull_request_links_there(read):
    (one,) = read(without("path", "at", "line") | {"standing": "pull request", "threads": ["some/lib#3"]})
    assert one.url == "https://github.com/some/lib/issues/3"


@pytest.mark.parametrize(("torch", "end"), [(">=2.8,<2.11", "2.11"), ("<2.12", "2.12"), (">=2.8", None), (None, None)])
def test_a_guard_ends_where_its_range_does(read, torch, end):
    (one,) = read(GOOD | ({"torch": torch} if torch else {}))
    assert (str(one.ends_at) if one.ends_at else None) == end


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (without("path", "at", "line"), "lacks path"),
        (without("at"), "at"),
        (GOOD | {"at": "main"}, "at = 'main'"),
        (without("looked_up"), "lacks looked_up"),
        (GOOD | {"bugs": ["linear-noncontiguous-weight"]}, "link"),
        (GOOD | {"bugs": ["no-such-bug"], "link": "stated"}, "there is no bug 'no-such-bug'"),
        (GOOD | {"kind": "trick"}, "expected one of"),
        (GOOD | {"torch": "2.8 and later"}, "torch = '2.8 and later'"),
        (GOOD | {"condition": "two\nlines"}, "condition"),
        (GOOD | {"stars": 5}, "does not know stars"),
    ],
)
def test_a_row_that_is_not_strict_is_refused(read, row, said):
    with pytest.raises(catalogue.BadBug) as error:
        read(row)
    assert said in str(error.value) and "line 1" in str(error.value)
