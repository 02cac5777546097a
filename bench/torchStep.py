"""Trains XLNet-CRF or BERT-CRF in PyTorch as people write it: says what it runs on and in which ways, then does what each line asks and answers with milliseconds.

Called as `python torchStep.py SHAPE DATA`, SHAPE being JSON with the keys of bench/benchShape.ts, DATA a JSON file with `batch`, one padded batch, and
`sequences`, those of an epoch (piece ids and tags). The encoder is that of transformers with random weights, the CRF is plain torch without a loop over
positions, then clipping at norm 1 and fused Adam. A request is `{"do": "step" | "tag" | "epoch" | "sorted epoch", "way": NAME}`. Every answer is a line of JSON.
"""

import contextlib
import json
import os
import random
import sys
import time
from functools import partial

import torch
import transformers
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader


def xlnet(shape):
    config = transformers.XLNetConfig(
        vocab_size=shape["vocabulary"],
        d_model=shape["d"],
        n_layer=shape["layers"],
        n_head=shape["heads"],
        d_inner=shape["ff"],
        ff_activation="gelu",
        dropout=shape["dropout"],
        mem_len=None,
        use_mems_train=False,
    )
    return transformers.XLNetModel(config)


def bert(shape):
    config = transformers.BertConfig(
        vocab_size=shape["vocabulary"],
        hidden_size=shape["d"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        intermediate_size=shape["ff"],
        max_position_embeddings=max(512, shape["length"]),
        hidden_act="gelu",
        hidden_dropout_prob=shape["dropout"],
        attention_probs_dropout_prob=shape["dropout"],
    )
    config._attn_implementation = "sdpa"
    return transformers.BertModel(config, add_pooling_layer=False)


def log_product(left, right):
    """Products of matrices of logarithms."""
    return torch.logsumexp(left.unsqueeze(-1) + right.unsqueeze(-3), -2)


class Tagger(nn.Module):
    """Emissions of every piece, and a linear-chain CRF with start and end states over them."""

    def __init__(self, shape):
        super().__init__()
        self.encoder = bert(shape) if shape["family"] == "bert" else xlnet(shape)
        tags = shape["tags"]
        self.dropout = nn.Dropout(shape["dropout"])
        self.head = nn.Linear(shape["d"], tags)
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.start = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))

    def emissions(self, pieces, mask, segments):
        hidden = self.encoder(pieces, attention_mask=mask, token_type_ids=segments).last_hidden_state
        return self.head(self.dropout(hidden)).float()

    def forward(self, pieces, mask, segments, tags):
        """Mean over the sequences of the negative log-likelihood of their tags [B, T], every real piece a position."""
        emissions = self.emissions(pieces, mask, segments)
        real = mask.bool()
        last = mask.sum(1) - 1
        rows = torch.arange(len(pieces), device=pieces.device)
        steps = self.transitions[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]
        gold = (emissions.gather(2, tags.unsqueeze(2)).squeeze(2) * mask).sum(1) + steps.sum(1)
        gold = gold + self.start[tags[:, 0]] + self.end[tags[rows, last]]
        # The products of all positions' matrices by halves; padding is the identity.
        identity = torch.full_like(self.transitions, -1e4).fill_diagonal_(0)
        matrices = self.transitions + emissions[:, 1:].unsqueeze(2)
        matrices = torch.where(real[:, 1:, None, None], matrices, identity)
        while matrices.shape[1] > 1:
            if matrices.shape[1] % 2 == 1:
                odd, matrices = matrices[:, -1:], matrices[:, :-1]
                matrices = torch.cat([log_product(matrices[:, 0::2], matrices[:, 1::2]), odd], 1)
            else:
                matrices = log_product(matrices[:, 0::2], matrices[:, 1::2])
        alpha = (self.start + emissions[:, 0]).unsqueeze(1)
        alpha = log_product(alpha, matrices[:, 0]).squeeze(1)
        return (torch.logsumexp(alpha + self.end, 1) - gold).mean()

    @torch.no_grad()
    def tag(self, pieces, mask, segments):
        """Viterbi over a batch, position by position as everyone writes it."""
        emissions = self.emissions(pieces, mask, segments)
        score, back = self.start + emissions[:, 0], []
        for position in range(1, emissions.shape[1]):
            best, came = (score.unsqueeze(2) + self.transitions).max(1)
            keep = mask[:, position].unsqueeze(1).bool()
            score = torch.where(keep, best + emissions[:, position], score)
            back.append(torch.where(keep, came, torch.arange(score.shape[1], device=score.device).expand_as(came)))
        tags = [(score + self.end).argmax(1)]
        for came in reversed(back):
            tags.append(came.gather(1, tags[-1].unsqueeze(1)).squeeze(1))
        return torch.stack(tags[::-1], 1)


class Way:
    """How a step is computed: threads, precision, compilation."""

    def __init__(self, threads=None, half=None, tf32=False, compiled=False):
        self.threads, self.half, self.tf32, self.compiled = threads, half, tf32, compiled


