#pragma once

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with the program's arguments. Source: the LLVM manual, "Using libFuzzer as a library".
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test_one_input)(const uint8_t *data, size_t size));
