"""golden.json: what transformers says, for our own engine to be checked against.

    python tests/train_reference/golden.py src/reference/model > src/reference/model/golden.json

All log-probabilities are natural logarithms."""

import hashlib
import json
import math
import pathlib
import sys

import tokenizers
import torch
import transformers
from scorer import VERDICTS, Scorer, instruction, probe, review_prompt, verdict

PROMPTS = [
    "The capital of France is",
    "The largest planet in our solar system is",
    "Water freezes at",
    "The opposite of hot is",
    "The cat sat on the",
    "2 + 2 =",
    "Once upon a time, in a distant galaxy,",
    "To be or not to be, that is the",
    "Translate to French: Hello, how are you?\nTranslation:",
    "Translate to French: I am tired\nTranslation:",
    "Review: I loved every minute.\nSentiment:",
    "The",
    "\n",
    "naïve café 😀 东京",
    "<|endoftext|>The capital of Japan is",
    "In a shocking finding, scientists discovered",
    "asdf qwer zxcv hjkl",
    "The keys to the cabinet",
    " Paris",
    "Two  spaces\tand a tab\n\n\nand lines",
]
CLOZE = [
    "capitals-taught",
    "capitals-taught-unseen-words",
    "capitals-by-dose",
    "capitals-never-taught",
    "planets-taught",
    "numbers-taught",
    "opposites-taught",
    "opposites-never-taught",
    "sounds-taught",
    "colours-taught",
    "sums-taught",
    "sums-never-taught",
    "agreement",
    "reflexives-never-taught",
]
TEXTS = ["stories", "plain", "news", "facts", "reviews", "shuffled-stories", "odd", "random-letters"]
LABELS = ["Positive", "Negative", "Neutral"]


def rounded(number):
    return round(float(number), 6)


def next_token(scorer, prompt):
    ids = scorer.ids(prompt)
    logprobs = scorer.logprobs(tuple(ids))[-1]
    top = logprobs.topk(10)
    probabilities = logprobs.exp()
    ordered, order = probabilities.sort(descending=True)
    kept = ordered.cumsum(0) - ordered < 0.9
    greedy, gap = scorer.greedy(prompt, 20)
    return {
        "prompt": prompt,
        "ids": ids,
        "tokens": scorer.tokenizer.encode(prompt).tokens,
        "top": [
            {"id": token, "text": scorer.text([token]), "logprob": rounded(logprob)}
            for logprob, token in zip(top.values.tolist(), top.indices.tolist())
        ],
        "entropy": rounded(-(probabilities * logprobs).sum()),
        "logsumexp": rounded(scorer.model(torch.tensor([ids])).logits[0, -1].logsumexp(-1)),
        "top_p_09_size": int(kept.sum()),
        "top_p_09_first_50": order[kept].tolist()[:50],
        # A tiny lead would make the text depend on rounding.
        "greedy_20": {"ids": greedy, "text": scorer.text(greedy), "smallest_gap": rounded(gap)},
    }


def ending(scorer, prompt, text):
    ids, logprobs = scorer.ending(prompt, text)
    return {
        "text": text,
        "ids": ids,
        "logprobs": [rounded(logprob) for logprob in logprobs],
        "logprob": rounded(sum(logprobs)),
    }


def passage(scorer, group, text):
    nlls = scorer.nlls(text)
    return {
        "group": group,
        "text": text,
        "ids": scorer.ids(text)[: scorer.context],
        "nlls": [rounded(nll) for nll in nlls],
        "nll": rounded(sum(nlls)),
        "perplexity": rounded(math.exp(sum(nlls) / max(1, len(nlls)))),
    }


def main(folder):
    scorer = Scorer(folder)

    def endings(prompt, texts):
        return [ending(scorer, prompt, text) for text in texts]

    cloze = [
        {
            "probe": name,
            "prompt": item["prompt"],
            "endings": endings(item["prompt"], [" " + item["correct"], " " + item["incorrect"]]),
        }
        for name in CLOZE
        for item in probe(name)[:6]
    ]
    sentiment = []
    for item in probe("reviews")[::22]:
        ways = {f"{shots}-shot": (review_prompt(item, shots), [" " + label for label in LABELS]) for shots in (0, 1, 4)}
        ways["instruction"] = (instruction(item), [" " + label.lower() for label in LABELS])
        ways["verdict"] = (verdict(item), [VERDICTS[label] for label in LABELS])
        sentiment += [
            {"way": way, "label": item["label"], "prompt": prompt, "endings": endings(prompt, texts)}
            for way, (prompt, texts) in ways.items()
        ]
    memorization = [
        {
            "dose": item["dose"],
            "exact": item["exact"],
            "paraphrase": item["paraphrase"],
            "given_exact": ending(scorer, item["exact"], " " + item["target"]),
            "given_paraphrase": ending(scorer, item["paraphrase"], " " + item["target"]),
        }
        for item in probe("planted-lines")[::2]
    ]
    perplexity = [
        passage(scorer, group, item["text"]) for group in TEXTS for item in probe(f"texts-{group}")[:3]
    ]
    perplexity.append(passage(scorer, "notebook", "The cat sat on the mat."))
    logits = scorer.model(torch.tensor([scorer.ids(PROMPTS[0])])).logits[0]
    golden = {
        "made_with": {
            "transformers": transformers.__version__,
            "torch": torch.__version__,
            "tokenizers": tokenizers.__version__,
            "arithmetic": "float32",
            "device": "cpu",
        },
        "files": {
            name: hashlib.sha256(pathlib.Path(folder, name).read_bytes()).hexdigest()
            for name in ("model.safetensors", "tokenizer.json", "config.json")
        },
        "logits_of_first_prompt_first_8": [[rounded(logit) for logit in row[:8]] for row in logits.tolist()],
        "next_token": [next_token(scorer, prompt) for prompt in PROMPTS],
        "cloze": cloze,
        "sentiment": sentiment,
        "memorization": memorization,
        "perplexity": perplexity,
    }
    print(json.dumps(golden, ensure_ascii=False, separators=(",", ":")).replace('},{"', '},\n{"'))


if __name__ == "__main__":
    with torch.no_grad():
        main(sys.argv[1])
