"""What a placeholder of a path template looks like: one definition for learning and for documents."""

from __future__ import annotations

PLACEHOLDER = r"\{([A-Za-z_][A-Za-z0-9_.-]{0,63})\}"
"""Braces around anything else are ordinary characters of a path. Means the same in `re` and in
java.util.regex.
"""
