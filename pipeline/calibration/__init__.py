"""Calibrate cameras."""
