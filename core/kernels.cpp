#include "kernels.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#if defined(KPALETTE_HAVE_AVX)
#include <cpuid.h>
#endif

namespace kpalette {

#if defined(KPALETTE_HAVE_AVX)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif
extern const Kernels KPALETTE_BASELINE_TABLE;

#if defined(KPALETTE_HAVE_AVX)
namespace {

/// Of a processor, as far as the system saves the registers of its vectors.
struct Vectors {
  bool avx2 = false;  // and fused multiplication
  bool avx512 = false;
};

/// Asks the processor itself. What compilers have for it, __builtin_cpu_supports, needs a part of
/// their runtime library that not all of them bring: Zig's answers that there is nothing.
/// Intel's manual, volume 1, sections 14.3, 14.7.1 and 15.2, says which bits are asked for.
Vectors vectors() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return {};
  constexpr unsigned kFirst = bit_FMA | bit_OSXSAVE | bit_AVX;
  if ((c & kFirst) != kFirst) return {};
  unsigned saved = 0, high = 0;  // XCR0: bits 1 and 2 for AVX, 5 to 7 for AVX-512
  asm volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  if ((saved & 0x06) != 0x06 || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return {};
  constexpr unsigned kSubsets = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  const bool avx2 = (b & bit_AVX2) != 0;
#if defined(__APPLE__)
  saved |= 0xe0;  // macOS sets these bits when a thread first uses the registers
#endif
  return {.avx2 = avx2, .avx512 = avx2 && (b & kSubsets) == kSubsets && (saved & 0xe0) == 0xe0};
}

}  // namespace
#endif

const std::vector<const Kernels*>& runnable_kernels() {
  static const std::vector<const Kernels*> tables = [] {
    std::vector<const Kernels*> found;
#if defined(KPALETTE_HAVE_AVX)
    const Vectors has = vectors();
    if (has.avx512) found.push_back(&kernels_avx512);
    if (has.avx2) found.push_back(&kernels_avx2);
#endif
    found.push_back(&KPALETTE_BASELINE_TABLE);
    return found;
  }();
  return tables;
}

const Kernels& kernels() {
  const std::vector<const Kernels*>& tables = runnable_kernels();
  const char* wanted = std::getenv("KPALETTE_ISA");
  if (wanted == nullptr || *wanted == '\0') return *tables.front();
  std::string names;
  for (const Kernels* table : tables) {
    if (std::strcmp(table->name, wanted) == 0) return *table;
    names += names.empty() ? table->name : std::string(", ") + table->name;
  }
  throw std::invalid_argument("KPALETTE_ISA: expected one of " + names + ", got " + wanted);
}

}  // namespace kpalette
