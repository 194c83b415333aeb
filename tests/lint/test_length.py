from mpscheck.lint import length

from .conftest import good_source, replaced


def test_fires(problem):
    first = "    generator = torch.Generator().manual_seed(0)\n"
    assert "lines of code" in problem(length, replaced(good_source(), first, first + "    x = 1\n" * 50))


def test_counts_neither_docstring_nor_metadata_nor_main_block(snippet):
    source = good_source()
    end = '"""\n\nBUG = {'
    longer = replaced(source, end, "More.\n" * 90 + end)
    longer = replaced(longer, '    "macos":', "    #\n" * 90 + '    "macos":')
    longer = replaced(
        longer,
        '    sys.exit(0 if found[compute] == "agrees" else 3)\n',
        "    pass\n" * 90 + '    sys.exit(0 if found[compute] == "agrees" else 3)\n',
    )
    assert list(length.check(snippet(longer))) == []


def test_sixty_lines_are_allowed(snippet):
    source = good_source()
    code = source[source.index("import torch\n") : source.index("# The lines below")].rstrip().count("\n") + 1
    first = "    generator = torch.Generator().manual_seed(0)\n"
    assert list(length.check(snippet(replaced(source, first, first + "    x = 1\n" * (60 - code))))) == []
    assert len(list(length.check(snippet(replaced(source, first, first + "    x = 1\n" * (61 - code)))))) == 1
