"""modbot moderates the comments on a school district's social media pages."""

__version__ = "0.1.0"
