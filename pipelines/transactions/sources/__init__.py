"""One module per input format: files -> RECORD rows.

`registry` lists them, `inputs.detection` chooses between them.
"""
