"""Makes the models and golden answers of this folder. From the repository's root:

  .venv/bin/python Tests/Vectors/model/make.py

The models are random; the answers come from Tests/Interop/model/gpt2_numpy.py, in double precision.
"""

import json
import pathlib
import sys

import numpy as np
import safetensors

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent.parent / "Interop" / "model"))
import gpt2_numpy  # noqa: E402

VOCABULARY, CONTEXT, WIDTH, HEADS = 67, 40, 40, 2
TYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "U8": "uint8"}


def encoded(values, dtype):
    if dtype == "BF16":
        bits = values.astype("<f4").view("<u4")
        return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("<u2")
    return values.astype({"F32": "<f4", "F16": "<f2"}[dtype])


def make(dtype, layers, inner, prefix, extra, seed):
    random = np.random.default_rng(seed)
    shapes = {"wte.weight": (VOCABULARY, WIDTH), "wpe.weight": (CONTEXT, WIDTH)}
    for layer in range(layers):
        for name, shape in {
            "ln_1": (WIDTH,), "attn.c_attn": (WIDTH, 3 * WIDTH), "attn.c_proj": (WIDTH, WIDTH),
            "ln_2": (WIDTH,), "mlp.c_fc": (WIDTH, inner), "mlp.c_proj": (inner, WIDTH),
        }.items():
            shapes[f"h.{layer}.{name}.weight"] = shape
            shapes[f"h.{layer}.{name}.bias"] = shape[-1:]
    shapes |= {"ln_f.weight": (WIDTH,), "ln_f.bias": (WIDTH,)}
    tensors = {}
    for name, shape in shapes.items():
        values = random.normal(0, 0.2, shape) + (1 if name.endswith("weight") and len(shape) == 1 else 0)
        tensors[prefix + name] = {"dtype": dtype, "shape": list(shape), "data": encoded(values, dtype)}
    tensors |= extra
    folder = HERE / dtype.lower()
    folder.mkdir(exist_ok=True)
    specs = {
        name: safetensors.TensorSpec(
            dtype=TYPES[tensor["dtype"]], shape=tensor["shape"], data_ptr=tensor["data"].ctypes.data,
            data_len=tensor["data"].nbytes)
        for name, tensor in tensors.items()
    }
    (folder / "model.safetensors").write_bytes(safetensors.serialize(specs, {"format": "pt"}))
    config = {
        "model_type": "gpt2", "n_layer": layers, "n_head": HEADS, "n_embd": WIDTH,
        "n_inner": None if inner == 4 * WIDTH else inner, "n_positions": CONTEXT, "vocab_size": VOCABULARY,
        "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new", "torch_dtype": TYPES[dtype],
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    cases = []
    # One token, one step of the decoder and a token more, a full context at the end, a full context at the beginning.
    for length, new in [(1, 32), (4, 32), (9, 32), (17, 24), (CONTEXT, 1)]:
        case = gpt2_numpy.generate(folder, random.integers(0, VOCABULARY, length).tolist(), new)
        for name in "logits", "last_logits":
            case[name] = [float(f"{value:.9g}") for value in case[name]]
        print(dtype, length, "margin", case["margin"], case["tokens"])
        cases.append(case)
    (folder / "golden.json").write_text(json.dumps(cases) + "\n")


# What checkpoints hold beside the decoder: the causal mask, and the embeddings once more.
mask = {"dtype": "U8", "shape": [1, 1, CONTEXT, CONTEXT], "data": np.tri(CONTEXT, dtype="u1")}
head = {"dtype": "F16", "shape": [1], "data": np.zeros(1, "<f2")}
make("F32", 2, 3 * WIDTH, "", {"h.0.attn.bias": mask, "lm_head.weight": head}, 1)
make("F16", 1, 4 * WIDTH, "transformer.", {}, 2)
make("BF16", 1, 4 * WIDTH, "", {}, 3)
