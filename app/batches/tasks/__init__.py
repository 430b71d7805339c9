"""What workers run beside the demos of the lab, found the same way."""
