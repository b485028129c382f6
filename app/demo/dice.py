"""Chance that is the same on every machine.

Facts about one customer that others ask for (who brought it in, how content it is) are hashes of (seed, customer, salt),
so that any customer can be looked at on its own. The long draws of a customer's own story come from the standard
library's Mersenne Twister, seeded for each customer: `Random.seed(int)` and `Random.random()` are the two calls whose
output Python promises to keep. Everything else is integer arithmetic, multiplication and square roots, which IEEE 754
rounds in one way only; logarithms and sines may differ between C libraries and are not used.
"""

from __future__ import annotations

from math import sqrt

MASK = 2**64 - 1
_UNIT = 2.0**-53


def mix(seed: int, index: int, salt: int) -> int:
    """A 64-bit hash: the output function of splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
    generators") over a linear mix of the three numbers.
    """
    z = (seed * 0xD1342543DE82EF95 + index * 0x9E3779B97F4A7C15 + salt * 0xDA942042E4DD58B5 + 0x2545F4914F6CDD1D) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def fraction(seed: int, index: int, salt: int) -> float:
    """`mix` as a number in [0, 1); written out again, for a call would cost as much as the arithmetic."""
    z = (seed * 0xD1342543DE82EF95 + index * 0x9E3779B97F4A7C15 + salt * 0xDA942042E4DD58B5 + 0x2545F4914F6CDD1D) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 11) * _UNIT


def pareto(u: float, *, least: float, most: int) -> int:
    """A whole number from a Pareto distribution with exponent 4/3 (mean 4 * least before the cap), for `u` in [0, 1)."""
    root = sqrt(1.0 - u)
    return min(most, int(least / (root * sqrt(root))))
