"""Tags tokens with the model in a folder, exactly as BioNER Lab does: python tag.py FOLDER < tokens.conll > tagged.conll

One token per line, an empty line between sentences; anything after a tab or space is ignored. Needs torch and transformers, or in a
folder with an ONNX graph onnxruntime and tokenizers. A tagger that is asked for one type at a time is asked for each of its types in turn, or
for those named after FOLDER.
"""
import inspect
import json
import pathlib
import re
import sys

import numpy as np
from tokenizers import Tokenizer  # comes with transformers


class TorchNetwork:
    """The weights of the folder in the classes of transformers."""

    def __init__(self, folder):
        import torch
        from safetensors.torch import load_file
        from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification

        self.torch = torch
        tensors = load_file(folder / "model.safetensors")
        # A bare encoder is saved where the class with a classifier would compute something else.
        architecture = AutoConfig.from_pretrained(folder).architectures[0]
        has_classifier = architecture.endswith("ForTokenClassification")
        self.model = (AutoModelForTokenClassification if has_classifier else AutoModel).from_pretrained(folder).float().eval()
        self.classifier = None if has_classifier else [tensors[f"classifier.{name}"].float() for name in ("weight", "bias")]
        self.takes_segments = "token_type_ids" in inspect.signature(self.model.forward).parameters
        self.crf = {name[4:]: tensors[name].double().numpy() for name in tensors if name.startswith("crf.")}

    def __call__(self, ids, segments):
        """The scores [T, K] of the T pieces of a sequence."""
        torch = self.torch
        segmented = {"token_type_ids": torch.tensor([segments])} if self.takes_segments else {}
        with torch.no_grad():
            output = self.model(input_ids=torch.tensor([ids]), **segmented)
            if self.classifier is None:
                return output.logits[0].numpy()
            return torch.nn.functional.linear(output.last_hidden_state[0], *self.classifier).numpy()


class OnnxNetwork:
    """The ONNX graph of the folder, which onnx.json names."""

    def __init__(self, folder):
        import onnxruntime

        about = json.loads((folder / "onnx.json").read_text("utf-8"))
        self.session = onnxruntime.InferenceSession(str(folder / about["model"]), providers=["CPUExecutionProvider"])
        self.inputs = {value.name for value in self.session.get_inputs()}
        self.crf = {name: np.array(values, np.float64) for name, values in (about["crf"] or {}).items() if values is not None}

    def __call__(self, ids, segments):
        every = [1] * len(ids)
        given = {"input_ids": ids, "token_type_ids": segments, "attention_mask": every, "tag_mask": every}
        feeds = {name: np.array([values], np.int64) for name, values in given.items() if name in self.inputs}
        return self.session.run(["logits"], feeds)[0][0]


