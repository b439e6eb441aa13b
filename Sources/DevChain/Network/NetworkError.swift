import Substrate

/// Why a call of the Network pallet failed, in the order of the numbers on the wire.
enum NetworkError: UInt8, Error, CaseIterable, Hashable {
  case invalidChurnLimit, invalidChurnLimitMultiplier, invalidRegistrationQueueEpochs
  case invalidIdleClassificationEpochs, invalidIncludedClassificationEpochs
  case invalidSubnetNodeConsecutiveIncludedEpochs, invalidOverwatchEpochLengthMultiplier
  case subnetMustBeRegisteringOrActivated, subnetMustBeRegistering, maxSubnets, invalidSubnetNodeId
  case invalidSubnetNodeClassification, invalidEmergencySubnetNodeId, notSubnetOwner, notPendingSubnetOwner
  case noPendingSubnetOwner, subnetPauseCooldownActive, invalidTargetNodeRegistrationsPerEpoch, peerIdExist
  case maxSubnetNodes, bootnodePeerIdExist, clientPeerIdExist, invalidClientPeerId, multiaddrExist
  case invalidHotkeySubnetNodeId, subnetNameExist, subnetRepoExist, invalidSubnetId, subnetMustBeActive
  case subnetMustBePaused, invalidMinEmergencySubnetNodes, invalidMaxEmergencySubnetNodes, subnetIsPaused
  case txRateLimitExceeded, invalidPeerId, invalidBootnodePeerId, invalidMultiaddr, coldkeyRegistrationWhitelist
  case maxRegisteredNodes, notEnoughBalanceToRegisterSubnet, uniqueParameterTaken
  case subnetActivationConditionsNotMetYet, costGreaterThanMaxCost, minSubnetRegistrationEpochsNotMet
  case invalidMaxRegisteredNodes, invalidSubnetRegistrationInitialColdkeys, bootnodesEmpty, invalidSubnetMinStake
  case invalidSubnetMaxStake, invalidSubnetStakeParameters, invalidMinDelegateStakePercentage
  case invalidDelegateStakePercentage, delegateStakePercentageUpdateTooSoon, delegateStakePercentageAbsDiffTooLarge
  case mustUnstakeToRegister, invalidMaxSubnets, invalidMinDelegateStakeDeposit, invalidMaxBootnodes
  case invalidMaxSubnetBootnodeAccess, invalidMaxSubnetPauseEpochs, noAvailableSlots, invalidMinSubnetNodes
  case invalidMaxSubnetNodes, invalidPercent, emergencyValidatorsSet, minSubnetNodeReputation
  case invalidAbsentDecreaseReputationFactor, invalidIncludedIncreaseReputationFactor
  case invalidNonConsensusAttestorDecreaseReputationFactor, invalidNonValidatorAbsentDecreaseReputationFactor
  case invalidValidatorNonConsensusSubnetNodeReputationFactor, invalidBelowMinWeightDecreaseReputationFactor
  case invalidNonAttestorDecreaseReputationFactor, invalidValidatorRewardK, invalidAttestorRewardExponent
  case invalidSuperMajorityAttestationRatio, invalidValues, invalidPerbillPercent, invalidMinNodeBurnRate
  case invalidMaxNodeBurnRate, invalidDelegateStakeSubnetRemovalInterval, invalidMaxSubnetRemovalInterval
  case invalidMinSubnetRegistrationEpochs, invalidSubnetRegistrationEpochs, invalidStakeCooldownEpochs
  case invalidMaxUnbondings, invalidDelegateStakeCooldownEpochs, invalidNodeDelegateStakeCooldownEpochs
  case couldNotConvertToBalance, invalidAmount, notEnoughBalanceToStake, notEnoughBalance, balanceWithdrawalError
  case balanceBurnError, notEnoughStakeToWithdraw, transferToSelfNotAllowed, maxStakeReached
  case minDelegateStakeDepositNotReached, minNodeDelegateStakeDepositNotReached, minStakeNotReached
  case couldNotConvertToShares, maxUnlockingsReached, noStakeUnbondingsOrCooldownNotMet, minDelegateStake
  case electedValidatorCannotUnstake, electedValidatorCannotRemove, minActiveNodeStakeEpochs, sharesZero, amountZero
  case invalidSubnetConsensusSubmission, subnetActivatedAlready, invalidSubnetRemoval, subnetRewardsAlreadySubmitted
  case subnetEpochDataIsNone, invalidValidator, noElectedValidator, alreadyAttested, scoreOverflow
  case electionSlotInsertFail, notKeyOwner, subnetNodeUniqueParamTaken, hotkeyAlreadyRegisteredToColdkey
  case maxBurnAmountExceeded, oldHotkeyNotRegistered, identityTaken, identityFieldEmpty, noDelegateRewardRateChange
  case invalidDelegateRewardRate, invalidDelegateAccountRate, invalidDelegateAccountParameters
  case delegateAccountIdIsNone, delegateAccountRateIsNone, delegateAccountCannotBeHotkey
  case delegateAccountCannotBeColdkey, notDelegateAccountOwner, noDelegateAccountSet, surpassesMaxRewardRateDecrease
  case maxRewardRateUpdates, paused, hotkeyHasOwner, coldkeyMatchesHotkey, peerIdsMustBeUnique, noCommitFound
  case revealMismatch, commitsEmpty, alreadyCommitted, invalidWeight, maxOverwatchNodes, overwatchEpochIsZero
  case inBootnodeAccessList, notInAccessList, tooManyBootnodes, invalidAccess, notCommitPeriod, notRevealPeriod
  case coldkeyNotOverwatchQualified, coldkeyOverwatchQualified, invalidOverwatchNodeId, maxSubnetBootnodeAccess
  case swapCallNotFound, coldkeyBlacklisted, multiaddrInvalidVarint, multiaddrInvalidProtocol
  case multiaddrInvalidAddress, multiaddrTruncated

  /// The name in metadata.
  var name: String {
    let name = "\(self)"
    return name.prefix(1).uppercased() + name.dropFirst()
  }
}
