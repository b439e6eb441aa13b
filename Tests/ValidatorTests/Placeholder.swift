import Testing

@testable import Validator
