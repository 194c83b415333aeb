"""Reading bugs out of snippets: what is said of a version, what survives rewording, what is refused."""

import pytest

from mpscheck.bugs import catalogue
from mpscheck.bugs.catalogue import BadBug, UnknownBug
from mpscheck.bugs.code_hash import code_hash

GOOD = (catalogue.BUGS / "linear-noncontiguous-weight.py").read_text()


def bug(tmp_path, source, name="x.py"):
    path = tmp_path / name
    path.write_text(source)
    return catalogue.read(path)


@pytest.mark.parametrize(
    ("affected", "introduced", "version", "state"),
    [
        (">=2.8,<2.9", "2.8", "2.8.0", "affected"),
        (">=2.8,<2.9", "2.8", "2.8.1", "affected"),
        (">=2.8,<2.9", "2.8", "2.9.0", "not affected"),
        (">=2.8,<2.9", "2.8", "2.9.0+cpu", "not affected"),
        (">=2.8,<2.9", "2.8", "2.7.1", "not affected"),
        (">=2.8,<2.9", None, "2.7.1", "unknown"),
        (">=2.14,<=2.14.1", None, "2.14.1", "affected"),
        (">=2.14,<=2.14.1", None, "2.15.0", "unknown"),
        (">=2.14,<=2.14.1", None, "2.13.0", "unknown"),
        ("<2.5", None, "2.4.0", "unknown"),
        ("<2.5", None, "2.5.0", "not affected"),
        ("==2.8.0", None, "2.8.0", "affected"),
        ("==2.8.0", None, "2.9.0", "unknown"),
        (">=2.1.0.dev20230329,<2.4", None, "2.1.0", "affected"),
    ],
)
def test_only_what_is_known_of_a_version(tmp_path, affected, introduced, version, state):
    source = GOOD.replace('"affected": ">=2.8,<2.9"', f'"affected": "{affected}"')
    if introduced is None:
        source = source.replace('    "introduced": {"version": "2.8", "basis": "wheel"},\n', "")
    assert bug(tmp_path, source).state(version) == state


def test_a_macos_outside_the_range_is_unknown_never_healthy(tmp_path):
    found = bug(tmp_path, GOOD)
    assert [found.state("2.8.0", macos) for macos in ("15.6", "26.0", "14.4", None)] == [
        "affected",
        "affected",
        "unknown",
        "affected",
    ]


def test_the_hash_of_the_code_survives_rewording_and_notices_code(tmp_path):
    before = bug(tmp_path, GOOD).check.code_hash
    reworded = GOOD.replace("as if it were contiguous.", "in the wrong order.").replace(
        "# the same product", "# once more"
    )
    assert bug(tmp_path, reworded).check.code_hash == before
    metadata = reworded.replace('"macos": ">=15"', '"macos": ">=15.1"').replace("COULD NOT RUN", "DID NOT RUN")
    assert bug(tmp_path, metadata).check.code_hash == before
    assert bug(tmp_path, GOOD.replace("randn(8, 64", "randn(9, 64")).check.code_hash != before


def test_the_metadata_is_no_part_of_what_a_page_shows(tmp_path):
    found = bug(tmp_path, GOOD)
    first, last = found.check.shown_lines
    lines = GOOD.splitlines()[first - 1 : last]
    assert lines[0] == "import torch" and lines[-1].startswith("    return x.to(device) @ w.to(device)")


def test_what_weakens_a_row_is_kept_in_a_snippet(tmp_path):
    """Else a release that may have the fix would turn from unknown to sick when the snippet is written."""
    kept = '    "unsure": ["2.8.1"],\n    "caveat": "Seen once.",\n    "caused_by": "macos",\n    "silent": False,\n'
    found = bug(tmp_path, GOOD.replace("BUG = {\n", f"BUG = {{\n{kept}"))
    assert [found.state(version) for version in ("2.8.0", "2.8.1", "2.9.0")] == ["affected", "unknown", "not affected"]
    assert (found.caveat, found.caused_by, found.silent) == ("Seen once.", "macos", False)


def test_reading_executes_nothing(tmp_path):
    bug(tmp_path, GOOD + f"\nopen({str(tmp_path / 'ran')!r}, 'w')\n")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("import torch\n", "import torch(\n", "not Python"),
        ('"""`F.linear` reads', "x = '''`F.linear` reads", "not Python"),
        ("BUG = {", "import os\n\nBUG = {", "right below the docstring, before the imports"),
        ("BUG = {", "FACTS = {", "needs one BUG = {…}"),
        ('    "kind": "wrong",\n', "", "lacks kind"),
        ('    "kind": "wrong",\n', '    "kind": "wrong",\n    "colour": "red",\n', "does not know colour"),
        ('"kind": "wrong"', '"kind": wrong', "must be written out"),
        ('"kind": "wrong"', '1: "wrong"', "must be a table of fields"),
        ('"affected": ">=2.8,<2.9"', '"affected": "newer"', "newer"),
        ("weight.layout != contiguous", "weight.layout != square", "layout is compared"),
        ("ignores-strides(weight)", "forgets(weight)", "no effect 'forgets'"),
    ],
)
def test_a_snippet_that_cannot_be_read_is_refused_in_one_sentence(tmp_path, old, new, words):
    assert old in GOOD
    with pytest.raises(BadBug) as caught:
        bug(tmp_path, GOOD.replace(old, new, 1))
    assert words in str(caught.value) and "x.py" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_slug_names_the_nearest():
    with pytest.raises(UnknownBug, match="did you mean linear-noncontiguous-weight"):
        catalogue.find("linear-noncontigous-weigth")


def test_a_bug_without_a_check_is_named_with_the_way_to_one():
    slug = catalogue.rows()[0].slug
    with pytest.raises(UnknownBug, match=f"{slug} has no snippet yet: `mpscheck new {slug}`"):
        catalogue.find(slug)


def test_the_hash_is_the_same_in_every_python():
    """Python 3.12 adds `type_params=[]` to each function, and 3.13 dumps no empty field: neither may count."""
    source = 'def f(x: int = 1, *, y=None):\n    """Prose."""\n    return f"{x!r}" + b"y".decode()  # more prose\n'
    assert code_hash([source]) == "9fc251859c2217da"
