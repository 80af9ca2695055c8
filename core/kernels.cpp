#include "kernels.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace kpalette {

#if defined(KPALETTE_HAVE_AVX)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif
extern const Kernels KPALETTE_BASELINE_TABLE;

const std::vector<const Kernels*>& runnable_kernels() {
  static const std::vector<const Kernels*> tables = [] {
    std::vector<const Kernels*> found;
#if defined(KPALETTE_HAVE_AVX)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      found.push_back(&kernels_avx512);
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      found.push_back(&kernels_avx2);
    }
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
