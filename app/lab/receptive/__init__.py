"""Receptive fields seen by gradients: what can reach an output at all, and with how much weight it does."""
