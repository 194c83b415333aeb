"""validate_mps.py: does a model compute on this device what it computes on the CPU?

- checks: what each check computes, as functions of a model and its inputs
- report: `validate(model, …)`, one verdict for each check, and what is said of them
- run: a model and its copy on the device, and the three answers that are compared
- calls: what a model is called with and gives, and copies of it
- compare: the rule for one tensor; modes: float64, other roundings, the same random draws
- command: the command line

The file is built by `mpscheck.tools.bundle`, in the order in which a person reads it: usage and checks first.
"""

from mpscheck.tools.validate.report import Report, validate

__all__ = ["Report", "validate"]
