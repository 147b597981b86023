"""A GPT-2 folder asked by Hugging Face transformers, in f32 arithmetic on the CPU.

Nothing is added to a prompt, and the first token of a text has no score."""

import functools
import json
import pathlib

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import GPT2Config, GPT2LMHeadModel

PROBES = pathlib.Path(__file__).parents[2] / "specs/known-answers"


def probe(name):
    """The items of one file of questions."""
    return [json.loads(line) for line in (PROBES / f"{name}.jsonl").read_text().splitlines()]


def review_prompt(item, shots, name=lambda label: label):
    """A review after some examples, in the layout of the corpus."""
    examples = "".join(f"Review: {text}\nSentiment: {name(label)}\n\n" for text, label in item["shots"][:shots])
    return examples + f"Review: {item['input']}\nSentiment:"


def instruction(item):
    return f"Decide whether the review is positive, negative or neutral.\nReview: {item['input']}\nAnswer:"


def verdict(item):
    return f"{item['input']} All in all, it was"


VERDICTS = {"Positive": " great", "Negative": " terrible", "Neutral": " okay"}


class Scorer:
    def __init__(self, folder):
        torch.set_num_threads(1)
        self.model = GPT2LMHeadModel(GPT2Config.from_pretrained(folder)).float().eval()
        weights = {name: tensor.float() for name, tensor in load_file(f"{folder}/model.safetensors").items()}
        missing, extra = self.model.load_state_dict(weights, strict=False)
        assert not extra and set(missing) <= {"lm_head.weight"}, (missing, extra)
        self.model.tie_weights()
        self.tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.context = self.model.config.n_positions
        self.end = self.model.config.eos_token_id
        self.logprobs = functools.lru_cache(64)(self._logprobs)

    def ids(self, text):
        return self.tokenizer.encode(text).ids

    def text(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    @torch.no_grad()
    def _logprobs(self, ids):
        return torch.log_softmax(self.model(torch.tensor([ids]), use_cache=False).logits[0], -1)

    def ending(self, prompt, ending):
        """The ending's tokens and their log-probabilities: the whole text is encoded, then split."""
        ids, before = self.ids(prompt + ending), len(self.ids(prompt))
        cut = max(0, len(ids) - self.context)
        ids, before = ids[cut:], max(1, before - cut)
        logprobs = self.logprobs(tuple(ids[:-1]))
        return ids[before:], [logprobs[at - 1, ids[at]].item() for at in range(before, len(ids))]

    def score(self, prompt, ending):
        return sum(self.ending(prompt, ending)[1])

    def nlls(self, text):
        ids = self.ids(text)[: self.context]
        logprobs = self.logprobs(tuple(ids))
        return [-logprobs[at - 1, ids[at]].item() for at in range(1, len(ids))]

    def greedy(self, prompt, count, stop=True):
        """The tokens after the prompt, and the smallest lead of a chosen token over the second."""
        ids = self.ids(prompt)
        before, gap = len(ids), float("inf")
        for _ in range(count):
            best = self.logprobs(tuple(ids[-self.context :]))[-1].topk(2)
            gap = min(gap, (best.values[0] - best.values[1]).item())
            ids.append(best.indices[0].item())
            if stop and ids[-1] == self.end:
                break
        return ids[before:], gap
