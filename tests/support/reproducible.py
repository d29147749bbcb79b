"""Numbers that Python and C++ make alike, and what stands for a large tensor in a golden file.

reproducible.hpp is the same in C++. Numbers are SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) as doubles in [-1, 1).
"""
import numpy as np


def uniform(seed, count):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15
        )
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0


def array(seed, shape, scale=1.0):
    return scale * uniform(seed, int(np.prod(shape, dtype=np.int64))).reshape(shape)


def integers(seed, shape, bound):
    return np.minimum(((array(seed, shape) + 1) / 2 * bound).astype(np.int64), bound - 1)


def fingerprint(values):
    """Two products with fixed numbers, and the length: they differ if the values do, in place or in size."""
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    return [
        float(flat @ uniform(1001, flat.size)),
        float(flat @ uniform(1002, flat.size)),
        float(np.sqrt(flat @ flat)),
    ]
