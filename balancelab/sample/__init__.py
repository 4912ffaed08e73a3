"""
The synthetic province: a school table of any size, made from a seed. **No school in it exists.**

Everything is drawn with the numbers of ``province.toml``. The first twelve counties play roles (one passes everything,
one fails by coefficients only, one lies exactly on the border, …: the table in ``data/README.md``), the others are
drawn at random. County k is the same however many counties there are, and a year is the same however many years.

Outcomes follow a stated model, so that a regression can be asked to find it again (q: teachers above the required
qualification per 100 students; e: equipment value per student, in 1,000 yuan; m: migrant students ÷ students)::

    mean_score = a[stage] + 0.8 q + 1.0 e − 12 m + location + 0.4 (year − 2024) + county + school + noise

with a = 70 (primary), 62 (junior); location 0 (urban), −2 (town), −5 (rural); county effect of standard deviation 2.5,
correlated 0.5 with the county's wealth, so that the two slopes are biased where county effects are left out; school
effect N(0, 2²), the same in all years; noise N(0, 0.8² + 12²/students). The resources index of the model is
0.8 q + 1.0 e. ``logit(proficiency_rate) = (mean_score − 60) / 8 + N(0, 0.15²)``, rounded to whole students. Scores are
held within 0 and 100; stages with fewer than 50 students and special schools have none. A test holds that these are the
numbers of ``province.toml``.

>>> schools = make_sample(counties=2, schools_per_county=20, years=1, seed=1)
>>> schools["county"].unique().tolist()
['示例县', '青禾区']
"""

from __future__ import annotations

from balancelab.sample.making import DEFAULT_SEED, make_sample
from balancelab.sample.writing import write_sample

__all__ = ["DEFAULT_SEED", "make_sample", "write_sample"]
