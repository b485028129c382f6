"""Redis: the wire to it, which is all that knows its client, and the profiles that are kept there."""
