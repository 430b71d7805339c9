"""Pictures in and out of bytes, colour spaces, resampling and measures; NumPy and Pillow only."""
