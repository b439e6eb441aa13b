import Benchmark
import Substrate

func extrinsicBenchmarks() {
  Benchmark("attest build and sign", configuration: .init(scalingFactor: .kilo)) { benchmark in
    let metadata = try RuntimeMetadata(Vectors.metadata(15))
    let attest = CallName("Network", "attest")
    // A key for measuring only: 32 bytes of 1.
    let signer = Signer(try AccountKey(secret: [UInt8](repeating: 1, count: 32)), allowing: [attest])
    let hash = [UInt8](repeating: 2, count: 32)
    let arguments = [CallArgument("subnet_id", 128_001), CallArgument("attest_data", .option(nil))]
    benchmark.startMeasurement()
    for nonce in benchmark.scaledIterations {
      let parameters = SigningParameters(
        genesisHash: hash, specVersion: 1, transactionVersion: 1, nonce: UInt32(nonce),
        era: .mortal(period: 64, at: 1000), eraBirthHash: hash)
      let call = try metadata.makeCall(attest, arguments)
      blackHole(try signer.sign(call, parameters, at: 1000, metadata: metadata))
    }
  }
}
