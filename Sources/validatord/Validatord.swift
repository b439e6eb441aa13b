import ArgumentParser

@main
struct Validatord: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "validatord", abstract: "Runs a Hypertensor subnet node.")
}
