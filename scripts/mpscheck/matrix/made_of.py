"""What the cells of the detection matrix depend on, beside the emulated device: code, as hashes."""

import hashlib
from pathlib import Path

from mpscheck import results


def fingerprints() -> dict[str, str]:
    """What the cells depend on beside the emulated device: a hash of each part, by name."""
    package = Path(__file__).parents[1]
    parts = {
        "validate_mps.py": [results.ROOT / "snippets" / "validate_mps.py"],
        "faults": [package / "matrix" / "faults.py", package / "matrix" / "measure.py"],
        "locate and audit": sorted((package / "tools").rglob("*.py")),
    }
    return {
        name: hashlib.sha256(b"".join(p.read_bytes() for p in paths)).hexdigest()[:16] for name, paths in parts.items()
    }
