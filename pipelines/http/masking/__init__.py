"""Masking of secrets and personal values.

`transaction` says which text gets which masker; `names` and `issuers` say what is secret.
"""
