"""State-driven Implicit Modeling: from a trained network to an implicit model that does its work.

Tsai et al., State-driven Implicit Modeling for Sparsity and Robustness in Neural Networks, 2022.
"""
