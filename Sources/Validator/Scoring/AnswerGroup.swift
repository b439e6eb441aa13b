/// The answers to a probe that can be compared by their numbers: those of the most frequent type and shape.
struct AnswerGroup {
  /// One of the different answers.
  struct Distinct {
    let elements: [Int64]
    /// How many hosters gave it.
    var count: Int
  }

  /// The different answers by digest.
  private(set) var answers: [Digest32: Distinct] = [:]
  /// Why an answer is not among them.
  private(set) var faults: [Digest32: VerdictReason] = [:]

  /// How many hosters gave one of them.
  var count: Int { answers.values.reduce(0) { $0 + $1.count } }
  /// How many numbers each has.
  var width: Int { answers.first?.value.elements.count ?? 0 }

  private struct Form: Hashable {
    let type: String
    let shape: [Int]
  }

  /// - Parameter given: what each hoster answered, by subnet node id, smallest first. Of equally frequent forms that of
  ///   the first hoster counts.
  init(_ given: [(id: UInt32, answer: AnswerDigest)]) {
    var counts: [Digest32: Int] = [:]
    var converted: [Digest32: (form: Form, elements: [Int64])] = [:]
    var forms: [Form: (count: Int, first: UInt32)] = [:]
    for (id, digest) in given {
      counts[digest.digest, default: 0] += 1
      guard faults[digest.digest] == nil else { continue }
      if converted[digest.digest] == nil {
        guard let answer = digest.answer else {
          faults[digest.digest] = .notKept
          continue
        }
        guard let elements = FixedPoint.elements(of: answer) else {
          faults[digest.digest] = .notFinite
          continue
        }
        let form = Form(type: answer.type.rawValue, shape: Array(answer.shape.drop { $0 == 1 }))
        converted[digest.digest] = (form, elements)
      }
      if let form = converted[digest.digest]?.form { forms[form, default: (0, id)].count += 1 }
    }
    let chosen = forms.max { ($0.value.count, $1.value.first) < ($1.value.count, $0.value.first) }?.key
    for (digest, answer) in converted {
      if answer.form == chosen {
        answers[digest] = Distinct(elements: answer.elements, count: counts[digest] ?? 0)
      } else {
        faults[digest] = .shape
      }
    }
  }
}
