"""One training step of XLNet-CRF or BERT-CRF in PyTorch: says what it runs on, then does a step for every line it reads and answers with milliseconds.

Called as `python torchStep.py SHAPE`, SHAPE being JSON with the keys of bench/benchShape.ts. The encoder is that of transformers with random
weights, the CRF is plain torch, then clipping at norm 1 and Adam, in f32. Every answer is a line of JSON.
"""

import json
import sys
import time
from functools import partial

import torch
import transformers
from torch import nn
from torch.utils.checkpoint import checkpoint


def xlnet(shape):
    return transformers.XLNetModel(
        transformers.XLNetConfig(
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
    )


def bert(shape):
    return transformers.BertModel(
        transformers.BertConfig(
            vocab_size=shape["vocabulary"],
            hidden_size=shape["d"],
            num_hidden_layers=shape["layers"],
            num_attention_heads=shape["heads"],
            intermediate_size=shape["ff"],
            max_position_embeddings=max(512, shape["length"]),
            hidden_act="gelu",
            hidden_dropout_prob=shape["dropout"],
            attention_probs_dropout_prob=shape["dropout"],
        ),
        add_pooling_layer=False,
    )


class Tagger(nn.Module):
    """Emissions of every piece, and a linear-chain CRF with start and end states over them."""

    def __init__(self, shape):
        super().__init__()
        dropout = shape["dropout"]
        self.encoder = bert(shape) if shape["family"] == "bert" else xlnet(shape)
        tags = shape["tags"]
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(shape["d"], tags)
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.start = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))

    def forward(self, pieces, segments, tags):
        """Mean over the sequences of the negative log-likelihood of their tags [B, T], every piece a position."""
        hidden = self.encoder(pieces, token_type_ids=segments).last_hidden_state
        emissions = self.head(self.dropout(hidden))
        gold = emissions.gather(2, tags.unsqueeze(2)).sum((1, 2)) + self.transitions[tags[:, :-1], tags[:, 1:]].sum(1)
        gold = gold + self.start[tags[:, 0]] + self.end[tags[:, -1]]
        alpha = self.start + emissions[:, 0]
        for position in range(1, emissions.shape[1]):
            alpha = torch.logsumexp(alpha.unsqueeze(2) + self.transitions, 1) + emissions[:, position]
        return (torch.logsumexp(alpha + self.end, 1) - gold).mean()


def main():
    shape = json.loads(sys.argv[1])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(1)
    torch.set_float32_matmul_precision("highest")  # f32 throughout, as ours
    tagger = Tagger(shape).to(device).train()
    if shape["recompute"]:
        is_bert = shape["family"] == "bert"
        # transformers itself has no gradient checkpointing for XLNet
        for layer in tagger.encoder.encoder.layer if is_bert else tagger.encoder.layer:
            layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
    adam = torch.optim.Adam(tagger.parameters(), lr=1e-4, eps=1e-6)
    size = (shape["batch"], shape["length"])
    pieces = torch.randint(shape["vocabulary"], size, device=device)
    segments = torch.zeros(size, dtype=torch.long, device=device)
    segments[:, -1] = 1 if shape["family"] == "bert" else 2
    tags = torch.randint(shape["tags"], size, device=device)
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    answer({"torch": torch.__version__, "transformers": transformers.__version__, "device": where})
    for _ in sys.stdin:
        started = time.perf_counter()
        adam.zero_grad(set_to_none=True)
        loss = tagger(pieces, segments, tags)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
        adam.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        answer({"ms": (time.perf_counter() - started) * 1000, "loss": loss.item()})


def answer(fields):
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    main()
