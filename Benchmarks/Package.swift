// swift-tools-version: 6.2
import PackageDescription

// A package of its own: who builds the program does not build what measures it.

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

func ours(_ names: String...) -> [Target.Dependency] { names.map { .product(name: $0, package: "validatord") } }

func program(_ name: String, _ dependencies: [Target.Dependency], plugins: [Target.PluginUsage] = []) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: "Benchmarks/\(name)", swiftSettings: settings, plugins: plugins)
}

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
    .target(
      name: "MeasuredNode", dependencies: ours("LibP2P", "Protocols"), path: "Benchmarks/MeasuredNode",
      swiftSettings: settings + [.enableUpcomingFeature("InternalImportsByDefault")]),
    program("AuthorizationCost", ours("LibP2P", "Protocols")),
    program("HosterPath", ["MeasuredNode"] + ours("Hoster", "LibP2P", "Protocols")),
    program("LibP2PPeers", ours("LibP2P") + [.product(name: "NIOCore", package: "swift-nio")]),
    program(
      "ProtocolsAPI",
      ["MeasuredNode"] + ours("LibP2P", "Protocols") + [
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),
    program("ProtocolsCalls", ["MeasuredNode"] + ours("LibP2P", "Protocols")),
    program(
      "SubstrateBenchmarks", [.product(name: "Benchmark", package: "benchmark")] + ours("Substrate"),
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    program(
      "ValidatorEpochs",
      ["MeasuredNode"] + ours("DevChain", "LibP2P", "Protocols", "Substrate", "Validator") + [
        .product(name: "NIOCore", package: "swift-nio")
      ]),
    program("ValidatorStore", ours("Protocols", "Substrate", "Validator")),
  ]
)
