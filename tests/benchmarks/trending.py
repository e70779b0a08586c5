"""Does the trending score foretell votes better than the votes themselves?

``python -m tests.benchmarks.trending`` ranks the papers of each recorded capture of a daily list by
what was known then, and compares with the last capture of the same list. Five days, three of them
captured more than twice: the score's constants were looked at on the same days, so small
differences mean nothing. The last lines choose the half-life for each day on the other four.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from math import log2
from pathlib import Path
from statistics import StatisticsError, correlation, fmean
from time import process_time

from bot.models import Paper, Snapshot
from bot.trending import Contender, Period, most_trending, trending_score
from tests.conftest import SHARED_DATA

TOP = 5
"""What a small digest shows."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A daily list as it was captured, with everything that the earlier captures said."""

    day: date
    taken_at: datetime
    seen: Mapping[str, Sequence[Snapshot]]
    """Paper id → snapshots until this capture."""
    published_at: Mapping[str, datetime]
    listed_at: Mapping[str, datetime]
    """When somebody brought each paper: a bot that looks every half hour knows it about."""

    @property
    def repeated(self) -> bool:
        """Whether some paper was looked at before."""
        return any(len(snapshots) > 1 for snapshots in self.seen.values())

    def votes(self, paper_id: str) -> float:
        return self.seen[paper_id][-1].upvotes or 0


Score = Callable[[Moment, str], float]


def raw_votes(moment: Moment, paper_id: str) -> float:
    return moment.votes(paper_id)


def ours(moment: Moment, paper_id: str) -> float:
    """Return the score of a paper that the bot sees for the first time."""
    published_at = moment.published_at[paper_id]
    return trending_score(moment.seen[paper_id], now=moment.taken_at, published_at=published_at)


def ours_listed(
    moment: Moment, paper_id: str, half_life: timedelta = Period.DAY.half_life
) -> float:
    """Return the score of a paper that the bot saw join the list."""
    return trending_score(
        moment.seen[paper_id],
        now=moment.taken_at,
        listed_at=moment.listed_at[paper_id],
        half_life=half_life,
    )


SCORES: dict[str, Score] = {"raw votes": raw_votes, "ours": ours, "ours, joining seen": ours_listed}
HALF_LIVES = [timedelta(hours=hours) for hours in (6, 9, 12, 18, 24, 36, 48)]


