/// `epoch.*`: what all nodes of a subnet have to do alike.
struct EpochSettings: Sendable, Hashable {
  /// Token ids that the consensus tensor is drawn from.
  let vocabulary: UInt32
  /// Its tokens.
  let promptLength: Int
  /// How many tokens are asked for.
  let maximumNewTokens: Int32
  /// Windows, in percent of the epoch: hosters compute and commit in (`commitFrom`, `commitUntil`], validators call in
  /// (`commitUntil`, `callUntil`], and scores are written by `scoreUntil`.
  let commitFrom: Int
  let commitUntil: Int
  let callUntil: Int
  let scoreUntil: Int

  init?(_ reader: inout SettingsReader) {
    let vocabulary = reader.value(Settings.epochVocabulary)
    let promptLength = reader.value(Settings.epochPromptLength)
    let tokens = reader.value(Settings.epochMaxNewTokens)
    let commitFrom = reader.value(Settings.epochCommitFrom)
    let commitUntil = reader.value(Settings.epochCommitUntil)
    let callUntil = reader.value(Settings.epochCallUntil)
    let scoreUntil = reader.value(Settings.epochScoreUntil)
    guard let vocabulary, let promptLength, let tokens, let commitFrom, let commitUntil, let callUntil, let scoreUntil
    else { return nil }
    let windows = [
      (commitFrom, Settings.epochCommitFrom.entry), (commitUntil, Settings.epochCommitUntil.entry),
      (callUntil, Settings.epochCallUntil.entry), (scoreUntil, Settings.epochScoreUntil.entry),
    ]
    for (earlier, later) in zip(windows, windows.dropFirst()) where earlier.0 >= later.0 {
      reader.report(later.1, "has to be more than \(earlier.1.name), which is \(earlier.0)")
    }
    (self.vocabulary, self.promptLength, maximumNewTokens) = (vocabulary, promptLength, tokens)
    (self.commitFrom, self.commitUntil) = (commitFrom, commitUntil)
    (self.callUntil, self.scoreUntil) = (callUntil, scoreUntil)
  }
}
