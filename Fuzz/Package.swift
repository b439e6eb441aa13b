// swift-tools-version: 6.2
import PackageDescription

// A package of its own, because libFuzzer wants the code under test compiled with coverage. The libraries are the same
// folders as in the program's package (symbolic links), compiled optimized, with coverage and the address sanitizer;
// what they depend on is compiled plainly. Run it with `make fuzz`.

let instrumented: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .unsafeFlags(["-O", "-enable-testing", "-parse-as-library", "-sanitize=fuzzer,address"]),
]

func fuzzer(_ name: String, of library: Target.Dependency = "Substrate") -> Target {
  .executableTarget(
    name: name, dependencies: ["Fuzzing", library], swiftSettings: instrumented,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-atomics", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "CLibFuzzer", publicHeadersPath: "include"),
    .target(name: "Fuzzing", dependencies: ["CLibFuzzer"], swiftSettings: instrumented),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
    .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1"),
    .systemLibrary(name: "CMalloc"),
    .target(name: "CProcess"),
    .target(
      name: "Substrate",
      dependencies: [
        "CSecp256k1",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "BigInt", package: "BigInt"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "_CryptoExtras", package: "swift-crypto"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
      ],
      swiftSettings: instrumented),
    .target(
      name: "LibP2P",
      dependencies: [
        "CMalloc",
        "COpenSSL",
        "CSecp256k1",
        .product(name: "Atomics", package: "swift-atomics"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "_CryptoExtras", package: "swift-crypto"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Protobuf/Schemas"],
      swiftSettings: instrumented),
    .target(
      name: "Protocols",
      dependencies: [
        "COpenSSL",
        "LibP2P",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Protobuf/Schemas"],
      swiftSettings: instrumented),
    .target(
      name: "Hoster",
      dependencies: [
        "CProcess",
        "LibP2P",
        "Protocols",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: instrumented),
    .target(
      name: "DevChain",
      dependencies: [
        "Substrate",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: instrumented),
    fuzzer("FuzzScale"),
    fuzzer("FuzzMetadata"),
    fuzzer("FuzzJSONRPC"),
    fuzzer("FuzzKeys"),
    fuzzer("FuzzBlocks"),
    fuzzer("FuzzPeers", of: "LibP2P"),
    fuzzer("FuzzNegotiation", of: "LibP2P"),
    fuzzer("FuzzNoise", of: "LibP2P"),
    fuzzer("FuzzServices", of: "LibP2P"),
    fuzzer("FuzzControl", of: "LibP2P"),
    fuzzer("FuzzYamux", of: "LibP2P"),
    fuzzer("FuzzAuthorization", of: "Protocols"),
    fuzzer("FuzzTensors", of: "Protocols"),
    fuzzer("FuzzFraming", of: "Protocols"),
    fuzzer("FuzzAPI", of: "Protocols"),
    fuzzer("FuzzModel", of: "Hoster"),
    fuzzer("FuzzSSE", of: "Hoster"),
    fuzzer("FuzzTokenizer", of: "Hoster"),
    fuzzer("FuzzDevChain", of: "DevChain"),
  ]
)
