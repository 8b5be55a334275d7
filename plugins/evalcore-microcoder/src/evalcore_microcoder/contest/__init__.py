"""The contest: problems of the world whose compositions are in no training data."""
