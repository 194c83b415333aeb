"""A run file may come from anybody: it is refused in one sentence, or what it says is shown escaped. Never a traceback."""

import copy
import json
from html.parser import HTMLParser

import jsonschema
import markdown
import pytest
from click.testing import CliRunner
from hostile import HOSTILE, MARK
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.commands import site as report
from mpscheck.known import measured
from mpscheck.runs import provenance, results
from mpscheck.site import files as pages
from mpscheck.site.inputs import Inputs

LINEAR, RANDOM = "linear-noncontiguous-weight", "rand-5d-batches-identical"
BUGS = tuple(catalogue.find(slug) for slug in (LINEAR, RANDOM))
CODE = {bug.slug: bug.check.code_hash for bug in BUGS}
OUTPUT = {
    "shape": [2, 8], "dtype": "float32", "eps": 1.2e-07, "exact": {"rms": 2.5, "max": 7.5},
    "cpu": {"rms": 1e-7, "max": 1e-6, "nan": 0, "inf": 0},
    "device": {"rms": 3.5, "max": 4.5, "nan": 0, "inf": 0, "misplaced": 0, "new_nan": 0, "wrong": 3},
    "spread": {"rms": 0.0, "max": 0.0, "misplaced": 0}, "repeats_equal": True, "equals_cpu": False,
    "first_wrong": {"index": [1, 3], "cpu": 1.0, "device": "nan", "exact": [1.0, 2.0]},
}  # fmt: skip
OTHER = {"shape": [2], "dtype": "float32", "cpu_shape": None, "cpu_dtype": None}
NUMBERS = {"outputs": [OUTPUT], "repeats": 3, "wrong_runs": 1, "seconds": 0.1}
RIGHT = OUTPUT | {"device": OUTPUT["cpu"] | {"misplaced": 0, "new_nan": 0, "wrong": 0}, "first_wrong": None}
RUN = {  # made up, for the words of the pages only: no fact about any Mac
    "schema": 2,
    "dtypes": ["float16", "float32"],
    "provenance": {
        "evidence": "measured", "date": "2026-11-24T17:00:00+00:00", "torch": "2.8.0", "torch_git": "a1cb3cc05d46",
        "python": "3.11.9", "device": "mps", "gpu": "Apple M1", "virtual": True, "chip": "Apple M1", "system": "Darwin",
        "macos": "15.6", "macos_build": "24G90", "mpsgraph": "5.6.2", "runner": None, "variables": {"MPSCHECK_EMU": "1"},
    },
    "records": [
        {
            "snippet": LINEAR, "code": CODE[LINEAR], "dtype": "float32", "attempts": [
                {"outcome": "gpu-fault", "reason": "the GPU stopped", "stderr": "a fault", "before": [], "functions": {}},
                {
                    "outcome": "measured", "before": [RANDOM],
                    "functions": {"compute": NUMBERS, "control": NUMBERS | {"outputs": [OUTPUT, OTHER]}},
                },
            ],
        },
        {
            "snippet": RANDOM, "code": CODE[RANDOM], "dtype": "float32", "attempts": [{
                "outcome": "measured", "before": [],
                "functions": {"compute": {"p_value": 0.5, "false_alarm": 1e-9, "seconds": 0.1}},
            }],
        },
        {
            "snippet": LINEAR, "code": CODE[LINEAR], "dtype": "float16", "attempts": [{
                "outcome": "error", "before": [], "reason": "RuntimeError: no such kernel", "functions": {},
            }],
        },
        {
            "snippet": LINEAR, "code": CODE[LINEAR], "dtype": "float32", "attempts": [{
                "outcome": "measured", "before": [], "functions": {"compute": NUMBERS},
            }],
        },
    ],
    "canaries": [
        {
            "name": name, "after": after,
            "attempt": {
                "outcome": "measured", "before": [], "functions": {"compute": {"outputs": [RIGHT], "repeats": 3}},
            },
        }
        for after in (0, 4) for name in ("allocation", "copy", "kernel-build", "add", "matmul")
    ],
}  # fmt: skip

NUMBER_WORDS = (
    "0", "-0.0", "1", "-1", "0.5", "1e308", "-1e308", "5e-324", "1e999", "-1e999", "NaN", "Infinity", "-Infinity",
    "9007199254740993", "1" + "0" * 400, "-1" + "0" * 400, "7" * 5000, "1." + "3" * 5000, "1e-999",
)  # fmt: skip


class Raw(str):
    """A word that stands in the file as it is, where Python would not write it."""


