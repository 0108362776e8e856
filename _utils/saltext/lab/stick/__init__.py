"""The first seed: a USB stick that starts a lab where nothing is yet."""
