// Compiled once per instruction set, with KPALETTE_ISA_NAME and KPALETTE_LANES set to match.
//
// Nothing here may use an inline function of another header: the linker keeps one copy of such a
// function, and that copy could hold instructions that the machine lacks.
#include "kernels.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace kpalette {
namespace {

constexpr int kLanes = KPALETTE_LANES;

typedef float Floats __attribute__((vector_size(kLanes * 4)));
typedef std::int32_t Ints __attribute__((vector_size(kLanes * 4)));
typedef std::uint16_t Shorts __attribute__((vector_size(kLanes * 2)));
// The same, at any address.
typedef float LooseFloats __attribute__((vector_size(kLanes * 4), aligned(4)));
typedef std::int32_t LooseInts __attribute__((vector_size(kLanes * 4), aligned(4)));
typedef std::uint16_t LooseShorts __attribute__((vector_size(kLanes * 2), aligned(2)));

inline Floats load(const float* from) { return *reinterpret_cast<const LooseFloats*>(from); }
inline void store(float* to, Floats values) { *reinterpret_cast<LooseFloats*>(to) = values; }
inline Floats all(float value) { return value - Floats{}; }
inline Ints all(std::int32_t value) { return value - Ints{}; }
inline Floats least(Floats a, Floats b) { return a < b ? a : b; }
inline Floats most(Floats a, Floats b) { return a > b ? a : b; }
inline Floats magnitude(Floats a) { return most(a, -a); }

/// Bit i is set where lane i is true.
inline unsigned bits(Ints mask) {
#if defined(__AVX512DQ__)
  return _mm512_movepi32_mask((__m512i)mask);
#elif defined(__AVX2__)
  return static_cast<unsigned>(_mm256_movemask_ps((__m256)mask));
#elif defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_ps((__m128)mask));
#elif defined(__wasm_simd128__)
  return static_cast<unsigned>(__builtin_wasm_bitmask_i32x4(mask));
#else
  unsigned result = 0;
  for (int lane = 0; lane < kLanes; ++lane) result |= static_cast<unsigned>(mask[lane] & 1) << lane;
  return result;
#endif
}

/// Copies the lanes of candidates j... that `keep` names to the end of `out`. May write past it,
/// as far as the padding goes.
template <int D>
inline void append(const Candidates& in, int j, unsigned keep, Candidates& out) {
#if defined(__AVX512F__)
  const auto mask = static_cast<__mmask16>(keep);
  for (int axis = 0; axis < D; ++axis) {
    _mm512_storeu_ps(out.coords[axis] + out.count,
                     _mm512_maskz_compress_ps(mask, _mm512_loadu_ps(in.coords[axis] + j)));
  }
  _mm512_storeu_ps(out.half_square + out.count,
                   _mm512_maskz_compress_ps(mask, _mm512_loadu_ps(in.half_square + j)));
  _mm512_storeu_si512(out.ids + out.count,
                      _mm512_maskz_compress_epi32(mask, _mm512_loadu_si512(in.ids + j)));
  out.count += __builtin_popcount(keep);
#else
  for (; keep != 0; keep &= keep - 1) {
    const int from = j + __builtin_ctz(keep);
    for (int axis = 0; axis < D; ++axis) out.coords[axis][out.count] = in.coords[axis][from];
    out.half_square[out.count] = in.half_square[from];
    out.ids[out.count] = in.ids[from];
    ++out.count;
  }
#endif
}

template <int D>
void narrow(const Box& box, const Candidates& in, Candidates& out, float slack, float* scratch) {
  // Squared distances to the middle of the box, and the least of them.
  Floats nearest = all(__builtin_inff());
  for (int j = 0; j < in.count; j += kLanes) {
    Floats square = {};
    for (int axis = 0; axis < D; ++axis) {
      const Floats offset = load(in.coords[axis] + j) - all(box.middle[axis]);
      square += offset * offset;
    }
    store(scratch + j, square);
    nearest = least(nearest, square);
  }
  float best = nearest[0];
  for (int lane = 1; lane < kLanes; ++lane) best = nearest[lane] < best ? nearest[lane] : best;
  int pivot = 0;
  for (unsigned found = 0; found == 0; pivot += kLanes) {
    found = bits(load(scratch + pivot) == all(best));
    if (found != 0) pivot += __builtin_ctz(found) - kLanes;
  }

  // A centre is out if the pivot is nearer even at the corner of the box that favours the centre
  // most: d2(centre, middle) - d2(pivot, middle) > 2 * sum of half * |centre - pivot|.
  Floats pivot_coords[D];
  Floats twice_half[D];
  for (int axis = 0; axis < D; ++axis) {
    pivot_coords[axis] = all(in.coords[axis][pivot]);
    twice_half[axis] = all(2 * box.half[axis]);
  }
  const Floats limit = all(best + slack);
  out.count = 0;
  for (int j = 0; j < in.count; j += kLanes) {
    Floats gain = limit;
    for (int axis = 0; axis < D; ++axis) {
      gain += twice_half[axis] * magnitude(load(in.coords[axis] + j) - pivot_coords[axis]);
    }
    append<D>(in, j, bits(load(scratch + j) <= gain), out);
  }
  // Padding never passes: its squared distance is near kFar^2, what it gains near kFar.
  for (int j = out.count; j % Candidates::kPad != 0; ++j) {
    for (int axis = 0; axis < D; ++axis) out.coords[axis][j] = Candidates::kFar;
  }
}

template <int D>
bool assign(const float* block, const Candidates& candidates, float gap, std::uint16_t* labels,
            std::int32_t* close) {
  // Half of |x - c|^2 - |x|^2: one multiply-add per axis. As many vectors at once as keep the
  // registers full, so that each centre is broadcast once for all of them.
  constexpr int kAtOnce = kLanes >= 16 ? 4 : 2;
  Ints any_close = {};
  for (int first = 0; first < kBlock; first += kAtOnce * kLanes) {
    Floats x[D][kAtOnce];
    Floats best[kAtOnce];
    Floats second[kAtOnce];
    Ints label[kAtOnce];
    for (int v = 0; v < kAtOnce; ++v) {
      for (int axis = 0; axis < D; ++axis) {
        x[axis][v] = load(block + axis * kBlock + first + v * kLanes);
      }
      best[v] = all(__builtin_inff());
      second[v] = all(__builtin_inff());
      label[v] = Ints{};
    }
    for (int j = 0; j < candidates.count; ++j) {
      const Floats half_square = all(candidates.half_square[j]);
      Floats center[D];
      for (int axis = 0; axis < D; ++axis) center[axis] = all(candidates.coords[axis][j]);
      const Ints id = all(candidates.ids[j]);
      for (int v = 0; v < kAtOnce; ++v) {
        Floats score = half_square;
        for (int axis = 0; axis < D; ++axis) score -= x[axis][v] * center[axis];
        label[v] = score < best[v] ? id : label[v];
        second[v] = least(second[v], most(best[v], score));
        best[v] = least(best[v], score);
      }
    }
    for (int v = 0; v < kAtOnce; ++v) {
      const int at = first + v * kLanes;
      const Ints near = second[v] - best[v] <= all(gap);
      *reinterpret_cast<LooseInts*>(close + at) = near;
      any_close |= near;
      *reinterpret_cast<LooseShorts*>(labels + at) = __builtin_convertvector(label[v], Shorts);
    }
  }
  std::int32_t any = 0;
  for (int lane = 0; lane < kLanes; ++lane) any |= any_close[lane];
  return any != 0;
}

/// The nearest so far, for kAtOnce vectors of samples.
template <int kAtOnce>
struct Nearest {
  Floats best[kAtOnce];
  Floats second[kAtOnce];
  Ints label[kAtOnce];
};

/// Scores the first G centres of a group: as many accumulators as registers can hold, so that each
/// load serves several of them.
template <int G, int kAtOnce>
inline void try_group(const float* block, int dim, const float* group, const float* half_squares,
                      int id, Nearest<kAtOnce>& nearest) {
  Floats scores[G][kAtOnce];
#pragma GCC unroll 8
  for (int g = 0; g < G; ++g) {
#pragma GCC unroll 8
    for (int v = 0; v < kAtOnce; ++v) scores[g][v] = all(half_squares[g]);
  }
  for (int axis = 0; axis < dim; ++axis) {
    Floats x[kAtOnce];
#pragma GCC unroll 8
    for (int v = 0; v < kAtOnce; ++v) x[v] = load(block + axis * kBlock + v * kLanes);
#pragma GCC unroll 8
    for (int g = 0; g < G; ++g) {
      const Floats center = all(group[axis * Kernels::kGroup + g]);
#pragma GCC unroll 8
      for (int v = 0; v < kAtOnce; ++v) scores[g][v] -= x[v] * center;
    }
  }
#pragma GCC unroll 8
  for (int g = 0; g < G; ++g) {
    const Ints label = all(id + g);
#pragma GCC unroll 8
    for (int v = 0; v < kAtOnce; ++v) {
      const Floats score = scores[g][v];
      nearest.label[v] = score < nearest.best[v] ? label : nearest.label[v];
      nearest.second[v] = least(nearest.second[v], most(nearest.best[v], score));
      nearest.best[v] = least(nearest.best[v], score);
    }
  }
}

bool assign_samples(const float* block, int dim, const float* centers, const float* half_squares,
                    int count, const float* gaps, std::int32_t* labels, std::int32_t* close) {
  constexpr int kGroup = Kernels::kGroup;
  constexpr int kAtOnce = kLanes >= 16 ? 4 : 2;
  Ints any_close = {};
  for (int first = 0; first < kBlock; first += kAtOnce * kLanes) {
    Nearest<kAtOnce> nearest;
    for (int v = 0; v < kAtOnce; ++v) {
      nearest.best[v] = all(__builtin_inff());
      nearest.second[v] = all(__builtin_inff());
      nearest.label[v] = Ints{};
    }
    int j = 0;
    const float* rest = centers;
    for (; j + kGroup <= count; j += kGroup, rest += kGroup * dim) {
      try_group<kGroup>(block + first, dim, rest, half_squares + j, j, nearest);
    }
    switch (count - j) {
      case 5:
        try_group<5>(block + first, dim, rest, half_squares + j, j, nearest);
        break;
      case 4:
        try_group<4>(block + first, dim, rest, half_squares + j, j, nearest);
        break;
      case 3:
        try_group<3>(block + first, dim, rest, half_squares + j, j, nearest);
        break;
      case 2:
        try_group<2>(block + first, dim, rest, half_squares + j, j, nearest);
        break;
      case 1:
        try_group<1>(block + first, dim, rest, half_squares + j, j, nearest);
        break;
    }
    for (int v = 0; v < kAtOnce; ++v) {
      const int at = first + v * kLanes;
      // "Not far" rather than "near": so that NaN, from centres too far off for floats, counts.
      const Ints near = ~(nearest.second[v] - nearest.best[v] > load(gaps + at));
      *reinterpret_cast<LooseInts*>(close + at) = near;
      any_close |= near;
      *reinterpret_cast<LooseInts*>(labels + at) = nearest.label[v];
    }
  }
  std::int32_t any = 0;
  for (int lane = 0; lane < kLanes; ++lane) any |= any_close[lane];
  return any != 0;
}

}  // namespace

#define KPALETTE_JOIN(a, b) a##b
#define KPALETTE_TABLE(isa) KPALETTE_JOIN(kernels_, isa)
#define KPALETTE_ROWS(isa) KPALETTE_JOIN(row_kernels_, isa)
#define KPALETTE_STRING(text) #text
#define KPALETTE_NAME(isa) KPALETTE_STRING(isa)

extern const RowKernels KPALETTE_ROWS(KPALETTE_ISA_NAME);
extern const Kernels KPALETTE_TABLE(KPALETTE_ISA_NAME);
const Kernels KPALETTE_TABLE(KPALETTE_ISA_NAME) = {
    KPALETTE_NAME(KPALETTE_ISA_NAME),
    {nullptr, nullptr, nullptr, narrow<3>, narrow<4>},
    {nullptr, nullptr, nullptr, assign<3>, assign<4>},
    assign_samples,
    KPALETTE_ROWS(KPALETTE_ISA_NAME),
};

}  // namespace kpalette
