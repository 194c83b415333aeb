"""The subcommands of `mpscheck`, one a module; each `main` returns the exit code."""