def written(value) -> str:
    """The text of a file with this document, raw words and names that stand twice as they are."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, dict):
        value = Pairs(value.items())
    if isinstance(value, Pairs):
        return "{" + ", ".join(f"{json.dumps(key)}: {written(inner)}" for key, inner in value.pairs) + "}"
    return "[" + ", ".join(map(written, value)) + "]" if isinstance(value, list) else json.dumps(value)


class Pairs:
    """An object in which a name may stand twice."""

    def __init__(self, pairs):
        self.pairs = pairs


def deep(depth: int, opening: str) -> Raw:
    closing = "]" if opening == "[" else "}"
    return Raw(opening * depth + ("" if opening == "[" else "1") + closing * depth)


words = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=30).map(lambda text: f"{MARK}{text}"),
    st.sampled_from(("nan", "inf", "-inf", "", "mps", "emu", "emux", "mps:0", "2.8", "2.8.0rc1", "2.8..", "2.9.0+cpu")),
    st.sampled_from(("9" * 20, "15.6\n", "15." + "9" * 400, "measured", "crash", "float16", LINEAR, RANDOM, "0" * 16)),
)
numbers = st.one_of(
    st.sampled_from(NUMBER_WORDS).map(Raw),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
nested = st.builds(deep, st.sampled_from((3, 50, 700, 950, 5000, 200_000)), st.sampled_from(("[", '{"a":')))
values = st.recursive(
    st.one_of(st.none(), numbers, words, nested),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=5,
)


def places(value, path=()):
    """The path to everything in a document."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from places(inner, (*path, key))


PLACES = list(places(RUN))


def at(document, path):
    for key in path:
        document = document[key]
    return document


@st.composite
def runs(draw) -> str:
    """The text of a file: a run in which something was replaced, left out, added, doubled or moved."""
    document = copy.deepcopy(RUN)
    for path in draw(st.lists(st.sampled_from(PLACES[1:]), min_size=1, max_size=2)):
        try:
            parent, key = at(document, path[:-1]), path[-1]
            now = parent[key]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has taken it away
        change = draw(st.sampled_from(("word", "number", "any", "drop", "add", "other", "twice")))
        if change in ("word", "number", "any"):
            parent[key] = draw({"word": words, "number": numbers, "any": values}[change])
        elif change == "drop":
            del parent[key]
        elif change == "add" and isinstance(now, dict):
            now[draw(words)] = draw(values)
        elif change == "twice" and isinstance(now, dict) and now:
            parent[key] = Pairs([*now.items(), (next(iter(now)), draw(values))])
        elif change == "other":
            parent[key] = copy.deepcopy(at(RUN, draw(st.sampled_from(PLACES))))
    return written(document)


class Tags(HTMLParser):
    """The tags and attributes of a page: what a stranger's string must never reach; a reference of the theme's is none."""

    def __init__(self, html: str):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append(tag)
        self.found += [name for name, _ in attributes]
        self.found += [value or "" for name, value in attributes if name in ("href", "src", "class", "id", "style")]


def html_of(page: str) -> str:
    extensions = ["tables", "attr_list", "md_in_html", "def_list", "admonition", "pymdownx.superfences"]
    return markdown.markdown(page, extensions=extensions)


def shown(run: dict) -> dict[str, str]:
    """Every page that tells of a run, of those that are made with two bugs."""
    inputs = {"bugs": BUGS, "runs": {f"run {MARK}": run}, "local": {HOSTILE[0]: run}}
    files = pages.files(Inputs(**inputs, controls={}, transcripts={}))
    return {name: text for name, text in files.items() if MARK in text or any(slug in name for slug in CODE)}


def is_one_sentence(message: str) -> bool:
    return 10 < len(message) < 700 and message.isprintable() and "Traceback" not in message


def outcome(path) -> dict | None:
    """The run that a file holds; None if it is refused, which must be in one sentence that names the file."""
    try:
        return results.read(path)
    except results.BadResults as error:
        assert is_one_sentence(str(error)) and str(error).startswith(path.name), error
        return None


def assert_shown_safely(run: dict) -> None:
    """Made into pages without an error, with what is in it as text alone."""
    for name, page in shown(run).items():
        assert "<script" not in page, name
        if name.endswith(".md"):
            assert '"pyproject.toml' not in page, (
                name
            )  # no line of a page includes a file because a stranger asks for it
            assert not any(MARK in found or "script" in found for found in Tags(html_of(page)).found), name
    assert provenance.run_id(run["provenance"]).isascii() and len(provenance.run_id(run["provenance"])) <= 200


quick = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # the smallest example would take minutes: each try makes all pages
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "mac_torch2.8.0.json"


@quick
@given(text=runs())
def test_a_changed_run_is_refused_in_one_sentence_or_shown_escaped(file, text):
    file.write_text(text, encoding="utf-8")
    run = outcome(file)
    if run is not None:
        assert_shown_safely(run)


@quick
@given(text=runs())
def test_the_quick_validator_takes_nothing_that_the_deciding_one_refuses(text):
    try:
        run = results.parse(text)
    except (ValueError, RecursionError):
        return
    if results.plainly_right(run):
        assert results.what_is_wrong(run) is None


