"""Batches: many pictures coloured by one job, each with its own outcome, and taken away as one ZIP."""
