"""The demo shop's pictures, drawn as vectors: one light from the upper left, one low camera."""
