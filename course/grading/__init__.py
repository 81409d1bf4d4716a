"""Grading: the trusted parent holds the marks; a worker in a sandbox holds one submission."""
