import LibP2P
import Substrate

/// The node's key files: whether they can be read by their owner, and by nobody else.
struct KeyExamination: Sendable {
  let findings: [Finding]
  let peerID: PeerID?
  let hotkey: AccountID?

  init(_ node: NodeSettings) {
    var findings: [Finding] = []
    var (peerID, hotkey): (PeerID?, AccountID?) = (nil, nil)
    do {
      let key = try PeerKeyFile.read(node.peerKey)
      peerID = PeerID(key.publicKey)
      findings.append(Finding("key.peer", .ok, "\(peerID.map(\.description) ?? ""), \(node.peerKey)"))
    } catch let error as any LibP2PError {
      findings.append(Finding("key.peer", .failure, error.message, remedy: error.remedy))
    } catch {
      findings.append(Finding("key.peer", failed: error))
    }
    if let file = node.hotkey {
      do {
        let found = try KeyFile.inspect(file)
        hotkey = found.accountID
        let passphrase = try node.passphraseFile.map(SecretFile.read)
        if let passphrase { hotkey = try KeyFile.load(path: file) { _ in passphrase }.accountID }
        if found.form == .plain || passphrase != nil {
          findings.append(Finding("key.hotkey", .ok, "\(hotkey.map(\.description) ?? "–"), \(file)"))
        } else {
          findings.append(
            Finding(
              "key.hotkey", .failure, "\(file) is sealed, and no passphrase is given",
              remedy: "Set node.passphrase-file; a daemon has nobody to ask."))
        }
      } catch {
        findings.append(Finding("key.hotkey", failed: error))
      }
    }
    (self.findings, self.peerID, self.hotkey) = (findings, peerID, hotkey)
  }
}
