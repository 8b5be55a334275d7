"""Estimators: implicit models, and what they are compared with.

What a spec names stands in the modules of this package, each class with its settings; these import
neither torch nor scikit-learn before something is fitted. `modules` has the networks themselves.
"""
