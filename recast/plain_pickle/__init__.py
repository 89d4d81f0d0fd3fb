"""Reads pickle streams of other programs without being able to do what they say.

This is not an `Unpickler` with a filter, but an interpreter of its own for the few opcodes that
plain values need. A global is looked up in the table in `objects.py` and never imported; what is
in no table (classes, functions, the extension registry, persistent ids, out-of-band buffers) ends
the reading. `pickletools` only cuts the stream into opcodes and arguments.

The result holds None, bool, int, float, str, bytes, bytearray, list, tuple, dict, set, frozenset
and NumPy arrays and scalars of plain numbers, booleans and texts, nothing else.
"""

from recast.plain_pickle.reader import MOST_VALUES, load_plain

__all__ = ["MOST_VALUES", "load_plain"]
