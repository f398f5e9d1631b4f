"""How Faust moves whole record batches instead of records."""
