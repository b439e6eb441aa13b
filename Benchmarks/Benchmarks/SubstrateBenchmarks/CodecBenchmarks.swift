import Benchmark
import Substrate

func codecBenchmarks() {
  for version in [14, 15] {
    Benchmark("metadata V\(version) decode") { benchmark in
      let bytes = try Vectors.metadata(version)
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(try RuntimeMetadata(bytes)) }
    }
  }

  Benchmark("16384 u32 decode", configuration: .init(scalingFactor: .kilo)) { benchmark in
    var writer = ScaleWriter()
    writer.write((0..<16_384 as Range<UInt32>).map { $0 &* 2_654_435_761 }) { $1.write($0) }
    let bytes = writer.bytes
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      var reader = ScaleReader(bytes)
      let count = try reader.readCount(elementSize: 4)
      blackHole(try reader.readIntegers(count, as: UInt32.self))
      try reader.finish()
    }
  }

  Benchmark("events decode") { benchmark in
    let metadata = try RuntimeMetadata(Vectors.metadata(15))
    let bytes = try Vectors.events()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try EventRecord.decode(bytes, metadata: metadata)) }
  }
}
