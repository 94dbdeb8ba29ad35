"""Building blocks of pages: plain functions that return components; no callbacks."""
