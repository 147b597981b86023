"""Every probe, by transformers: the numbers of src/reference/README.md.

    python tests/train_reference/evaluate.py src/reference/model

Intervals take whole clusters: 95 %, by the bootstrap (percentiles of 10,000 draws of clusters, seed 1)."""

import collections
import math
import random
import statistics
import sys

from golden import CLOZE, LABELS, TEXTS
from scorer import VERDICTS, Scorer, instruction, probe, review_prompt, verdict


def interval(hits, clusters):
    """The percentiles 2.5 and 97.5 of the mean, clusters drawn with replacement."""
    by_cluster = collections.defaultdict(list)
    for hit, cluster in zip(hits, clusters):
        by_cluster[cluster].append(hit)
    sums = [(sum(values), len(values)) for values in by_cluster.values()]
    draw, means = random.Random(1), []
    for _ in range(10_000):
        chosen = draw.choices(sums, k=len(sums))
        means.append(sum(s for s, _ in chosen) / sum(n for _, n in chosen))
    means.sort()
    return means[250], means[9749]


def percent(hits, clusters):
    low, high = interval(hits, clusters)
    return f"{100 * statistics.mean(hits):.0f} % [{100 * low:.0f}, {100 * high:.0f}] | {len(hits)} in {len(set(clusters))}"


def table(*columns):
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))


def cloze(scorer):
    table("pairs", "accuracy", "pairs in clusters", "mean P(correct)", "mean log ratio")
    for name in CLOZE:
        parts = collections.defaultdict(list)
        for item in probe(name):
            right = scorer.score(item["prompt"], " " + item["correct"])
            wrong = scorer.score(item["prompt"], " " + item["incorrect"])
            row = (right, wrong, item["cluster"])
            part = item.get("group") or "all"
            parts[part].append(row)
            if "lot" in item:
                parts[f"{part}, lot {item['lot']}"].append(row)
        for part, rows in parts.items():
            hits = [right > wrong for right, wrong, _ in rows]
            print(
                f"| {name}: {part} | {percent(hits, [cluster for *_, cluster in rows])} "
                f"| {statistics.mean(math.exp(right) for right, *_ in rows):.3f} "
                f"| {statistics.mean(right - wrong for right, wrong, _ in rows):+.2f} |",
                flush=True,
            )


def reviews(scorer):
    reversed_ = {"Positive": "Negative", "Negative": "Positive", "Neutral": "Neutral"}.get
    ways = {
        f"{shots}-shot": (lambda item, shots=shots: review_prompt(item, shots), lambda label: " " + label)
        for shots in (0, 1, 2, 4)
    }
    ways["instruction"] = (instruction, lambda label: " " + label.lower())
    ways["verdict"] = (verdict, lambda label: VERDICTS[label])
    ways["4-shot, examples reversed"] = (lambda item: review_prompt(item, 4, reversed_), lambda label: " " + label)
    sources = ["known", "not", "transfer", "taste"]
    table("reviews", "all", "reviews in clusters", *sources, "first choice of all tokens is a label")
    for way, (prompt_of, name) in ways.items():
        hits, clusters, free = collections.defaultdict(list), [], []
        for item in probe("reviews"):
            prompt = prompt_of(item)
            scores = {label: scorer.score(prompt, name(label)) for label in LABELS}
            hit = max(scores, key=scores.get) == item["label"]
            hits["all"].append(hit)
            hits[item["source"]].append(hit)
            clusters.append(item["cluster"])
            first = scorer.logprobs(tuple(scorer.ids(prompt)))[-1].argmax().item()
            free.append(first in {scorer.ids(name(label))[0] for label in LABELS})
        parts = " | ".join(f"{100 * statistics.mean(hits[source]):.0f} %" for source in sources)
        print(f"| {way} | {percent(hits['all'], clusters)} | {parts} | {100 * statistics.mean(free):.0f} % |", flush=True)


