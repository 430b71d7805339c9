"""Picture in, picture out: registry of models, the engine that runs them, decoding, full-size output."""