def ways_of(device, compiled):
    if device.type == "cuda":
        ways = {
            "eager f32": Way(),
            "eager TF32": Way(tf32=True),
            "AMP bf16": Way(half=torch.bfloat16),
            "AMP f16": Way(half=torch.float16),
        }
        if compiled:
            ways["compiled TF32"] = Way(tf32=True, compiled=True)
            ways["compiled AMP bf16"] = Way(half=torch.bfloat16, compiled=True)
        return ways
    every = os.cpu_count() or 1
    ways = {"1 thread": Way(threads=1)}
    if every > 1:
        ways[f"{every} threads"] = Way(threads=every)
    if compiled:
        ways["compiled, 1 thread"] = Way(threads=1, compiled=True)
        if every > 1:
            ways[f"compiled, {every} threads"] = Way(threads=every, compiled=True)
    return ways


class Trainer:
    def __init__(self, shape, data, device):
        self.shape, self.device = shape, device
        self.is_bert = shape["family"] == "bert"
        self.tagger = Tagger(shape).to(device).train()
        if shape["recompute"]:
            # transformers itself has no gradient checkpointing for XLNet
            for layer in self.tagger.encoder.encoder.layer if self.is_bert else self.tagger.encoder.layer:
                layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
        self.adam = torch.optim.Adam(self.tagger.parameters(), lr=1e-4, eps=1e-6, fused=True)
        self.scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
        self.compiled = None
        self.batch = [sequence for sequence in data["batch"]]
        self.sequences = data["sequences"]

    def collate(self, sequences):
        """Pads to the longest."""
        pieces = pad_sequence([torch.tensor(one["pieces"]) for one in sequences], batch_first=True, padding_value=5)
        tags = pad_sequence([torch.tensor(one["tags"]) for one in sequences], batch_first=True)
        lengths = torch.tensor([len(one["pieces"]) for one in sequences])
        mask = (torch.arange(pieces.shape[1]) < lengths.unsqueeze(1)).long()
        segments = torch.zeros_like(pieces)
        segments[torch.arange(len(sequences)), lengths - 1] = 1 if self.is_bert else 2
        return pieces, mask, segments, tags

    def precision(self, way):
        torch.set_float32_matmul_precision("high" if way.tf32 else "highest")
        if way.threads is not None:
            torch.set_num_threads(way.threads)
        return torch.autocast(self.device.type, way.half) if way.half is not None else contextlib.nullcontext()

    def update(self, batch, way):
        pieces, mask, segments, tags = (one.to(self.device, non_blocking=True) for one in batch)
        tagger = self.tagger
        if way.compiled:
            self.compiled = self.compiled or torch.compile(self.tagger, dynamic=True)
            tagger = self.compiled
        scaled = way.half is torch.float16
        with self.precision(way):
            self.adam.zero_grad(set_to_none=True)
            loss = tagger(pieces, mask, segments, tags)
            (self.scaler.scale(loss) if scaled else loss).backward()
            if scaled:
                self.scaler.unscale_(self.adam)
            nn.utils.clip_grad_norm_(self.tagger.parameters(), 1.0)
            if scaled:
                self.scaler.step(self.adam)
                self.scaler.update()
            else:
                self.adam.step()
        return loss

    def do(self, request, way):
        what = request["do"]
        if what == "step":
            return self.update(self.collate(self.batch), way).item()
        if what == "tag":
            pieces, mask, segments, _ = (one.to(self.device) for one in self.collate(self.batch))
            with self.precision(way):
                self.tagger.eval()
                self.tagger.tag(pieces, mask, segments).tolist()
                self.tagger.train()
            return 0
        sequences, size = self.sequences, self.shape["batch"]
        if what == "sorted epoch":
            ordered = sorted(sequences, key=lambda one: len(one["pieces"]))
            batches = [ordered[at : at + size] for at in range(0, len(ordered), size)]
            random.shuffle(batches)
            loader = (self.collate(batch) for batch in batches)
        else:
            loader = DataLoader(sequences, batch_size=size, shuffle=True, collate_fn=self.collate)
        total = 0.0
        for batch in loader:
            total += self.update(batch, way).item()
        return total


def answer(fields):
    print(json.dumps(fields), flush=True)


def main():
    shape = json.loads(sys.argv[1])
    with open(sys.argv[2]) as file:
        data = json.load(file)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(1)
    random.seed(1)
    ways = ways_of(device, shape["compiled"])
    trainer = Trainer(shape, data, device)
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {os.cpu_count()} processors"
    answer({"torch": torch.__version__, "transformers": transformers.__version__, "device": where, "ways": list(ways)})
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        loss = trainer.do(request, ways[request["way"]])
        if device.type == "cuda":
            torch.cuda.synchronize()
        answer({"ms": (time.perf_counter() - started) * 1000, "loss": loss})


if __name__ == "__main__":
    main()
