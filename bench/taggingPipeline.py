# Tags sentences with the pipeline of transformers, for bench/taggingBench.ts: a JSON request a line in, a JSON answer a line out.
import json
import sys
import time

import torch
import transformers
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
transformers.logging.set_verbosity_error()
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForTokenClassification.from_pretrained(folder).float().eval()
tagger = pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple", device="cpu")
print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__}), flush=True)

for line in sys.stdin:
    asked = json.loads(line)
    sentences = asked["sentences"]
    if asked["sorted"]:
        sentences = sorted(sentences, key=len)
    started = time.perf_counter()
    mentions = sum(len(found) for found in tagger(sentences, batch_size=asked["batch"]))
    print(json.dumps({"ms": 1000 * (time.perf_counter() - started), "mentions": mentions}), flush=True)
