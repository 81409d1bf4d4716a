"""Chapter 9 computed another way: by quantiles, by integrals, and with other people's variances."""

import math
import statistics

import numpy as np
from scipy import integrate, stats


def by_quantiles(z_mean, z_log_var, epsilon):
    """The point of N(µ, σ²) that lies as high in it as ε lies in N(0, 1)."""
    sigma = np.sqrt(np.exp(z_log_var))
    return stats.norm.ppf(stats.norm.cdf(epsilon), loc=z_mean, scale=sigma)


def by_integral(mu, sigma):
    """∫ q ln(q / p), variable by variable."""

    def integrand(z, m, s):
        log_ratio = (z * z - ((z - m) / s) ** 2) / 2 - math.log(s)
        return statistics.NormalDist(m, s).pdf(z) * log_ratio

    return math.fsum(
        integrate.quad(integrand, m - 12 * s, m + 12 * s, args=(m, s), points=[m])[0]
        for m, s in zip(mu.tolist(), sigma.tolist(), strict=True)
    )


def by_statistics(z_mean):
    columns = zip(*z_mean.tolist(), strict=True)
    return sum(statistics.pvariance(column) > 0.01 for column in columns)


def mean_of_integrals(z_mean, z_log_var):
    pairs = zip(z_mean, z_log_var, strict=True)
    return statistics.fmean(by_integral(m, np.exp(v / 2)) for m, v in pairs)


ORACLES = {
    "9.1": by_quantiles,
    "9.2": by_integral,
    "9.4": by_statistics,
    "9.5": mean_of_integrals,
}
