"""Makes the tokenizers and vectors of Tests/Vectors/model/tokenizers, with PyPI's tokenizers 0.23.3, which nothing else
needs:

  pip install tokenizers==0.23.3
  python Tests/Interop/model/tokenizer_vectors.py

Two tiny tokenizers are trained: `bytes.json` is byte-level as GPT-2's, its merges written as in older files; `spaces.json`
has U+2581 for spaces and bytes for unknown characters, as Llama 2's. `vectors.json` holds what the library makes of token
ids, and the tokens to which its model merges pieces of text, in both cases and with other decoders that files have.
"""

import copy
import json
import pathlib
import random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

FOLDER = pathlib.Path(__file__).parent.parent.parent / "Vectors" / "model" / "tokenizers"
# Letters with their accents in one and apart: Swift holds them for equal.
ACCENTS = "caf\u00e9 cafe\u0301 \u00c5ngstr\u00f6m \u212bngstro\u0308m "
TEXT = [
    "the node serves the peers of a subnet and the validator scores the answers of the hosters in each epoch ",
    "tokens come out one by one, and then the answer has ended; another node asks the same and gets the same ",
    "der Knoten antwortet den Gleichen, über größere Strecken auch öfter; ",
    "узел отвечает другим узлам сети и получает за это очки ",
    "节点回答其他节点的问题 节点得到分数 ",
    "print(x[0], y[1])\n    return x + y\n  if x == 12:\n\t\tx = 3\n",
    "👍🏽 👍🏽 🙂 ", ACCENTS,
] * 4


def compact(content):
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def write(name, content):
    (FOLDER / name).write_text(compact(content) + "\n")


def make_bytes():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=480, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"], show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.add_tokens(["<tool>"])
    content = json.loads(tokenizer.to_str())
    content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
    return content


def make_spaces():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    # Rare characters stay without a piece.
    trainer = trainers.BpeTrainer(
        vocab_size=330, limit_alphabet=90, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False)
    tokenizer.train_from_iterator(TEXT + [ACCENTS] * 8, trainer)
    content = json.loads(tokenizer.to_str())
    model = content["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].get)
    pieces = pieces[:3] + [f"<0x{byte:02X}>" for byte in range(256)] + pieces[3:]
    model["vocab"] = {piece: index for index, piece in enumerate(pieces)}
    content["pre_tokenizer"] = None
    content["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
    content["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    return content


def decoded(content, seed, choices=None):
    tokenizer = Tokenizer.from_str(json.dumps(content))
    chance = random.Random(seed)
    size = tokenizer.get_vocab_size()
    cases = []
    for length in [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]:
        ids = [chance.choice(choices) if choices and chance.random() < 0.6 else chance.randrange(size + 2)
               for _ in range(length)]
        cases.append({"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)})
    return cases


def encoded(content, written, seed):
    tokenizer = Tokenizer.from_str(json.dumps(content))
    chance = random.Random(seed)
    text = "".join(TEXT)
    pieces = [" the", "the", "the node", " ", "  ", "\n", "café", "cafe\u0301", "\u212b", "\u00c5", "👍🏽", "👍🏽👍🏽 🙂", "节点",
              "節點", "\u0000", "ё", "nodenodenode", "a" * 50, "<0x0A>", "ꙮꙮ x ꙮ", "\ufffd", "e\u0301\u0301"]
    for _ in range(40):
        start = chance.randrange(len(text))
        pieces.append(text[start : start + chance.randrange(1, 16)])
    return [{"text": piece, "ids": [token.id for token in tokenizer.model.tokenize(written(piece))]} for piece in pieces]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    content = {"bytes": make_bytes(), "spaces": make_spaces()}
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    written = {
        "bytes": lambda text: "".join(part for part, _ in level.pre_tokenize_str(text)),
        "spaces": lambda text: text.replace(" ", "\u2581"),
    }
    vectors = {}
    for seed, name in enumerate(content):
        write(f"{name}.json", content[name])
        vectors[name] = {
            "decode": decoded(content[name], seed, list(range(3, 259)) if name == "spaces" else None),
            "encode": encoded(content[name], written[name], seed), "decoders": [],
        }
    parts = content["spaces"]["decoder"]["decoders"]
    spaces = [content["spaces"]["model"]["vocab"][piece] for piece in ["\u2581", "\u2581the", "e", "</s>"]]
    for decoder in [
        {"type": "Sequence", "decoders": parts[:3]},
        {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never", "split": True},
    ]:
        other = copy.deepcopy(content["spaces"])
        other["decoder"] = decoder
        # As text, to stand in the file in place of its own.
        vectors["spaces"]["decoders"].append({"decoder": compact(decoder), "decode": decoded(other, 7, spaces)})
    other = copy.deepcopy(content["spaces"])
    other["model"]["byte_fallback"] = False
    vectors["spaces"]["without_bytes"] = encoded(other, written["spaces"], 9)
    write("vectors.json", vectors)


if __name__ == "__main__":
    main()
