"""The tools that are handed out as single files: see `mpscheck.bundle`."""