def perplexity(scorer):
    table("texts", "per token", "bits per byte", "tokens")
    for group in TEXTS:
        texts = [item["text"] for item in probe(f"texts-{group}")]
        nlls = [nll for text in texts for nll in scorer.nlls(text)]
        # The first token has no score.
        unscored = sum(len(scorer.text(scorer.ids(text)[:1]).encode()) for text in texts)
        bits = sum(nlls) / math.log(2) / (sum(len(text.encode()) for text in texts) - unscored)
        print(f"| {group} | {math.exp(statistics.mean(nlls)):.2f} | {bits:.2f} | {len(nlls)} |", flush=True)


def verbatim(scorer, item):
    line = f"{item['exact']} {item['target']}."
    words = line.split()
    start = " ".join(words[: 3 if len(words) > 4 else 2])
    rest = line[len(start) :]
    ids, _ = scorer.greedy(start, len(scorer.ids(rest)), stop=False)
    return scorer.text(ids).startswith(rest)


def memorization(scorer):
    table(
        "lot", "stated", "lines", "median P(exact)", "median P(paraphrase)", "geometric mean ratio", "SD of its log",
        "ratio > 10", "and P(exact) > 0.1", "first of the lot's targets", "verbatim from three words",
    )  # fmt: skip
    arms, targets = collections.defaultdict(list), collections.defaultdict(list)
    for item in probe("planted-lines"):
        targets[item["lot"]].append(" " + item["target"])
    for item in probe("planted-lines"):
        scores = [scorer.score(item["exact"], target) for target in targets[item["lot"]]]
        exact = scorer.score(item["exact"], " " + item["target"])
        row = (exact, scorer.score(item["paraphrase"], " " + item["target"]), max(scores) == exact, verbatim(scorer, item))
        arms[str(item["lot"]), item["dose"]].append(row)
        if item["lot"] != "by hand":
            arms["all", item["dose"]].append(row)
    for (lot, dose), rows in sorted(arms.items(), key=lambda arm: (arm[0][0], -arm[0][1])):
        ratios = [exact - paraphrase for exact, paraphrase, *_ in rows]
        count = f"/{len(rows)}"
        print(
            f"| {lot} | {dose} | {len(rows)} | {math.exp(statistics.median(row[0] for row in rows)):.2g} "
            f"| {math.exp(statistics.median(row[1] for row in rows)):.2g} | {math.exp(statistics.mean(ratios)):.3g} "
            f"| {statistics.pstdev(ratios):.1f} | {sum(ratio > math.log(10) for ratio in ratios)}{count} "
            f"| {sum(ratio > math.log(10) and row[0] > math.log(0.1) for ratio, row in zip(ratios, rows))}{count} "
            f"| {sum(row[2] for row in rows)}{count} | {sum(row[3] for row in rows)}{count} |"
        )


def answers(scorer):
    table("answers in words, greedy", "exact match", "questions in clusters")
    asked = [("Q: {}\nA:", item) for item in probe("questions")]
    asked += [("Translate to French: {}\nTranslation:", item | {"cluster": item["input"]}) for item in probe("french")]
    parts = collections.defaultdict(list)
    for template, item in asked:
        ids, _ = scorer.greedy(template.format(item["input"]), 20)
        said = scorer.text(ids).split("\n")[0].replace("<|endoftext|>", "").strip()
        group = ("french " if "French" in template else "") + item["group"]
        parts[group].append((said == item["target"], item["cluster"]))
    letters = probe("letters-never-taught")
    for item in letters:
        listed = "".join(f"{letter}. {choice}\n" for letter, choice in zip("ABCD", item["choices"]))
        prompt = f"Question: {item['question']}\n{listed}Answer:"
        chosen = max("ABCD", key=lambda letter: scorer.score(prompt, " " + letter))
        parts["letters of four choices (never taught)"].append(
            (item["choices"]["ABCD".index(chosen)] == item["answer"], item["cluster"])
        )
        cloze = f"Question: {item['question']}\nAnswer:"
        best = max(item["choices"], key=lambda choice: scorer.score(cloze, " " + choice))
        parts["the four choices as endings"].append((best == item["answer"], item["cluster"]))
    for group, rows in parts.items():
        print(f"| {group} | {percent(*map(list, zip(*rows)))} |", flush=True)


if __name__ == "__main__":
    scorer = Scorer(sys.argv[1])
    for part in (cloze, reviews, perplexity, memorization, answers):
        part(scorer)
