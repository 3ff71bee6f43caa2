"""Encoders: from an image to a vector."""
