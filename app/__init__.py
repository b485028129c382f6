"""The process: settings, wiring, HTTP endpoints, cache, background work, command line."""

__version__ = "0.1.0"
