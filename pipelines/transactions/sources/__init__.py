"""One module per input format: files -> RECORD rows. `registry` knows them all, `detect` tells them apart."""
