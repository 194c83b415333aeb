"""audit_mps.py: which known bugs would a program's own calls meet?

- branches: parts of a source file that run, or do not run, because it is on mps
- places: the line of the program, the library and the `nn.Module` that a call comes from
- matching: a call held against the triggers of the known bugs
- findings: what was found, as data and in words
- report: all of it together: called by the recorder, asked by the user
- command: `with audit() as report:` and the command line
"""

from mpscheck.tools.audit.command import audit
from mpscheck.tools.audit.report import Report

__all__ = ["Report", "audit"]
