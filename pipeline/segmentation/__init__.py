"""Segment animals."""