class Tagger:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        lab, names = (json.loads((folder / name).read_text("utf-8")) for name in ("bioner_lab.json", "tokenizer_config.json"))
        self.tags, self.config = lab["tags"], lab["config"]
        # The types that text is asked for, one at a time; None where all are marked at once.
        self.asks = lab["types"] if lab.get("asked") else None
        self.network = (OnnxNetwork if (folder / "onnx.json").exists() else TorchNetwork)(folder)
        self.crf = self.network.crf
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.added = {token.content for token in self.tokenizer.get_added_tokens_decoder().values()}

        def special(name):
            token = names[f"{name}_token"]
            return self.tokenizer.token_to_id(token if isinstance(token, str) else token["content"])

        self.unknown, sep, cls = special("unk"), special("sep"), special("cls")
        # Piece ids and segments of the special tokens that open and close a sequence.
        self.opening, self.closing = {
            "cls-sep": ([(cls, 0)], [(sep, 0)]),
            "sep-cls": ([], [(sep, 0), (cls, 2)]),
            "sep-sep-cls": ([], [(sep, 0), (sep, 1), (cls, 2)]),
        }[self.config["specials"]]
        # In byte-level BPE a word has the space before it.
        self.of_bytes = type(self.tokenizer.model).__name__ == "BPE"
        self.cuts_at_spaces = type(self.tokenizer.model).__name__ == "WordPiece"

    def normalized(self, text):
        normalizer = self.tokenizer.normalizer
        return text if normalizer is None else normalizer.normalize_str(text)

    def encode(self, text):
        prepared = self.normalized(text).lower() if self.config["lowerCase"] else text
        return self.tokenizer.encode(prepared, add_special_tokens=False)

    def pieces(self, tokens):
        """Piece ids of each token, encoded separately or as part of its sentence."""
        if self.config["encoding"] == "sentence" and not self.cuts_at_spaces:
            encoded = self.encode(" ".join(tokens))
            prepared = [self.normalized(self.normalized(token).lower() if self.config["lowerCase"] else token) for token in tokens]
            lengths = [seen_bytes(text.encode()) if self.of_bytes else visible(text) for text in prepared]
            surfaces = [self.seen(piece) for piece in encoded.tokens]
            if sum(lengths) == sum(surfaces):
                found, token, end, position = [[] for _ in tokens], 0, lengths[0], 0
                for piece, length in zip(encoded.ids, surfaces):
                    while position >= end and token < len(tokens) - 1:
                        token += 1
                        end += lengths[token]
                    found[token].append(piece)
                    position += length
                return [ids or [self.unknown] for ids in found]
        return [self.pieces_of(token) for token in tokens]

    def pieces_of(self, token):
        return self.encode(" " + token if self.of_bytes else token).ids or [self.unknown]

    def seen(self, piece):
        """How much of the text a piece covers; added tokens of byte-level BPE are text, other pieces are letters of bytes."""
        if not self.of_bytes:
            return visible(piece)
        return seen_bytes(piece.encode()) if piece in self.added else sum(letter not in "\u0109\u010a\u010b\u010c\u010d\u0120" for letter in piece)

    def asking(self, asked):
        """Piece ids of the words before and after a text that is asked for a type, `<Disease>` and `</Disease>`; none without one."""
        return [[]] * 2 if asked is None else [self.pieces_of(word) for word in (f"<{asked}>", f"</{asked}>")]

    def sequences(self, sentences, asked=None):
        """Yields lists of (sentence, token, piece ids): one sentence each, several when packed, parts of one that is too long."""
        capacity = self.config["maxPieces"] - len(self.opening) - len(self.closing) - sum(map(len, self.asking(asked)))
        filling = []
        for sentence, tokens in enumerate(sentences):
            rows = [(sentence, token, ids[:capacity]) for token, ids in enumerate(self.pieces(tokens))] if tokens else []
            fits = total(rows) <= capacity
            if filling and (not fits or self.config["layout"] != "packed" or total(filling) + total(rows) > capacity):
                yield filling
                filling = []
            if fits:
                filling = filling + rows
            else:
                # As few parts as possible, with the smallest limit that needs no more of them.
                fewest, limit = len(parts(rows, capacity)), max(len(ids) for _, _, ids in rows)
                while len(parts(rows, limit)) > fewest:
                    limit += 1
                yield from parts(rows, limit)
        if filling:
            yield filling

    def emissions(self, sentences, asked=None):
        """Yields for each sequence the scores [N, K] of its CRF positions, and (sentence, token, position) of its tokens."""
        before, after = [[(None, None, ids)] if ids else [] for ids in self.asking(asked)]
        for rows in self.sequences(sentences, asked):
            ids, tokens = [piece for piece, _ in self.opening], []
            seen = list(range(len(ids))) if self.config["specialsInLoss"] else []
            for sentence, token, pieces in before + rows + after:
                if token is not None:
                    tokens.append((sentence, token, len(seen)))
                seen += [len(ids) + offset for offset in range(1 if self.config["labelMode"] == "first" else len(pieces))]
                ids += pieces
            if self.config["specialsInLoss"]:
                seen += [len(ids) + offset for offset in range(len(self.closing))]
            segments = [0] * len(ids) + [segment for _, segment in self.closing]
            ids += [piece for piece, _ in self.closing]
            logits = self.network(ids, segments)
            yield logits[seen], tokens

    def decode(self, emissions):
        """The best tag indices of one sequence: Viterbi, or argmax per position without a CRF."""
        if not self.crf:
            return emissions.argmax(-1).tolist()
        scores, came = emissions.astype(np.float64), []
        best = scores[0] + self.crf.get("start", 0)
        for row in scores[1:]:
            reached = best[:, None] + self.crf["transitions"]
            came.append(reached.argmax(0))
            best = reached.max(0) + row
        path = [int((best + self.crf.get("end", 0)).argmax())]
        for origin in reversed(came):
            path.append(int(origin[path[-1]]))
        return path[::-1]

    def tag(self, sentences, types=None):
        """The tags of each token. `types`: those that a tagger is asked for, of the ones that it is asked for one at a time; None: all."""
        if types is not None and not set(types) <= set(self.asks or []):
            raise ValueError(f"this tagger can be asked for {', '.join(self.asks or []) or 'no type'}, not for {', '.join(types)}")
        if self.asks is None:
            return self.tag_as_asked(sentences, None)
        asked = [kind for kind in self.asks if types is None or kind in types]
        found = [self.tag_as_asked(sentences, kind) for kind in asked]
        return [merged(asked, tags, self.config["tagScheme"]) for tags in zip(*found)]

    def tag_as_asked(self, sentences, asked):
        tagged = [["O"] * len(tokens) for tokens in sentences]
        for emissions, tokens in self.emissions(sentences, asked):
            path = self.decode(emissions)
            for sentence, token, position in tokens:
                tag = self.tags[path[position]]
                # X continues a token, O-Disease is outside in text that is asked for diseases.
                tagged[sentence][token] = "O" if tag == "X" or tag.startswith("O-") else tag
        return tagged


