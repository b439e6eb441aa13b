import Hoster
import LibP2P
import Logging
import NIOCore
import Substrate

/// Every key of the configuration of both daemons, with a line of documentation each.
///
/// What parses, `validatord config show`, the flags and docs/configuration.md follow from it.
enum Settings {
  // MARK: The chain

  static let chainRPC = Setting(
    "chain.rpc", .texts("URLs"), .required,
    "JSON-RPC endpoints of nodes of the chain, `ws`, `wss`, `http` or `https`; with several, one that fails is left out."
  )
  static let chainSubnet = Setting("chain.subnet", .number(0...UInt32.max), .required, "The subnet's id.")
  static let chainGenesis = Setting(
    "chain.genesis", .blockHash, .optional, "The genesis hash of the chain; endpoints of another chain are refused.")
  static let chainAllowPlaintext = Setting(
    "chain.allow-plaintext", .flag, .standard("false"),
    "Lets `ws` and `http` go to other machines unencrypted; whoever is on the way can then change every answer.")
  static let chainStallTimeout = Setting(
    "chain.stall-timeout", .time(.seconds(1)...(.seconds(86_400))), .standard("10 min"),
    "How long no block may become final until the daemon ends with 70 and a diagnosis.")

  static let chainWait = Setting(
    "chain.wait", .time(.zero...(.seconds(86_400))), .standard("5 min"),
    "How long the daemon waits at its start for an endpoint that answers until it ends with 69.")

  // MARK: The node

  static let nodePeerKey = Setting(
    "node.peer-key", .path("a path"), .required,
    "The key file of the node's peer identity, which only its owner may read; made by `validatord keys peer generate`.")
  static let nodeHotkey = Setting(
    "node.hotkey", .path("a path"), .optional,
    "The key file of the node's hotkey, which signs on chain. A hoster needs none.")
  static let nodePassphraseFile = Setting(
    "node.passphrase-file", .path("a path"), .optional,
    "A file whose first line is the passphrase of a sealed hotkey file.")
  static let nodeData = Setting(
    "node.data", .path("a path"), .required,
    "The folder of the database, the control socket and the locks; made if it is not there.")
  static let nodeControl = Setting(
    "node.control", .path("a path"), .optional,
    "Where the control socket stands; `control.sock` in `node.data` unless given. 107 bytes at most.")
  static let nodeControlGroup = Setting(
    "node.control-group", .number(0...UInt32.max), .optional, "The group, by number, that may open the control socket.")
  static let nodeControlUsers = Setting(
    "node.control-users", .texts("user numbers"), .standard(""),
    "Users, by number, who may use the control socket besides the daemon's own.")

  // MARK: Peers

  static let p2pListen = Setting(
    "p2p.listen", .addresses(naming: false), .standard("/ip4/0.0.0.0/tcp/4001"),
    "Where to listen for peers. Port 0 takes any free one.")
  static let p2pBootstrap = Setting(
    "p2p.bootstrap", .addresses(naming: true), .standard(""),
    "Peers to stay connected with and to find others through. They need no stake, and may call nothing.")

  // MARK: The API protocol

  static let apiRoutes = Setting(
    "api.routes", .path("a path"), .optional,
    "A routes file: HTTP servers that peers may call through this node (docs/api-protocol.md). Its changes count within a second."
  )
  static let apiExceedWindows = Setting(
    "api.exceed-windows", .flag, .standard("false"),
    "Sends py-libp2p peers unary answers above 262,000 bytes in one frame. They bear it, but it breaks Yamux; without it they get an error."
  )

  // MARK: Operations

  static let operationsListen = Setting(
    "operations.listen", .socketAddress, .standard("127.0.0.1:9700"),
    "Where `/livez`, `/readyz`, `/healthz` and `/metrics` are served, over HTTP and without any secret. Port 0 takes any free one."
  )
  static let logLevel = Setting<Logger.Level>(
    "log.level", .choice, .standard("info"), "The least severe lines that are logged.")
  static let logFormat = Setting<LogFormat>(
    "log.format", .choice, .standard("text"), "How lines are logged to standard error.")

  // MARK: The epoch

