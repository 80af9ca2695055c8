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
inline Floats all(float value) { return value - Floats{}; }
inline Ints all(std::int32_t value) { return value - Ints{}; }
inline Floats least(Floats a, Floats b) { return a < b ? a : b; }
inline Floats most(Floats a, Floats b) { return a > b ? a : b; }
inline Floats magnitude(Floats a) { return (Floats)((Ints)a & all(0x7fffffff)); }

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

/// Appends the lanes of `from` that `keep` names. May write past them, as far as the padding goes.
inline void append(Floats from, unsigned keep, float* to) {
#if defined(__AVX512F__)
  _mm512_storeu_ps(to, _mm512_maskz_compress_ps(static_cast<__mmask16>(keep), (__m512)from));
#else
  for (; keep != 0; keep &= keep - 1) *to++ = from[__builtin_ctz(keep)];
#endif
}
inline void append(const std::int32_t* from, unsigned keep, std::int32_t* to) {
#if defined(__AVX512F__)
  _mm512_storeu_si512(
      to, _mm512_maskz_compress_epi32(static_cast<__mmask16>(keep), _mm512_loadu_si512(from)));
#else
  for (; keep != 0; keep &= keep - 1) *to++ = from[__builtin_ctz(keep)];
#endif
}

/// The least of the lanes.
inline float least_of(Floats values) {
  typedef float Floats4 __attribute__((vector_size(16)));
  Floats4 parts[kLanes / 4];
  __builtin_memcpy(parts, &values, sizeof parts);
  for (int part = 1; part < kLanes / 4; ++part) {
    parts[0] = parts[0] < parts[part] ? parts[0] : parts[part];
  }
  const float low = parts[0][0] < parts[0][1] ? parts[0][0] : parts[0][1];
  const float high = parts[0][2] < parts[0][3] ? parts[0][2] : parts[0][3];
  return low < high ? low : high;
}

/// Finds the candidate nearest to the middle of the box.
template <int D>
inline void find_pivot(const Box& box, const Candidates& in, float* pivot) {
  Floats nearest = all(__builtin_inff());
  Ints which = {};
  for (int j = 0; j < in.count; j += kLanes) {
    Floats square = {};
    for (int axis = 0; axis < D; ++axis) {
      const Floats offset = load(in.coords[axis] + j) - all(box.middle[axis]);
      square += offset * offset;
    }
    which = square < nearest ? all(j) : which;
    nearest = least(nearest, square);
  }
  const int lane = __builtin_ctz(bits(nearest == all(least_of(nearest))));
  for (int axis = 0; axis < D; ++axis) pivot[axis] = in.coords[axis][which[lane] + lane];
}

/// Calls keep(j, lanes) for the candidates that could be nearest.
template <int D, class Keep>
inline void filter(const Box& box, const Candidates& in, const float* pivot, float slack,
                   const Keep& keep) {
  float found[D];
  if (pivot == nullptr) {
    find_pivot<D>(box, in, found);
    pivot = found;
  }
  // A centre is out if the pivot is nearer even at the corner of the box that favours the centre
  // most: d2(centre, middle) - d2(pivot, middle) > 2 * sum of half * |centre - pivot|.
  Floats middle[D];
  Floats pivot_coords[D];
  Floats twice_half[D];
  float limit = slack;
  for (int axis = 0; axis < D; ++axis) {
    const float offset = pivot[axis] - box.middle[axis];
    limit += offset * offset;
    middle[axis] = all(box.middle[axis]);
    pivot_coords[axis] = all(pivot[axis]);
    twice_half[axis] = all(2 * box.half[axis]);
  }
  for (int j = 0; j < in.count; j += kLanes) {
    Floats square = -all(limit);
    Floats gain = {};
    for (int axis = 0; axis < D; ++axis) {
      const Floats center = load(in.coords[axis] + j);
      const Floats offset = center - middle[axis];
      square += offset * offset;
      gain += twice_half[axis] * magnitude(center - pivot_coords[axis]);
    }
    // Padding never passes: its squared distance is near kFar^2, what it gains near kFar.
    keep(j, bits(square <= gain));
  }
}

template <int D>
void narrow(const Box& box, const Candidates& in, const float* pivot, float slack,
            Candidates& out) {
  int count = 0;
  filter<D>(box, in, pivot, slack, [&](int j, unsigned lanes) {
    for (int axis = 0; axis < D; ++axis) {
      append(load(in.coords[axis] + j), lanes, out.coords[axis] + count);
    }
    append(in.ids + j, lanes, out.ids + count);
    count += __builtin_popcount(lanes);
  });
  out.count = count;
  for (int j = count; j % Candidates::kPad != 0; ++j) {
    for (int axis = 0; axis < D; ++axis) out.coords[axis][j] = Candidates::kFar;
  }
}

