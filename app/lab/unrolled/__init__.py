"""The unrolled training loop: its gradient by the learning rate, what each way keeps, and its graph."""
