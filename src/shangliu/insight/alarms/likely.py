"""How likely a count is where another one is usual."""

from __future__ import annotations

from math import ceil, erfc, exp, lgamma, log, log1p


def poisson_at_most(count: int, mean: float) -> float:
    """How likely at most so many are where `mean` are usual."""
    if mean > 500:
        return 0.5 * erfc((mean - count - 0.5) / (2 * mean) ** 0.5)
    term = total = exp(-mean)
    for n in range(1, count + 1):
        term *= mean / n
        total += term
    return min(total, 1.0)


def poisson_at_least(count: int, mean: float) -> float:
    return 1.0 if count <= 0 else max(0.0, 1.0 - poisson_at_most(ceil(count) - 1, mean))


def binomial_at_most(count: int, of: int, part: float) -> float:
    """How likely at most so many of all are where `part` is usual; by the normal law for many."""
    if count >= of * part:
        return 1.0
    if of > 2000:
        spread = (2 * of * part * (1 - part)) ** 0.5
        return 0.5 * erfc((of * part - count - 0.5) / spread)
    whole, yes, no = lgamma(of + 1), log(part), log1p(-part)
    return min(
        1.0,
        sum(
            exp(whole - lgamma(n + 1) - lgamma(of - n + 1) + n * yes + (of - n) * no)
            for n in range(count + 1)
        ),
    )
