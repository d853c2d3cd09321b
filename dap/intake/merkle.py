"""Merkle trees as RFC 6962 has them: roots, proofs of inclusion and of consistency, and their checks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Node = Callable[[int, int], bytes]
"""Gives the hash of the whole subtree of 2**level leaves at that index of its level."""

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry; the prefix keeps an entry from passing for a node (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def add_leaf(peaks: list[bytes], size: int, leaf: bytes) -> list[tuple[int, int, bytes]]:
    """Add the leaf to the peaks of a tree of that size, in place.

    Gives the whole subtrees that it made, as (level, index, hash).
    """
    made = [(0, size, leaf)]
    while size & 1:
        level, _, right = made[-1]
        size >>= 1
        made.append((level + 1, size, node_hash(peaks.pop(), right)))
    peaks.append(made[-1][2])
    return made


def root_of(peaks: Sequence[bytes]) -> bytes:
    """The root of the tree whose whole subtrees, from the left and largest on, are the peaks."""
    if not peaks:
        return EMPTY
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def _subtree(node: Node, start: int, size: int) -> bytes:
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    left = _split(size)
    return node_hash(_subtree(node, start, left), _subtree(node, start + left, size - left))


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """The hashes that lead from a leaf to the root of the tree of that size, the nearest first."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    path: list[bytes] = []
    start = 0
    while size > 1:
        left = _split(size)
        if index - start < left:
            path.append(_subtree(node, start + left, size - left))
            size = left
        else:
            path.append(_subtree(node, start, left))
            start, size = start + left, size - left
    return path[::-1]


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """The hashes that show the tree of the old size to be the beginning of the one of the new size."""
    if not 0 <= old <= new:
        raise ValueError("no such sizes")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, size, whole = 0, new, True
    while old - start != size:
        left = _split(size)
        if old - start <= left:
            path.append(_subtree(node, start + left, size - left))
            size = left
        else:
            path.append(_subtree(node, start, left))
            start, size, whole = start + left, size - left, False
    if not whole:
        path.append(_subtree(node, start, size))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves the leaf to stand at that index of the tree with that root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(each, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, each)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves the new tree to begin with the old one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new or old == 0:
        return not path and (old_root == new_root if old == new else old_root == EMPTY)
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = steps[0]
    for each in steps[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = node_hash(each, first), node_hash(each, second)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            second = node_hash(second, each)
        here, last = here >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