template <int D>
int list(const Box& box, const Candidates& in, const float* pivot, float slack, std::int32_t* ids) {
  int count = 0;
  filter<D>(box, in, pivot, slack, [&](int j, unsigned lanes) {
    append(in.ids + j, lanes, ids + count);
    count += __builtin_popcount(lanes);
  });
  return count;
}

template <int D>
Marks assign(const float* block, const float* centers, const std::int32_t* ids, int count,
             float gap, const std::uint16_t* before, std::uint16_t* labels) {
  // Half of |x - c|^2 - |x|^2: one multiply-add per axis. As many vectors at once as keep the
  // registers full, so that each centre is broadcast once for all of them.
  constexpr int kAtOnce = kLanes >= 16 ? 4 : 2;
  Marks marks = {};
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
    for (int j = 0; j < count; ++j) {
      const float* const from = centers + ids[j] * (D + 1);
      const Floats half_square = all(from[D]);
      Floats center[D];
      for (int axis = 0; axis < D; ++axis) center[axis] = all(from[axis]);
      const Ints id = all(ids[j]);
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
      const Shorts old = *reinterpret_cast<const LooseShorts*>(before + at);
      const Ints changed = label[v] != __builtin_convertvector(old, Ints);
      marks.close |= std::uint64_t{bits(second[v] - best[v] <= all(gap))} << at;
      marks.changed |= std::uint64_t{bits(changed)} << at;
      *reinterpret_cast<LooseShorts*>(labels + at) = __builtin_convertvector(label[v], Shorts);
    }
  }
  return marks;
}

// For the colours of a cube, exact in 16 bits.
constexpr int kWide = 2 * kLanes;
typedef std::int16_t Wide __attribute__((vector_size(kWide * 2)));
typedef std::uint8_t Narrow __attribute__((vector_size(kWide), aligned(1)));

inline Wide wide(int value) { return static_cast<std::int16_t>(value) - Wide{}; }

void fill_cell(const std::uint8_t* corner, const std::uint8_t* palette, const std::int32_t* ids,
               int count, std::uint8_t* cell) {
  // For a colour at x from the corner, d2(c) - d2(c0) = rest + slopes . x, where c0 is the first.
  // Let p be the pivot of list(), which is nearest to the middle, and |.| the sum over axes. Over
  // the cube, d2(c) - d2(p) has a range of 2 * 7 |c - p| <= 10,710; it is at most 0 somewhere, or c
  // would be out, and at least 0 in the middle. So it is from -5,355 to 10,710, as is that of c0,
  // and their difference is below 2^14.
  struct Line {
    int rest;
    int slopes[3];
  };
  Line lines[256];
  const std::uint8_t* first = palette + 3 * ids[0];
  for (int j = 0; j < count; ++j) {
    const std::uint8_t* color = palette + 3 * ids[j];
    lines[j].rest = 0;
    for (int axis = 0; axis < 3; ++axis) {
      const int from = corner[axis] - color[axis];
      const int from_first = corner[axis] - first[axis];
      lines[j].rest += from * from - from_first * from_first;
      lines[j].slopes[axis] = 2 * (first[axis] - color[axis]);
    }
  }
  Wide greens;  // within a vector, from its first colour
  Wide blues;
  for (int lane = 0; lane < kWide; ++lane) {
    greens[lane] = static_cast<std::int16_t>(lane >> 3);
    blues[lane] = static_cast<std::int16_t>(lane & 7);
  }
  constexpr int kAtOnce = kLanes >= 16 ? 8 : 4;
  for (int start = 0; start < Kernels::kCell; start += kAtOnce * kWide) {
    Wide best[kAtOnce];
    Wide label[kAtOnce];
    for (int v = 0; v < kAtOnce; ++v) {
      best[v] = Wide{};
      label[v] = wide(ids[0]);
    }
    for (int j = 1; j < count; ++j) {
      const Line& line = lines[j];
      const Wide within = wide(line.slopes[1]) * greens + wide(line.slopes[2]) * blues;
      const Wide id = wide(ids[j]);
      for (int v = 0; v < kAtOnce; ++v) {
        const int at = start + v * kWide;
        const Wide score =
            within + wide(line.rest + (at >> 6) * line.slopes[0] + (at >> 3 & 7) * line.slopes[1]);
        label[v] = score < best[v] ? id : label[v];
        best[v] = score < best[v] ? score : best[v];
      }
    }
    for (int v = 0; v < kAtOnce; ++v) {
      *reinterpret_cast<Narrow*>(cell + start + v * kWide) =
          __builtin_convertvector(label[v], Narrow);
    }
  }
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
    {nullptr, nullptr, nullptr, list<3>, list<4>},
    {nullptr, nullptr, nullptr, assign<3>, assign<4>},
#if defined(KPALETTE_COLORS_ONLY)
    nullptr,
#else
    assign_samples,
#endif
    fill_cell,
    KPALETTE_ROWS(KPALETTE_ISA_NAME),
};

}  // namespace kpalette
