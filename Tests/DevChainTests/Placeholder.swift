import Testing

@testable import DevChain