  static let epochVocabulary = Setting(
    "epoch.vocabulary", .number(1...UInt32.max), .standard("50257"),
    "How many token ids the subnet's model has; the consensus tensor is drawn from them. The same at every node.")
  static let epochPromptLength = Setting(
    "epoch.prompt-length", .number(1...4096), .standard("32"),
    "How many tokens the consensus tensor has. The same at every node.")
  static let epochMaxNewTokens = Setting(
    "epoch.max-new-tokens", .number(1...Int32(1024)), .standard("5"),
    "How many tokens are asked for in consensus. The same at every node.")
  static let epochCommitFrom = Setting(
    "epoch.commit-from", .percent, .standard("15"), "The part of the epoch after which hosters compute and commit.")
  static let epochCommitUntil = Setting(
    "epoch.commit-until", .percent, .standard("50"),
    "The part of the epoch up to which hosters commit; validators call from there on.")
  static let epochCallUntil = Setting(
    "epoch.call-until", .percent, .standard("75"), "The part of the epoch up to which validators call.")
  static let epochScoreUntil = Setting(
    "epoch.score-until", .percent, .standard("95"), "The part of the epoch by which scores are written.")

  // MARK: The hoster

  static let hosterBackend = Setting<HosterSettings.Backend>(
    "hoster.backend", .choice, .standard("gpt2"), for: .hoster,
    "What computes: the built-in model, a server with OpenAI's completions, or workers of your own.")
  static let hosterModel = Setting(
    "hoster.model", .path("a path"), for: .hoster,
    "The folder with `config.json` and `model.safetensors` of the built-in model.")
  static let hosterWorkers = Setting(
    "hoster.workers", .number(1...64), .standard("1"), for: .hoster, "How many worker processes share the requests.")
  static let hosterThreads = Setting(
    "hoster.threads", .number(1...256), .standard("1"), for: .hoster, "How many threads each worker computes with.")
  static let hosterCommand = Setting(
    "hoster.command", .texts("words"), .standard(""), for: .hoster,
    "The program of an external worker, by absolute path, and its arguments (docs/workers.md).")
  static let hosterEnvironment = Setting(
    "hoster.environment", .texts("names"), .standard(""), for: .hoster,
    "Variables of the daemon that its workers get besides `PATH`, `HOME` and the locale, such as `CUDA_VISIBLE_DEVICES`."
  )
  static let hosterStartTimeout = Setting(
    "hoster.start-timeout", .time(.seconds(1)...(.seconds(86_400))), .standard("10 min"), for: .hoster,
    "How long a worker may load its model until it is started again.")
  static let hosterStallTimeout = Setting(
    "hoster.stall-timeout", .time(.seconds(1)...(.seconds(3600))), .standard("2 min"), for: .hoster,
    "How long a worker may take for a token until it counts as hung, and a server for a part of its answer.")
  static let hosterMemoryLimit = Setting(
    "hoster.memory-limit", .size((64 << 20)...(1 << 50)), for: .hoster,
    "The most address space that a process of a worker may have. Programs with CUDA ask for far more than they use.")
  static let hosterProcessorLimit = Setting(
    "hoster.cpu-limit", .time(.seconds(1)...(.seconds(31_536_000))), for: .hoster,
    "The most processor time that a process of a worker may use until it is ended, and the worker started again.")
  static let hosterDescriptorLimit = Setting(
    "hoster.descriptor-limit", .number(16...UInt64(1 << 20)), for: .hoster,
    "The most descriptors that a process of a worker may have open.")
  static let hosterConcurrency = Setting(
    "hoster.concurrency", .number(1...1024), for: .hoster,
    "How many requests are computed at a time, taking turns, three quarters of them one peer's at most; the others wait. "
      + "256 unless given; 16 with `external` and `completions`, where it should be what the program or server takes.")
  static let hosterCacheTokens = Setting(
    "hoster.cache-tokens", .number(1...(1 << 30)), for: .hoster,
    "How many tokens those requests may have in all, prompts and answers, as a model holds keys and values of each; the "
      + "others wait. 16384 unless given; unbounded with `external` and `completions`.")
  static let hosterMaxNewTokens = Setting(
    "hoster.max-new-tokens", .number(1...Int32(1024)), .standard("5"), for: .hoster,
    "The most tokens that a peer gets for one request; not below `epoch.max-new-tokens`.")
  static let hosterCompletionsURL = Setting(
    "hoster.completions-url", .text("a URL"), for: .hoster,
    "Where the server with OpenAI's completions is, such as `http://127.0.0.1:8000/v1`.")
  static let hosterCompletionsModel = Setting(
    "hoster.completions-model", .text("a name"), for: .hoster, "The model's name on that server.")
  static let hosterCompletionsKeyFile = Setting(
    "hoster.completions-key-file", .path("a path"), for: .hoster,
    "A file whose first line is the server's API key, which only its owner may read.")
  static let hosterCompletionsContext = Setting(
    "hoster.completions-context", .number(2...(1 << 20)), .standard("2048"), for: .hoster,
    "How many tokens that server's model takes, prompt and answer together.")
  static let hosterCompletionsTokenizer = Setting(
    "hoster.completions-tokenizer", .path("a path"), for: .hoster,
    "The model's `tokenizer.json`, for a server that sends text without token ids, such as Ollama (docs/models.md).")
  static let hosterAntiCopy = Setting<AntiCopyPolicy.Mode>(
    "hoster.anti-copy", .choice, .standard("validators-after-commit"), for: .hoster,
    "Who gets this node's answer to the consensus tensor.")

