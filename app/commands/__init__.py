"""The bodies of the `c360` commands. What they need is imported inside them, so that `c360 --help` is quick."""