def test_a_run_without_a_fault_needs_the_quick_validator_alone():
    assert results.plainly_right(RUN) and results.what_is_wrong(RUN) is None


@quick
@given(text=values.map(written))
def test_any_document_of_json_is_refused_in_one_sentence(file, text):
    file.write_text(text, encoding="utf-8")
    assert outcome(file) is None


@quick
@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_sentence(file, content):
    file.write_bytes(content)
    assert outcome(file) is None


FREE = [("provenance", name) for name in ("torch_git", "gpu", "chip", "system", "macos_build", "mpsgraph", "runner")]


@quick
@given(data=st.data())
def test_strings_that_are_free_are_taken_and_shown_as_text(file, data):
    """The first test could pass by refusing everything; here nothing may be refused."""
    run = copy.deepcopy(RUN)
    short = words.map(lambda text: text[:150])
    for section, name in data.draw(st.lists(st.sampled_from(FREE), min_size=1, unique=True)):
        run[section][name] = data.draw(short)
    run["provenance"]["variables"] = data.draw(st.dictionaries(short, short, max_size=3))
    run["records"][2]["attempts"][0] |= {"reason": data.draw(short), "stderr": data.draw(short)}
    failed = {"outcome": "error", "reason": data.draw(short), "before": [], "functions": {}}
    run["canaries"] += data.draw(st.lists(st.just({"name": "add", "after": 2, "attempt": failed}), max_size=1))
    file.write_text(json.dumps(run), encoding="utf-8")
    assert_shown_safely(results.read(file))


AMOUNTS = (0, 5e-324, 2.3e-308, 1e-7, 1, 1.7976931348623157e308, 10**308, "nan", "inf")
amounts = st.sampled_from(AMOUNTS)
COUNTS = st.sampled_from((0, 1, 2**53 - 1))
SIGNED = st.sampled_from((*AMOUNTS, -1.7976931348623157e308, "-inf", -(10**308)))
first_values = st.one_of(st.booleans(), SIGNED, st.lists(SIGNED, min_size=2, max_size=2))


@quick
@given(data=st.data())
def test_numbers_within_the_bounds_are_shown_whatever_they_are(file, data):
    run = copy.deepcopy(RUN)
    compute = run["records"][3]["attempts"][0]["functions"]["compute"]
    compute["seconds"] = 1e6
    for output in compute["outputs"]:
        output["eps"] = data.draw(st.sampled_from((0, 5e-324, 1e-7, 1, 10)))
        output["shape"] = data.draw(st.lists(COUNTS, max_size=64))
        for name in ("exact", "cpu", "device", "spread"):
            drawn = {key: data.draw(amounts if key in ("rms", "max") else COUNTS) for key in output[name]}
            output[name] = drawn
        first = {key: data.draw(first_values) for key in ("cpu", "device", "exact")}
        output["first_wrong"] = first | {"index": data.draw(st.lists(COUNTS, max_size=64))}
    sample = {"p_value": data.draw(st.floats(0, 1)), "false_alarm": 5e-324}
    run["records"][1]["attempts"][0]["functions"]["compute"] = sample
    file.write_text(json.dumps(run), encoding="utf-8")
    assert_shown_safely(results.read(file))


def test_the_run_that_the_others_are_made_from_is_shown(file):
    file.write_text(written(RUN))
    page = shown(results.read(file))[f"bugs/{LINEAR}.md"]
    assert "Apple M1" in page and "no such kernel" in html_of(page).replace("&#58;", ":")


