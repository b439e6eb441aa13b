import Testing

@testable import Substrate

@Suite("Generations")
struct GenerationTests {
  @Test("Each generation is told from its metadata, V14 and V15", arguments: [14, 15])
  func generations(_ version: Int) throws {
    #expect(try Generation(RecordedChain.december.metadata(version)) == .a)
    #expect(try Generation(RecordedChain.february.metadata(version)) == .b)
    #expect(try Generation(GenerationC.metadata(version)) == .c)
  }
}
