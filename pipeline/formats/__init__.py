"""One module per file format, listed in :mod:`pipeline.formats.registry`; importing this package imports none."""
