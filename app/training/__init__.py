"""Data sets, recipes, the training loop and the measures; some recipes need the `train` extra."""
