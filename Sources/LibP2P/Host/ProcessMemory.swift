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
}
