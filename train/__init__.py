"""Trains the labeller that gives the intake its second opinion: `make train` writes bot/intake/data/labeller.npz."""

import os

# One thread: the matrices are small, and the order of additions, so the weights, is the same on every machine.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
