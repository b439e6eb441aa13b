extension Settings {
  /// The keys in the order in which they are explained.
  static let all: [SettingEntry] = chain + node + network + api + epoch + hoster + validator

  private static let chain: [SettingEntry] = [
    chainRPC.entry, chainSubnet.entry, chainGenesis.entry, chainAllowPlaintext.entry, chainWait.entry,
    chainStallTimeout.entry,
  ]

  private static let node: [SettingEntry] = [
    nodePeerKey.entry, nodeHotkey.entry, nodePassphraseFile.entry, nodeData.entry, nodeControl.entry,
    nodeControlGroup.entry, nodeControlUsers.entry,
  ]

  private static let network: [SettingEntry] = [
    p2pListen.entry, p2pBootstrap.entry, operationsListen.entry, logLevel.entry, logFormat.entry,
  ]

  private static let api: [SettingEntry] = [apiRoutes.entry, apiExceedWindows.entry]

  private static let epoch: [SettingEntry] = [
    epochVocabulary.entry, epochPromptLength.entry, epochMaxNewTokens.entry, epochCommitFrom.entry,
    epochCommitUntil.entry, epochCallUntil.entry, epochScoreUntil.entry,
  ]

  private static let hoster: [SettingEntry] = [
    hosterBackend.entry, hosterModel.entry, hosterWorkers.entry, hosterThreads.entry, hosterCommand.entry,
    hosterEnvironment.entry, hosterStartTimeout.entry, hosterStallTimeout.entry, hosterMemoryLimit.entry,
    hosterProcessorLimit.entry, hosterDescriptorLimit.entry, hosterConcurrency.entry, hosterCacheTokens.entry,
    hosterMaxNewTokens.entry,
    hosterCompletionsURL.entry, hosterCompletionsModel.entry, hosterCompletionsKeyFile.entry,
    hosterCompletionsContext.entry, hosterCompletionsTokenizer.entry, hosterAntiCopy.entry,
  ]

  private static let validator: [SettingEntry] = [
    validatorScoring.entry, validatorUnprobedScore.entry, validatorDistanceLowest.entry,
    validatorDistanceHighest.entry, validatorMaxElements.entry, validatorAttest.entry, validatorTolerance.entry,
    validatorAttempts.entry,
    validatorCallTimeout.entry, validatorConcurrency.entry, validatorProbes.entry, validatorProposeUntil.entry,
  ]
}
