"""Autoencoders in Keras: the helpers that the chapters import, and the command line."""

__version__ = "0.1.0"
