"""The networks of the estimators, in torch."""
