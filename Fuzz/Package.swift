// swift-tools-version: 6.2
import PackageDescription

// A package of its own, because libFuzzer wants the code under test compiled with coverage. `Substrate` is
// the same folder as in the program's package (a symbolic link), compiled optimized, with coverage and the
// address sanitizer; what it depends on is compiled plainly. Run it with `make fuzz`.

let instrumented: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .unsafeFlags(["-O", "-enable-testing", "-parse-as-library", "-sanitize=fuzzer,address"]),
]

func fuzzer(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["Fuzzing", "Substrate"], swiftSettings: instrumented,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    .target(name: "CLibFuzzer", publicHeadersPath: "include"),
    .target(name: "Fuzzing", dependencies: ["CLibFuzzer"], swiftSettings: instrumented),
    .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1"),
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
    fuzzer("FuzzScale"),
    fuzzer("FuzzMetadata"),
    fuzzer("FuzzJSONRPC"),
    fuzzer("FuzzKeys"),
    fuzzer("FuzzBlocks"),
  ]
)
