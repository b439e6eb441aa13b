"""llama.cpp's HTTP server, as PyPI's xllamacpp has it, for a folder with a GPT-2 model of `validatord model init`.

  llama_server.py MODEL OUT

Writes the model as OUT/model.gguf (PyPI's gguf), with a byte-level vocabulary: the 256 bytes, pairs and triples of letters,
and as the last `<|endoftext|>`. OUT/tokenizer.json has the same vocabulary. Then serves it under the name `small` on a free
port of 127.0.0.1, prints one line of JSON with the port when it does, and ends with its standard input or at SIGTERM.
"""

import json
import os
import pathlib
import signal
import sys

import gguf
import gpt2_numpy
import numpy as np
import xllamacpp

LETTERS = "etaoinshrdlcumwfgypbvkjxqz"
END = "<|endoftext|>"


def vocabulary(size):
    """Pieces and merges of a byte-level tokenizer, its bytes written as GPT-2 does."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    written = {byte: chr(byte) for byte in printable} | {byte: chr(256 + index) for index, byte in enumerate(others)}
    space = written[0x20]
    pairs = [(space, letter) for letter in LETTERS]
    pairs += [(left, right) for left in LETTERS for right in LETTERS]
    pairs += [(space + left, right) for left in LETTERS for right in LETTERS]
    pieces = [written[byte] for byte in printable + others]
    merges = pairs[: size - len(pieces) - 1]
    pieces += [left + right for left, right in merges] + [END]
    assert len(pieces) == size, "vocabularies of 257 to 1635 tokens are written"
    return pieces, [f"{left} {right}" for left, right in merges]


def write_tokenizer(path, pieces, merges):
    content = {
        "version": "1.0",
        "added_tokens": [{"id": len(pieces) - 1, "content": END, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True}],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": {piece: index for index, piece in enumerate(pieces)}, "merges": merges},
    }
    path.write_text(json.dumps(content, ensure_ascii=False))


def write_model(path, config, weights, pieces, merges):
    writer = gguf.GGUFWriter(path, "gpt2")
    writer.add_block_count(config["n_layer"])
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_feed_forward_length(config.get("n_inner") or 4 * config["n_embd"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(pieces)
    writer.add_token_types([gguf.TokenType.NORMAL] * (len(pieces) - 1) + [gguf.TokenType.CONTROL])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(len(pieces) - 1)
    writer.add_eos_token_id(len(pieces) - 1)
    writer.add_add_bos_token(False)
    names = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm"}
    for layer in range(config["n_layer"]):
        for name, other in {
            "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
            "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
        }.items():
            names[f"h.{layer}.{name}"] = f"blk.{layer}.{other}"
    for name, values in weights.items():
        owner, part = name.rsplit(".", 1)
        # GPT-2's affine layers have a column for each output, llama.cpp's a row.
        turned = values.T if part == "weight" and values.ndim == 2 and owner.startswith("h.") else values
        writer.add_tensor(f"{names[owner]}.{part}", np.ascontiguousarray(turned, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(path, context):
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.model_alias = {"small"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 2 * context
    parameters.n_parallel = 2
    parameters.cpuparams.n_threads = 1
    parameters.n_threads_http = 4
    # As exact as it can be, so that the best token is the same as that of others.
    parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.fit_params = False
    parameters.warmup = False
    # The built-in model has no token that ends an answer.
    parameters.sampling.ignore_eos = True
    return xllamacpp.Server(parameters)


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    config, weights = gpt2_numpy.load(folder, np.float32)
    pieces, merges = vocabulary(config["vocab_size"])
    write_tokenizer(out / "tokenizer.json", pieces, merges)
    write_model(out / "model.gguf", config, weights, pieces, merges)
    server = serve(out / "model.gguf", config["n_positions"])
    # The library has taken the signal for itself.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    port = int(server.listening_address.rsplit(":", 1)[1])
    print(json.dumps({"port": port}), flush=True)
    sys.stdin.read()
    # Without taking apart what other threads still use.
    os._exit(0)


if __name__ == "__main__":
    main()
