"""Layered networks as implicit models: the same function, its states those of every activation."""

from __future__ import annotations

from evalcore_implicit.embedding.embedded import Block, Embedded
from evalcore_implicit.embedding.network import embed
from evalcore_implicit.embedding.rescaling import rescale
from evalcore_implicit.embedding.residual import Residual
from evalcore_implicit.embedding.sparse import SparseMatrix

__all__ = ["Block", "Embedded", "Residual", "SparseMatrix", "embed", "rescale"]
