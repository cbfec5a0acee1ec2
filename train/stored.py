"""Weights as they are shipped: whole numbers of eight bits, and a file whose bytes depend on nothing but them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def narrow(name: str, value: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    """Whole numbers of eight bits and a scale for each column; short rows stay as they are."""
    value = np.asarray(value, dtype=np.float32)
    if value.ndim == 1:
        return {name: value}
    scale = np.maximum(np.abs(value).max(0), 1e-8) / 127
    return {name: np.round(value / scale).astype(np.int8), f"{name}.scale": scale.astype(np.float32)}


def write(path: Path, stored: dict[str, NDArray[np.generic]]) -> None:
    """An .npz whose bytes depend on its content alone: fixed dates, fixed order."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(stored):
            buffer = io.BytesIO()
            np.save(buffer, stored[name], allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=(2020, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED)
