"""What the cells of the detection matrix depend on, beside the emulated device: code, as hashes."""

from pathlib import Path

from mpscheck import results
from mpscheck.code_hash import code_hash


def fingerprints() -> dict[str, str]:
    """What the cells depend on beside the emulated device: a hash of each part, by name."""
    package = Path(__file__).parents[1]
    parts = {
        "validate_mps.py": [results.ROOT / "snippets" / "validate_mps.py"],
        "faults": [package / "matrix" / "faults.py", package / "matrix" / "measure.py"],
        "locate and audit": sorted((package / "tools").rglob("*.py")),
    }
    return {name: code_hash(path.read_text(encoding="utf-8") for path in paths) for name, paths in parts.items()}