def chunks(tags):
    """(start, end, type) of each mention, as conlleval reads tags."""
    found, start, before = [], None, ("O", "")
    for index, tag in enumerate([*tags, "O"]):
        prefix, _, kind = tag.partition("-")
        begins = prefix in "BS" or prefix in "IE" and before[0] in "OES" or prefix != "O" and before[1] != kind
        ends = before[0] in "ES" or before[0] in "BI" and prefix in "BSO" or before[0] != "O" and before[1] != kind
        if start is not None and (begins or ends):
            found.append((start, index, before[1]))
            start = None
        if begins:
            start = index
        before = (prefix, kind)
    return found


def merged(asked, answers, scheme):
    """The tags of one sentence from those that each asked type has: of mentions that overlap the longest stays, then the first."""
    found = [(start - end, start, order, end) for order, (kind, tags) in enumerate(zip(asked, answers)) for start, end, own in chunks(tags) if own == kind]
    owners = [None] * len(answers[0])
    for mention in sorted(found):
        _, start, _, end = mention
        if not any(owners[start:end]):
            owners[start:end] = [mention] * (end - start)
    tags, last = ["O"] * len(owners), None
    for _, start, order, end in sorted({mention for mention in owners if mention}, key=lambda mention: mention[1]):
        tags[start:end] = [f"I-{asked[order]}"] * (end - start)
        if scheme != "IOB1" or last == (start, order):
            tags[start] = f"B-{asked[order]}"
        if scheme == "IOBES":
            tags[end - 1] = f"{'S' if end - start == 1 else 'E'}-{asked[order]}"
        last = (end, order)
    return tags


def visible(text):
    return len(re.sub(r"[\s▁]+", "", text).encode("utf-16-le")) // 2


def seen_bytes(data):
    return sum(byte not in b"\t\n\x0b\x0c\r " for byte in data)


def total(rows):
    return sum(len(ids) for _, _, ids in rows)


def parts(rows, limit):
    found = [[]]
    for row in rows:
        if found[-1] and total(found[-1]) + len(row[2]) > limit:
            found.append([])
        found[-1].append(row)
    return found


if __name__ == "__main__":
    # Pipes use the locale's encoding by default.
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    blocks = re.split(r"\n(?:[ \t]*\n)+", sys.stdin.read().replace("\r", ""))
    sentences = [[re.split(r"[ \t]", line)[0] for line in block.split("\n") if line.strip()] for block in blocks]
    sentences = [tokens for tokens in sentences if tokens]
    for tokens, tags in zip(sentences, Tagger(sys.argv[1]).tag(sentences, sys.argv[2:] or None)):
        print("".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, tags)))