def moments(data: Path) -> list[Moment]:
    """Return the recorded captures, by day and time."""
    found: list[Moment] = []
    for path in sorted((data / "hf" / "daily_papers_snapshots").glob("*.json.gz")):
        day, taken = path.name.removesuffix("Z.json.gz").split("__captured_")
        taken_at = datetime.strptime(taken, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        earlier = found[-1].seen if found and found[-1].day.isoformat() == day else {}
        found.append(_moment(date.fromisoformat(day), taken_at, path, earlier))
    return found


def _moment(
    day: date, taken_at: datetime, path: Path, earlier: Mapping[str, Sequence[Snapshot]]
) -> Moment:
    seen: dict[str, Sequence[Snapshot]] = {}
    published_at: dict[str, datetime] = {}
    listed_at: dict[str, datetime] = {}
    for record in json.loads(gzip.decompress(path.read_bytes())):
        paper = record["paper"]
        look = Snapshot(
            paper["id"], "huggingface", taken_at, paper["upvotes"], record["numComments"]
        )
        seen[paper["id"]] = [*earlier.get(paper["id"], ()), look]
        published_at[paper["id"]] = datetime.fromisoformat(paper["publishedAt"])
        # In these years the entry's own publishedAt was when it was brought.
        listed_at[paper["id"]] = datetime.fromisoformat(record["publishedAt"])
    return Moment(day, taken_at, seen, published_at, listed_at)


@dataclass(frozen=True, slots=True)
class Foretold:
    """How a ranking at one moment compares with what came."""

    final: float
    """Spearman's rho with the votes at the last capture, from -1 to 1."""
    gained: float
    """Spearman's rho with the votes gained until then."""
    small: float
    """The same among the papers with fewer votes than the median's."""
    top: float
    """NDCG of the votes gained by the first ``TOP``, from 0 to 1."""


def foretold(moment: Moment, last: Moment, score: Score) -> Foretold:
    """Compare a ranking with the last capture; papers that it lacks are left out."""
    ids = sorted(moment.seen.keys() & last.seen.keys())
    scores = [score(moment, paper_id) for paper_id in ids]
    final = [last.votes(paper_id) for paper_id in ids]
    gained = [max(0.0, last.votes(paper_id) - moment.votes(paper_id)) for paper_id in ids]
    median = sorted(moment.votes(paper_id) for paper_id in ids)[len(ids) // 2]
    small = [n for n, paper_id in enumerate(ids) if moment.votes(paper_id) < median]
    return Foretold(
        spearman(scores, final),
        spearman(scores, gained),
        spearman([scores[n] for n in small], [gained[n] for n in small]),
        ndcg(scores, gained, TOP),
    )


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the rank correlation, equal values sharing their mean rank; 0 where one is constant.

    https://en.wikipedia.org/wiki/Spearman%27s_rank_correlation_coefficient
    """
    try:
        return correlation(_ranks(one), _ranks(other))
    except StatisticsError:
        return 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    ranks = [0.0] * len(values)
    order = sorted(range(len(values)), key=values.__getitem__)
    below = 0
    for _, group in groupby(order, key=values.__getitem__):
        equal = list(group)
        for n in equal:
            ranks[n] = below + (len(equal) - 1) / 2
        below += len(equal)
    return ranks


def ndcg(scores: Sequence[float], gains: Sequence[float], top: int) -> float:
    """Return the normalised discounted gain of the best; 0 where nothing was gained.

    https://en.wikipedia.org/wiki/Discounted_cumulative_gain
    """
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    ideal = _discounted(sorted(gains, reverse=True)[:top])
    return _discounted([gains[n] for n in order[:top]]) / ideal if ideal else 0.0


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, 1))


def compared(captures: Sequence[Moment]) -> Iterator[tuple[Moment, Moment]]:
    """Yield each capture with its day's last, but for the last."""
    lasts = {moment.day: moment for moment in captures}
    for moment in captures:
        if moment is not lasts[moment.day]:
            yield moment, lasts[moment.day]


def mean_of_days(found: Sequence[tuple[date, Foretold]]) -> Foretold:
    """Average within each day first: one day has half of the captures."""

    def mean(measure: str) -> float:
        by_day: dict[date, list[float]] = {}
        for day, values in found:
            by_day.setdefault(day, []).append(getattr(values, measure))
        return fmean(map(fmean, by_day.values()))

    return Foretold(mean("final"), mean("gained"), mean("small"), mean("top"))


def seconds_to_rank(count: int, *, looks: int) -> float:
    """Return how long ranking so many made-up papers takes the processor; the best of three."""
    now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    contenders = _made_up(count, looks=looks, now=now)

    def once() -> float:
        began = process_time()
        most_trending(contenders, now=now, limit=25)
        return process_time() - began

    return min(once() for _ in range(3))


def _made_up(count: int, *, looks: int, now: datetime) -> list[Contender]:
    chance = random.Random(0)
    contenders: list[Contender] = []
    for number in range(count):
        paper = Paper(f"2603.{number:05}", "", published_at=now - timedelta(days=1))
        votes = sorted(chance.randrange(100) for _ in range(looks))
        snapshots = [
            Snapshot(paper.id, "huggingface", now - timedelta(hours=2 * ago), n, 1, n)
            for ago, n in zip(range(looks, 0, -1), votes, strict=True)
        ]
        contenders.append(Contender(paper, snapshots))
    return contenders


def _line(label: str, name: str, values: Foretold) -> str:
    numbers = (values.final, values.gained, values.small, values.top)
    return f"{label:<28}{name:<18}" + "".join(f"{number:>9.3f}" for number in numbers) + "\n"


def means(data: Path) -> dict[tuple[bool, str], Foretold]:
    """Return by ``Moment.repeated`` and score's name how well the rankings foretell."""
    found: dict[tuple[bool, str], list[tuple[date, Foretold]]] = {}
    for moment, last in compared(moments(data)):
        for name, score in SCORES.items():
            values = (moment.day, foretold(moment, last, score))
            found.setdefault((moment.repeated, name), []).append(values)
    return {key: mean_of_days(values) for key, values in found.items()}


def left_out(data: Path, measure: str) -> Iterator[tuple[date, timedelta, Foretold, Foretold]]:
    """Choose the half-life that does best on four days; yield how it and raw votes do on the fifth.

    Args:
        measure: ``final`` or ``gained``.
    """
    pairs = list(compared(moments(data)))
    found = {
        half_life: [
            (m.day, foretold(m, last, partial(ours_listed, half_life=half_life)))
            for m, last in pairs
        ]
        for half_life in HALF_LIVES
    }
    raw = [(m.day, foretold(m, last, raw_votes)) for m, last in pairs]
    for left in sorted({day for day, _ in raw}):

        def on_the_others(half_life: timedelta, left: date = left) -> float:
            others = [(day, values) for day, values in found[half_life] if day != left]
            return getattr(mean_of_days(others), measure)

        best = max(HALF_LIVES, key=on_the_others)
        ours_then, raw_then = (
            mean_of_days([(day, values) for day, values in some if day == left])
            for some in (found[best], raw)
        )
        yield left, best, ours_then, raw_then


def place(moment: Moment, paper_id: str, score: Score) -> int:
    """Return a paper's place by a score, counted from 1."""
    order = sorted(moment.seen, key=lambda id_: -score(moment, id_))
    return order.index(paper_id) + 1


def _left_out_lines(data: Path) -> Iterator[str]:
    for measure in ("final", "gained"):
        sums: list[tuple[float, float]] = []
        for day, half_life, chosen, raw in left_out(data, measure):
            values = getattr(chosen, measure), getattr(raw, measure)
            sums.append(values)
            hours = half_life // timedelta(hours=1)
            yield f"{day} left out, {hours:>2} h by {measure}: {values[0]:.3f}, raw {values[1]:.3f}\n"
        mean = [fmean(values) for values in zip(*sums, strict=True)]
        yield f"MEAN of days left out, {measure}: {mean[0]:.3f}, raw votes {mean[1]:.3f}\n"


def main() -> None:
    """Print the comparison, capture by capture and in the mean, and the speed."""
    out = sys.stdout
    out.write(f"{'':<46}{'final':>9}{'gained':>9}{'small':>9}{f'top {TOP}':>9}\n")
    for moment, last in compared(moments(SHARED_DATA)):
        label = f"{moment.day} at {moment.taken_at:%m-%d %H:%M}"
        for name, score in SCORES.items():
            out.write(_line(label, name, foretold(moment, last, score)))
    for (repeated, name), values in means(SHARED_DATA).items():
        out.write(_line("MEAN, seen before" if repeated else "MEAN, seen once", name, values))
    out.writelines(_left_out_lines(SHARED_DATA))
    for looks in (1, 4, 12):
        took = seconds_to_rank(10_000, looks=looks) * 1000
        out.write(f"ranking 10,000 papers with {looks} snapshots each: {took:.0f} ms\n")


if __name__ == "__main__":
    main()
