// swift-tools-version: 6.2
import PackageDescription

// A package of its own: who builds the program does not build what measures it.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "validatord", path: ".."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    // Its allocation counts need a library preloaded that this project does without.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "AuthorizationCost",
      dependencies: [
        .product(name: "LibP2P", package: "validatord"),
        .product(name: "Protocols", package: "validatord"),
      ],
      path: "Benchmarks/AuthorizationCost",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "HosterPath",
      dependencies: [
        .product(name: "Hoster", package: "validatord"),
        .product(name: "LibP2P", package: "validatord"),
        .product(name: "Protocols", package: "validatord"),
      ],
      path: "Benchmarks/HosterPath",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "LibP2PPeers",
      dependencies: [
        .product(name: "LibP2P", package: "validatord"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      path: "Benchmarks/LibP2PPeers",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "ProtocolsAPI",
      dependencies: [
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "LibP2P", package: "validatord"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Protocols", package: "validatord"),
      ],
      path: "Benchmarks/ProtocolsAPI",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "ProtocolsCalls",
      dependencies: [
        .product(name: "LibP2P", package: "validatord"),
        .product(name: "Protocols", package: "validatord"),
      ],
      path: "Benchmarks/ProtocolsCalls",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "SubstrateBenchmarks",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "Substrate", package: "validatord"),
      ],
      path: "Benchmarks/SubstrateBenchmarks",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)],
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    .executableTarget(
      name: "ValidatorEpochs",
      dependencies: [
        .product(name: "DevChain", package: "validatord"),
        .product(name: "LibP2P", package: "validatord"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "Protocols", package: "validatord"),
        .product(name: "Substrate", package: "validatord"),
        .product(name: "Validator", package: "validatord"),
      ],
      path: "Benchmarks/ValidatorEpochs",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "ValidatorStore",
      dependencies: [
        .product(name: "Protocols", package: "validatord"),
        .product(name: "Substrate", package: "validatord"),
        .product(name: "Validator", package: "validatord"),
      ],
      path: "Benchmarks/ValidatorStore",
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
  ]
)
