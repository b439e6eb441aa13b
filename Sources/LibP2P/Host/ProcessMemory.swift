#if canImport(Glibc)
  import CMalloc
#endif

/// What a program that moves much data tells malloc.
public enum ProcessMemory {
  /// Keeps memory that was freed for what needs it next, up to `bytes` an arena, instead of giving it back to the system
  /// at once. glibc's own habit makes every buffer of a transfer fault its pages in again, which costs a secure stream
  /// nearly half of its throughput.
  ///
  /// It concerns the whole process, so it is for programs to call, once, when they start. Other C libraries have other
  /// habits; there it does nothing.
  public static func keepFreed(upTo bytes: Int32 = 32 << 20) {
    #if canImport(Glibc)
      _ = mallopt(M_TRIM_THRESHOLD, bytes)
      _ = mallopt(M_MMAP_THRESHOLD, bytes / 8)
      _ = mallopt(M_TOP_PAD, bytes / 32)
    #endif
  }

  /// Bytes that malloc has handed out and that were not given back, over all arenas: what the program holds, without what
  /// malloc keeps for later. Nil with other C libraries than glibc.
  public static var allocated: UInt64? {
    #if canImport(Glibc)
      let information = mallinfo2()
      return UInt64(information.uordblks) + UInt64(information.hblkhd)
    #else
      return nil
    #endif
  }
}