FIRST_OUTPUT = ("records", 3, "attempts", 0, "functions", "compute", "outputs", 0)
CASES = {
    "400 digits": ((*FIRST_OUTPUT, "device", "rms"), "1" + "0" * 400),
    "5000 digits": ((*FIRST_OUTPUT, "device", "nan"), "1" * 5000),
    "no number": ((*FIRST_OUTPUT, "spread", "rms"), "NaN"),
    "past the largest double": ((*FIRST_OUTPUT, "spread", "max"), "1e999"),
    "negative error": ((*FIRST_OUTPUT, "cpu", "rms"), "-1"),
    "65 dimensions": ((*FIRST_OUTPUT, "shape"), str([1] * 65)),
    "a dimension below 0": ((*FIRST_OUTPUT, "shape"), "[-1]"),
    "three parts of a complex number": ((*FIRST_OUTPUT, "first_wrong", "cpu"), "[1, 2, 3]"),
    "no place": ((*FIRST_OUTPUT, "first_wrong"), '{"cpu": 1, "device": 2, "exact": 1}'),
    "101 outputs": ((*FIRST_OUTPUT[:-1],), json.dumps([OTHER] * 101)),
    "more wrong runs than can be": ((*FIRST_OUTPUT[:-2], "wrong_runs"), "1001"),
    "a wrong run less than none": ((*FIRST_OUTPUT[:-2], "wrong_runs"), "-1"),
    "no output": ((*FIRST_OUTPUT[:-1],), "[]"),
    "no attempt": (("records", 0, "attempts"), "[]"),
    "an outcome that does not exist": (("records", 0, "attempts", 0, "outcome"), '"fine"'),
    "too much of stderr": (("records", 0, "attempts", 0, "stderr"), json.dumps("x" * 2001)),
    "a canary after record 5,001": (("canaries", 0, "after"), "5001"),
    "a canary without a name": (("canaries", 0, "name"), '""'),
    "a dtype that no run is in": (("dtypes", 0), '"int64"'),
    "the first version": (("schema",), "1"),
    "lists in lists": (("provenance", "gpu"), "[" * 950 + "]" * 950),
    "lists in lists in lists": (("provenance", "gpu"), "[" * 200_000 + "]" * 200_000),
    "no version": (("provenance", "torch"), '"2.8.foo"'),
    "digits of another script": (("provenance", "macos"), '"१५"'),
    "line end": (("provenance", "macos"), '"15.6\\n"'),
    "day": (("provenance", "date"), '"2026-13-41T17:00:00Z"'),
    "twice": (("provenance", "variables"), '{"a": "b", "a": "c"}'),
    "control characters in a name": (("provenance", "variables"), '{"\\u001b[31m\\n": 1}'),
    "no CPU": ((*FIRST_OUTPUT, "cpu"), "null"),
    "another shape, and numbers": (FIRST_OUTPUT, json.dumps(OUTPUT | OTHER)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_site_says_in_one_sentence_which_file_it_cannot_take(case, tmp_path, monkeypatch):
    path, word = CASES[case]
    run = copy.deepcopy(RUN)
    at(run, path[:-1])[path[-1]] = Raw(word)
    (tmp_path / "from-a-stranger.json").write_text(written(run))
    monkeypatch.setattr(results, "RUNS", tmp_path)
    monkeypatch.setattr(report, "write", lambda found: len(found))  # a file that is taken must not reach docs/
    done = CliRunner().invoke(main, ["site"])
    assert done.exit_code == 2 and isinstance(done.exception, SystemExit)
    assert done.output.startswith("from-a-stranger.json ") and done.output.count("\n") == 1
    assert is_one_sentence(done.output.strip())


def test_a_file_that_is_no_text_and_one_that_is_a_folder_are_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{}")
    (tmp_path / "b.json").mkdir()
    (tmp_path / "c\n\x1b[31m.json").write_text("{}")
    for path in (tmp_path / "a.json", tmp_path / "b.json", tmp_path / "gone.json"):
        assert outcome(path) is None
    with pytest.raises(results.BadResults) as error:
        results.read(tmp_path / "c\n\x1b[31m.json")
    assert is_one_sentence(str(error.value))


def unbounded(schema, path="") -> list[str]:
    """The places of a schema where a number has no bounds, a string or a list no length."""
    if isinstance(schema, list):
        return [found for n, part in enumerate(schema) for found in unbounded(part, f"{path}/{n}")]
    if not isinstance(schema, dict):
        return []
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds) if isinstance(kinds, list) else set()
    found = []
    if kinds & {"number", "integer"} and not (
        {"minimum", "exclusiveMinimum"} & set(schema) and {"maximum", "exclusiveMaximum"} & set(schema)
    ):
        found.append(f"{path}: a number")
    if "string" in kinds and "maxLength" not in schema and not exact(schema.get("pattern", "*")):
        found.append(f"{path}: a string")
    if "array" in kinds and "maxItems" not in schema:
        found.append(f"{path}: a list")
    if "object" in kinds and schema.get("additionalProperties") is not False and "maxProperties" not in schema:
        found.append(f"{path}: an object")
    return found + [place for key, part in schema.items() for place in unbounded(part, f"{path}/{key}")]


def exact(pattern: str) -> bool:
    """True if a pattern allows for no string of any length."""
    return not set("*+") & set(pattern.replace("\\+", ""))


def test_everything_in_a_run_file_has_bounds():
    schema = json.loads(results.SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert unbounded(schema) == []
    assert unbounded({"a": {"type": "number", "minimum": 0}, "b": {"type": ["string", "null"]}}) != []


@pytest.mark.parametrize(
    "version", ["2.13.0+cpu", "2.8.0.dev20250610", "2.6.0a0+df5bbc09d1.nv24.12", "2.1.0rc2", "2.8"]
)
def test_versions_that_torch_has_are_taken(version):
    run = copy.deepcopy(RUN)
    run["provenance"]["torch"] = version
    assert results.check(run, "run") is run
    assert measured.index(BUGS, {"run": run}).of(BUGS[0].slug)
