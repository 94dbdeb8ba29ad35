"""A rendered multi-camera experiment with exact truth: the demo, and the truth of the tests."""
