"""Analyzers of images, and the decoding and measuring that they rest on."""
