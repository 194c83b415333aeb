"""Which check of a whole model catches which fault: the faults, one row a fault and model, and what follows from the rows."""

DEVICE = "emu"  # the one that can be made sick
