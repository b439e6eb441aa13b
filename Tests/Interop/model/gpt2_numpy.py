"""GPT-2 in numpy, written from its definition: the oracle of the built-in model.

Radford et al. 2019 (the model), Vaswani et al. 2017 (attention), Ba et al. 2016 (layer normalization), Hendrycks and
Gimpel 2016 (GELU and its tanh form); names of the tensors as in Hugging Face's transformers.

  gpt2_numpy.py run MODEL --prompt 1,2,3 --new 8     tokens and logits as JSON, in double precision, recomputing the
                                                     whole sequence for each token
  gpt2_numpy.py time MODEL --prompt 1,2,3 --new 64   milliseconds per token, in single precision with a cache of keys
                                                     and values, as one would serve it
"""

import argparse
import json
import pathlib
import time

import numpy as np
import safetensors


def load(folder, dtype):
    folder = pathlib.Path(folder)
    config = json.loads((folder / "config.json").read_text())
    weights = {}
    for name, tensor in safetensors.deserialize((folder / "model.safetensors").read_bytes()):
        data = bytes(tensor["data"])
        if tensor["dtype"] == "BF16":
            values = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
        elif tensor["dtype"] in ("F32", "F16"):
            values = np.frombuffer(data, {"F32": "<f4", "F16": "<f2"}[tensor["dtype"]])
        else:
            continue
        weights[name.removeprefix("transformer.")] = values.astype(dtype).reshape(tensor["shape"])
    return config, weights


def layer_norm(x, gain, bias, epsilon):
    mean = x.mean(axis=-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * gain + bias


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi).astype(x.dtype) * (x + 0.044715 * x * x * x)))


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def forward(config, weights, tokens, cache=None):
    """Logits for every token of `tokens`. `cache` holds keys and values of those before, by layer, and is extended."""
    heads, epsilon = config["n_head"], config["layer_norm_epsilon"]
    past = 0 if cache is None or not cache else cache[0][0].shape[1]
    count = len(tokens)

    def affine(x, name):
        return x @ weights[name + ".weight"] + weights[name + ".bias"]

    def norm(x, name):
        return layer_norm(x, weights[name + ".weight"], weights[name + ".bias"], epsilon)

    x = weights["wte.weight"][tokens] + weights["wpe.weight"][past : past + count]
    width = x.shape[1]
    visible = np.arange(past + count)[None, :] <= np.arange(past, past + count)[:, None]
    for layer in range(config["n_layer"]):
        block = f"h.{layer}."
        mixed = affine(norm(x, block + "ln_1"), block + "attn.c_attn")
        query, key, value = (
            part.reshape(count, heads, width // heads).transpose(1, 0, 2) for part in np.split(mixed, 3, axis=1)
        )
        if cache is not None:
            if len(cache) > layer:
                key = np.concatenate([cache[layer][0], key], axis=1)
                value = np.concatenate([cache[layer][1], value], axis=1)
                cache[layer] = (key, value)
            else:
                cache.append((key, value))
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(width // heads).astype(x.dtype)
        attended = softmax(np.where(visible[None], scores, -np.inf)) @ value
        x = x + affine(attended.transpose(1, 0, 2).reshape(count, width), block + "attn.c_proj")
        x = x + affine(gelu(affine(norm(x, block + "ln_2"), block + "mlp.c_fc")), block + "mlp.c_proj")
    return norm(x, "ln_f") @ weights["wte.weight"].T


def generate(folder, prompt, new):
    """What greedy decoding appends to `prompt`, the logits behind the prompt and behind the whole, and the smallest
    distance that ever lay between the best token and the second."""
    config, weights = load(folder, np.float64)
    tokens, first, margin = list(prompt), None, np.inf
    for _ in range(new):
        logits = forward(config, weights, tokens)[-1]
        first = logits if first is None else first
        second, best = np.sort(logits)[-2:]
        margin = min(margin, best - second)
        tokens.append(int(np.argmax(logits)))
    return {
        "prompt": list(prompt), "tokens": tokens[len(prompt) :], "logits": first.tolist(),
        "last_logits": logits.tolist(), "margin": margin,
    }


def measure(folder, prompt, new):
    """Milliseconds for the prompt, and the median of those for each further token."""
    config, weights = load(folder, np.float32)
    times, cache, tokens = [], [], list(prompt)
    for _ in range(new):
        start = time.perf_counter()
        # Only the last vector needs logits, but a matrix product of all costs a prompt little.
        best = int(np.argmax(forward(config, weights, tokens, cache)[-1]))
        times.append((time.perf_counter() - start) * 1e3)
        tokens = [best]
    return {"prompt_ms": times[0], "token_ms": float(np.median(times[1:])), "tokens": new}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["run", "time"])
    parser.add_argument("model")
    parser.add_argument("--prompt", required=True, type=lambda text: [int(token) for token in text.split(",")])
    parser.add_argument("--new", type=int, default=8)
    arguments = parser.parse_args()
    task = generate if arguments.task == "run" else measure
    print(json.dumps(task(arguments.model, arguments.prompt, arguments.new)))


if __name__ == "__main__":
    main()
