# The steps of bench-seq.ts with PyTorch; prints how many times as long ours take. 1.0 is equal, less is faster.
#   node dist/scripts/bench-seq.js 1 > ours.json && python scripts/bench_seq.py ours.json 1
import json
import re
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def median(fn):
    times = []
    end = time.perf_counter() + 1.5
    i = 0
    while i < 5 or (time.perf_counter() < end and i < 200):
        start = time.perf_counter()
        fn()
        if i >= 2:
            times.append(time.perf_counter() - start)
        i += 1
    return sorted(times)[len(times) // 2] * 1000


def make(name):
    kind, s = name.split()[0], {k: int(v) for k, v in re.findall(r"(\w)=(\d+)", name)}
    if kind in ("lstm", "gru", "rnn"):
        layer = getattr(nn, kind.upper())(s["I"], s["H"])
        x = torch.randn(s["T"], s["N"], s["I"], requires_grad=True)
        return lambda: layer(x)[0].sum()
    if kind == "multihead":
        layer = nn.MultiheadAttention(s["E"], s["H"], batch_first=True)
        x = torch.randn(s["N"], s["T"], s["E"], requires_grad=True)
        return lambda: layer(x, x, x, need_weights=False)[0].sum()
    q, k, v = (torch.randn(s["B"], s["H"], s["T"], s["D"], requires_grad=True) for _ in range(3))
    return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=kind == "causal").sum()


torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else torch.get_num_threads())
for name, ours in json.load(open(sys.argv[1])).items():
    step = make(name)
    with torch.no_grad():
        forward = median(step)
    both = median(lambda: step().backward())
    print(f"{name:34} forward {ours[0]:8.2f} ms  {ours[0] / forward:5.2f} x    with backward {ours[1]:8.2f} ms  {ours[1] / both:5.2f} x")
