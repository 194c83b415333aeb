import pytest

from mpscheck.lint import imports

from .conftest import good_source, replaced


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("import torch\n", "import numpy\nimport torch\n", "imports numpy"),
        (
            "import torch\n",
            "import torch\nfrom mpscheck.runs.numerics import verdict\n",
            "imports mpscheck.runs.numerics",
        ),
        ("import torch\n", "import torch\nfrom . import helper\n", "imports .: "),
        ("def inputs():\n", "def inputs():\n    import scipy.stats\n", "imports scipy.stats"),
        ("import torch\n", "# /// script\n# ///\nimport torch\n", "hides the reader's own torch"),
    ],
)
def test_fires(problem, old, new, says):
    assert says in problem(imports, replaced(good_source(), old, new))


def test_needs_torch(problem):
    bad = good_source().replace("import torch.nn.functional as F\n", "").replace("import torch\n", "import math\n")
    assert "does not import torch" in problem(imports, bad)


def test_the_standard_library_is_clean(snippet):
    assert list(imports.check(snippet(replaced(good_source(), "import torch\n", "import math\nimport torch\n")))) == []
