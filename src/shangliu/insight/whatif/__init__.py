"""What if: the last days once more, with something changed."""