  // MARK: The validator

  static let validatorScoring = Setting<ValidatorSettings.Scoring>(
    "validator.scoring", .choice, .standard("agreement"), for: .validator,
    "How answers become scores (docs/scoring.md). The same at every validator.")
  static let validatorUnprobedScore = Setting(
    "validator.unprobed-score", .number(0...UInt64(1_000_000_000_000_000_000)), .standard("1000000000000000000"),
    for: .validator,
    "What a node gets that serves nothing, and this node itself, with `agreement` and `distance`; in parts of 10^18. "
      + "The same at every validator."
  )
  static let validatorDistanceLowest = Setting(
    "validator.distance-lowest", .number(0...UInt64(999_999_999_999)), .standard("1000000"), for: .validator,
    "Up to this distance from the median `distance` gives the full score; in parts of 10^9. "
      + "The same at every validator."
  )
  static let validatorDistanceHighest = Setting(
    "validator.distance-highest", .number(1...UInt64(1_000_000_000_000)), .standard("100000000"), for: .validator,
    "From this distance on `distance` gives nothing; in parts of 10^9. The same at every validator.")
  static let validatorMaxElements = Setting(
    "validator.max-elements", .number(1...131_072), .standard("16384"), for: .validator,
    "The most numbers in an answer that is no token ids; `epoch.max-new-tokens` bounds those that are. While an epoch "
      + "is scored, the answers of all hosters are held. The same at every validator."
  )
  static let validatorAttest = Setting<ValidatorSettings.Attest>(
    "validator.attest", .choice, .standard("exact"), for: .validator,
    "Which proposals are attested: those that are equal to the own scores, or near them.")
  static let validatorTolerance = Setting(
    "validator.tolerance", .number(0...UInt64(1_000_000_000_000_000_000)), .standard("0"), for: .validator,
    "How far each score may be from the own one with `tolerant`, in parts of 10^18.")
  static let validatorAttempts = Setting(
    "validator.attempts", .number(1...16), .standard("2"), for: .validator,
    "How often a hoster is called until it counts as absent.")
  static let validatorCallTimeout = Setting(
    "validator.call-timeout", .time(.milliseconds(100)...(.seconds(3600))), .standard("10 s"), for: .validator,
    "How long one call of a hoster may take.")
  static let validatorConcurrency = Setting(
    "validator.concurrency", .number(1...4096), .standard("64"), for: .validator,
    "How many hosters are called at a time.")
  static let validatorProbes = Setting(
    "validator.probes", .number(1...64), .standard("1"), for: .validator,
    "How many prompts each hoster is asked in an epoch. The same at every validator.")
  static let validatorProposeUntil = Setting(
    "validator.propose-until", .percent, .standard("50"), for: .validator,
    "The part of the epoch after which nothing is proposed any more.")
}
