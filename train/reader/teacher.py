"""The large model: its file, its tokens, and the vectors that it gives to the words of a text."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

LAYERS = 8  # of twelve
BATCH = 6_000  # tokens
PREFIX = "query: "  # the model was trained with it
LONGEST = 509  # tokens beside the two that frame a text
EDGE = "\u2581"

Floats = NDArray[np.float32]


class Teacher:
    """The first layers of the model, run in half precision."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        (self.width, _, self.heads, self.inner, vocabulary, _, _, self.tiny, _) = struct.unpack_from("<7ifi", self._data, 8)
        pieces, self.first, self.last, self.blank, self.unknown, size = struct.unpack_from("<5iQ", self._data, 44)
        at = 44 + 28
        offsets = np.frombuffer(self._data, np.uint32, pieces + 1, at)
        at += offsets.nbytes
        scores = np.frombuffer(self._data, np.float32, pieces, at)
        at += scores.nbytes
        words = [self._data[at + a : at + b].decode("utf-8", "replace") for a, b in pairwise(offsets)]
        self._pieces = {word: (number, float(score)) for number, (word, score) in enumerate(zip(words, scores, strict=True)) if word}
        self._unsaid = float(scores.min()) - 10
        self._longest = max(map(len, self._pieces))
        at += size
        count, size = struct.unpack_from("<iI", self._data, at)
        self._folded = self._read_folding(at + 8, count)
        self._tensors = self._read_directory(at + 8 + size)
        self._words = self._packed("emb.word", vocabulary, self.width)
        self._places = self._plain("emb.pos").view(-1, self.width) + self._plain("emb.type")[: self.width]
        self._norm = self._plain("emb.ln.w"), self._plain("emb.ln.b")
        self._layers = [self._layer(number) for number in range(LAYERS)]

    def vectors(self, texts: Sequence[str]) -> Iterator[tuple[int, Floats]]:
        """The number of a text and a row for each of its words (parted by blanks); texts that do not come out even are left out."""
        tokens = [self._tokens(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda number: len(tokens[number][0]))
        while order:
            some = [order.pop(0)]
            while order and len(tokens[order[0]][0]) * (len(some) + 1) < BATCH:
                some.append(order.pop(0))
            states = self._states([tokens[number][0] for number in some])
            for row, number in enumerate(some):
                words, count = np.array(tokens[number][1]), len(texts[number].split())
                if words.max(initial=-1) + 1 == count > 2:
                    inside = words >= 0
                    sums = np.zeros((count, self.width), np.float32)
                    np.add.at(sums, words[inside], states[row, : len(words)][inside])
                    yield number, sums / np.bincount(words[inside], minlength=count)[:, None]

    @torch.inference_mode()
    def _states(self, rows: Sequence[Sequence[int]]) -> Floats:
        longest, half = max(map(len, rows)), torch.bfloat16
        ids = torch.tensor([[*row, *[self.blank] * (longest - len(row))] for row in rows])
        hidden = torch.zeros(len(rows), 1, 1, longest, dtype=half)
        for number, row in enumerate(rows):
            hidden[number, ..., len(row) :] = -1e4
        shape = (len(rows), longest, 3, self.heads, self.width // self.heads)
        value = functional.layer_norm(self._words[ids].float() + self._places[:longest], (self.width,), *self._norm, self.tiny)
        for layer in self._layers:
            asked, known, told = functional.linear(value.to(half), *layer["all"]).view(shape).permute(2, 0, 3, 1, 4)
            seen = functional.scaled_dot_product_attention(asked, known, told, attn_mask=hidden).transpose(1, 2).reshape(*shape[:2], -1)
            value = functional.layer_norm(value + functional.linear(seen, *layer["ao"]).float(), (self.width,), *layer["aln"], self.tiny)
            thought = functional.linear(functional.gelu(functional.linear(value.to(half), *layer["fi"])), *layer["fo"])
            value = functional.layer_norm(value + thought.float(), (self.width,), *layer["oln"], self.tiny)
        states: Floats = value.numpy()
        return states

    def _tokens(self, text: str) -> tuple[list[int], list[int]]:
        """The tokens of a text, and for each the number of the word that it belongs to, or -1."""
        ids, owners, word = [self.first], [-1], -2
        for piece in self._split(PREFIX + " ".join(text.split()))[:LONGEST]:
            word += piece.startswith(EDGE)
            ids.append(self._pieces.get(piece, (self.unknown, 0.0))[0])
            owners.append(word)
        return [*ids, self.last], [*owners, -1]

    def _split(self, text: str) -> list[str]:
        """The likeliest pieces of a text, word by word: no piece reaches over an edge."""
        folded = "".join(self._folded.get(sign, sign) for sign in text)
        return [piece for word in folded.split(" ") if word for piece in self._split_word(EDGE + word)]

    @lru_cache(maxsize=200_000)  # noqa: B019 - one teacher lives as long as the program
    def _split_word(self, word: str) -> tuple[str, ...]:
        best: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
        for end in range(1, len(word) + 1):
            options = [(best[end - 1][0] + self._unsaid, (*best[end - 1][1], word[end - 1 : end]))]
            for start in range(max(0, end - self._longest), end):
                known = self._pieces.get(word[start:end])
                if known is not None and known[0] != self.unknown:
                    options.append((best[start][0] + known[1], (*best[start][1], word[start:end])))
            best.append(max(options, key=lambda option: option[0]))
        return best[-1][1]

    def _read_folding(self, at: int, count: int) -> dict[str, str]:
        folded: dict[str, str] = {}
        for _ in range(count):
            sign, size = struct.unpack_from("<IB", self._data, at)
            folded[chr(sign)] = "".join(map(chr, struct.unpack_from(f"<{size}I", self._data, at + 5)))
            at += 5 + 4 * size
        return folded

    def _read_directory(self, at: int) -> dict[str, tuple[int, int]]:
        (count,) = struct.unpack_from("<i", self._data, at)
        at += 4
        found: dict[str, tuple[int, int]] = {}
        for _ in range(count):
            (size,) = struct.unpack_from("<H", self._data, at)
            name = self._data[at + 2 : at + 2 + size].decode()
            found[name] = struct.unpack_from("<QQ", self._data, at + 2 + size + 5)
            at += 2 + size + 5 + 16
        return found

    def _packed(self, name: str, rows: int, columns: int) -> Any:
        """Blocks of 32 weights: a half-precision scale and sixteen bytes, the low halves first."""
        blocks = np.frombuffer(self._data, np.uint8, rows * columns // 32 * 18, self._tensors[name][0]).reshape(-1, 18)
        scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        whole = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype(np.float32) - 8
        return torch.tensor((whole * scale).reshape(rows, columns)).to(torch.bfloat16)

    def _plain(self, name: str) -> Any:
        at, size = self._tensors[name]
        return torch.tensor(np.frombuffer(self._data, np.float32, size // 4, at).copy())

    def _layer(self, number: int) -> dict[str, Any]:
        def both(name: str, rows: int, columns: int) -> tuple[Any, Any]:
            return self._packed(f"l{number}.{name}.w", rows, columns), self._plain(f"l{number}.{name}.b").to(torch.bfloat16)

        parts = [both(name, self.width, self.width) for name in "qkv"]
        norms = {name: (self._plain(f"l{number}.{name}.w"), self._plain(f"l{number}.{name}.b")) for name in ("aln", "oln")}
        return {
            "all": (torch.cat([weight for weight, _ in parts]), torch.cat([bias for _, bias in parts])),
            "ao": both("ao", self.width, self.width),
            "fi": both("fi", self.inner, self.width),
            "fo": both("fo", self.width, self.inner),
            **norms,
        }
