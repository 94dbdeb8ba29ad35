"""Plotly figures as plain functions, and the look that they share."""
