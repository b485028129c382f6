"""The process: settings, wiring, HTTP endpoints, cache, background work, command line."""
