"""pass@k and pass n@k, with their intervals."""
