// Compiled once per instruction set, as kernels_isa.cpp is, but without contraction.
//
// Nothing here may use an inline function of another header: the linker keeps one copy of such a
// function, and that copy could hold instructions that the machine lacks.
#include "row_kernels.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace kpalette {
namespace {

constexpr int kLanes = KPALETTE_LANES;
constexpr std::size_t kRows = 64;  // of a block

// Whatever the registers' width, sums are kept in eight lanes.
typedef double Doubles __attribute__((vector_size(64)));
typedef double LooseDoubles __attribute__((vector_size(64), aligned(8)));
typedef float Halves __attribute__((vector_size(32)));
typedef float LooseHalves __attribute__((vector_size(32), aligned(4)));
typedef float Floats __attribute__((vector_size(kLanes * 4)));
typedef float LooseFloats __attribute__((vector_size(kLanes * 4), aligned(4)));

inline Doubles load8(const double* from) { return *reinterpret_cast<const LooseDoubles*>(from); }
inline Doubles load8(const float* from) {
  return __builtin_convertvector(Halves(*reinterpret_cast<const LooseHalves*>(from)), Doubles);
}
inline void store8(double* to, Doubles values) { *reinterpret_cast<LooseDoubles*>(to) = values; }
inline Doubles all8(double value) { return value - Doubles{}; }
inline double sum8(Doubles v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

inline Floats load(const float* from) { return *reinterpret_cast<const LooseFloats*>(from); }
inline void store(float* to, Floats values) { *reinterpret_cast<LooseFloats*>(to) = values; }
inline Floats all(float value) { return value - Floats{}; }

// ---- dense rows ----

template <class T>
void range(const T* rows, std::size_t count, int dim, T* low, T* high) {
  // Some rows at a time as one long one, for vectors to be filled where there are few columns.
  constexpr std::size_t kWide = 64;
  const auto width = static_cast<std::size_t>(dim);
  const std::size_t total = count * width;
  const std::size_t wide = width >= kWide ? width : kWide / width * width;
  T lows[kWide];
  T highs[kWide];
  T* least = wide <= kWide ? lows : low;
  T* most = wide <= kWide ? highs : high;
  if (wide <= kWide) {
    for (std::size_t i = 0; i < wide; ++i) {
      lows[i] = low[i % width];
      highs[i] = high[i % width];
    }
  }
  std::size_t at = 0;
  for (; at + wide <= total; at += wide) {
    const T* values = rows + at;
    for (std::size_t i = 0; i < wide; ++i) {
      least[i] = values[i] < least[i] ? values[i] : least[i];
      most[i] = values[i] > most[i] ? values[i] : most[i];
    }
  }
  for (std::size_t i = 0; at + i < total; ++i) {
    const T value = rows[at + i];
    least[i] = value < least[i] ? value : least[i];
    most[i] = value > most[i] ? value : most[i];
  }
  if (wide <= kWide) {
    for (std::size_t i = 0; i < wide; ++i) {
      low[i % width] = lows[i] < low[i % width] ? lows[i] : low[i % width];
      high[i % width] = highs[i] > high[i % width] ? highs[i] : high[i % width];
    }
  }
}

#if defined(__AVX2__)

/// Eight neighbours of a row, or the first `count` of them and zeros, scaled and shifted.
#if defined(__AVX512F__)
struct Eight {
  explicit Eight(int count) : mask(static_cast<__mmask8>((1u << count) - 1)) {}
  __m256 operator()(const float* row, __m256 scale, __m256 shift) const {
    return _mm256_maskz_loadu_ps(mask, row) * scale + shift;
  }
  __m256 operator()(const double* row, __m512d scale, __m512d shift) const {
    return __builtin_convertvector(_mm512_maskz_loadu_pd(mask, row) * scale + shift, Halves);
  }
  __m256 get(const float* from) const { return _mm256_maskz_loadu_ps(mask, from); }
  __m512d get(const double* from) const { return _mm512_maskz_loadu_pd(mask, from); }
  static __m256 same(float value) { return _mm256_set1_ps(value); }
  static __m512d same(double value) { return _mm512_set1_pd(value); }

  __mmask8 mask;
};
#else
struct Pair {
  __m256d low;
  __m256d high;
};
struct Eight {
  explicit Eight(int count)
      : mask(_mm256_cmpgt_epi32(_mm256_set1_epi32(count),
                                _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))),
        low(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(mask))),
        high(_mm256_cvtepi32_epi64(_mm256_extracti128_si256(mask, 1))) {}
  __m256 operator()(const float* row, __m256 scale, __m256 shift) const {
    return _mm256_maskload_ps(row, mask) * scale + shift;
  }
  __m256 operator()(const double* row, Pair scale, Pair shift) const {
    const Pair values = get(row);
    return _mm256_set_m128(_mm256_cvtpd_ps(values.high * scale.high + shift.high),
                           _mm256_cvtpd_ps(values.low * scale.low + shift.low));
  }
  __m256 get(const float* from) const { return _mm256_maskload_ps(from, mask); }
  Pair get(const double* from) const {
    return {_mm256_maskload_pd(from, low), _mm256_maskload_pd(from + 4, high)};
  }
  static __m256 same(float value) { return _mm256_set1_ps(value); }
  static Pair same(double value) { return {_mm256_set1_pd(value), _mm256_set1_pd(value)}; }

  __m256i mask;
  __m256i low;
  __m256i high;
};
#endif

/// Turns 4 vectors whose lanes of four floats each hold a row into 4 that each hold a column.
#if defined(__AVX512F__)
inline void turn(Floats* v) {
  const __m512 a = _mm512_unpacklo_ps(v[0], v[1]);
  const __m512 b = _mm512_unpackhi_ps(v[0], v[1]);
  const __m512 c = _mm512_unpacklo_ps(v[2], v[3]);
  const __m512 d = _mm512_unpackhi_ps(v[2], v[3]);
  v[0] = _mm512_shuffle_ps(a, c, 0x44);
  v[1] = _mm512_shuffle_ps(a, c, 0xee);
  v[2] = _mm512_shuffle_ps(b, d, 0x44);
  v[3] = _mm512_shuffle_ps(b, d, 0xee);
}
#else
inline void turn(Floats* v) {
  const __m256 a = _mm256_unpacklo_ps(v[0], v[1]);
  const __m256 b = _mm256_unpackhi_ps(v[0], v[1]);
  const __m256 c = _mm256_unpacklo_ps(v[2], v[3]);
  const __m256 d = _mm256_unpackhi_ps(v[2], v[3]);
  v[0] = _mm256_shuffle_ps(a, c, 0x44);
  v[1] = _mm256_shuffle_ps(a, c, 0xee);
  v[2] = _mm256_shuffle_ps(b, d, 0x44);
  v[3] = _mm256_shuffle_ps(b, d, 0xee);
}
#endif

template <class T>
void load_block(const T* rows, int dim, const T* shift, T scale, float* block, float* squares) {
  const auto width = static_cast<std::size_t>(dim);
  for (std::size_t first = 0; first < kRows; first += kLanes) {
    Floats square = {};
    for (int axis = 0; axis < dim; axis += 8) {
      const int columns = dim - axis < 8 ? dim - axis : 8;
      const Eight eight(columns);
      const auto scales = Eight::same(scale);
      const auto shifts = eight.get(shift + axis);
      const T* from = rows + first * width + axis;
      // Lane j of vector i is row 4 j + i: then columns come out in the order of rows.
      Floats left[4];
      Floats right[4];
      for (std::size_t i = 0; i < 4; ++i) {
        const __m256 a = eight(from + i * width, scales, shifts);
        const __m256 b = eight(from + (i + 4) * width, scales, shifts);
#if defined(__AVX512F__)
        const __m256 c = eight(from + (i + 8) * width, scales, shifts);
        const __m256 d = eight(from + (i + 12) * width, scales, shifts);
        const __m512 ab = _mm512_insertf32x8(_mm512_castps256_ps512(a), b, 1);
        const __m512 cd = _mm512_insertf32x8(_mm512_castps256_ps512(c), d, 1);
        left[i] = _mm512_shuffle_f32x4(ab, cd, 0x88);
        right[i] = _mm512_shuffle_f32x4(ab, cd, 0xdd);
#else
        left[i] = _mm256_permute2f128_ps(a, b, 0x20);
        right[i] = _mm256_permute2f128_ps(a, b, 0x31);
#endif
      }
      float* to = block + static_cast<std::size_t>(axis) * kRows + first;
      turn(left);
      for (int i = 0; i < 4 && i < columns; ++i) {
        store(to + static_cast<std::size_t>(i) * kRows, left[i]);
        square += left[i] * left[i];
      }
      if (columns <= 4) continue;
      turn(right);
      for (int i = 4; i < columns; ++i) {
        store(to + static_cast<std::size_t>(i) * kRows, right[i - 4]);
        square += right[i - 4] * right[i - 4];
      }
    }
    store(squares + first, square);
  }
}

#else

template <class T>
void load_block(const T* rows, int dim, const T* shift, T scale, float* block, float* squares) {
  for (std::size_t lane = 0; lane < kRows; ++lane) {
    const T* row = rows + lane * static_cast<std::size_t>(dim);
    float square = 0;
    for (int axis = 0; axis < dim; ++axis) {
      const auto value = static_cast<float>(row[axis] * scale + shift[axis]);
      block[static_cast<std::size_t>(axis) * kRows + lane] = value;
      square += value * value;
    }
    squares[lane] = square;
  }
}

#endif

template <bool kWeighted, class T>
inline void add_rows(const T* rows, std::size_t count, int dim, const double* origin,
                     const double* weights, const std::int32_t* labels, double* sums,
                     double* totals) {
  const auto width = static_cast<std::size_t>(dim);
  for (std::size_t i = 0; i < count; ++i) {
    const T* row = rows + i * width;
    const auto label = static_cast<std::size_t>(labels[i]);
    double* sum = sums + label * width;
    const double weight = kWeighted ? weights[i] : 1.0;
    totals[label] += weight;
    std::size_t axis = 0;
    for (; axis + 8 <= width; axis += 8) {
      Doubles x = load8(row + axis) - load8(origin + axis);
      if (kWeighted) x *= all8(weight);
      store8(sum + axis, load8(sum + axis) + x);
    }
    for (; axis < width; ++axis) {
      const double x = static_cast<double>(row[axis]) - origin[axis];
      sum[axis] += kWeighted ? weight * x : x;
    }
  }
}

template <class T>
void add(const T* rows, std::size_t count, int dim, const double* origin, const double* weights,
         const std::int32_t* labels, double* sums, double* totals) {
  if (weights == nullptr) {
    add_rows<false>(rows, count, dim, origin, weights, labels, sums, totals);
  } else {
    add_rows<true>(rows, count, dim, origin, weights, labels, sums, totals);
  }
}

template <class T>
void squares(const T* rows, std::size_t count, int dim, const double* centers,
             const std::int32_t* labels, double* out) {
  const auto width = static_cast<std::size_t>(dim);
  for (std::size_t i = 0; i < count; ++i) {
    const T* row = rows + i * width;
    const double* center = centers + static_cast<std::size_t>(labels[i]) * width;
    Doubles sum = {};
    std::size_t axis = 0;
    for (; axis + 8 <= width; axis += 8) {
      const Doubles offset = load8(row + axis) - load8(center + axis);
      sum += offset * offset;
    }
    double square = axis > 0 ? sum8(sum) : 0.0;
    for (; axis < width; ++axis) {
      const double offset = static_cast<double>(row[axis]) - center[axis];
      square += offset * offset;
    }
    out[i] = square;
  }
}

template <class T>
std::int32_t nearest(const T* row, int dim, const double* groups, int count) {
  constexpr int kExact = RowKernels::kExact;
  double best = __builtin_inf();
  std::int32_t label = 0;
  for (int first = 0; first < count; first += kExact) {
    Doubles square = {};
    for (int axis = 0; axis < dim; ++axis, groups += kExact) {
      const Doubles offset = all8(static_cast<double>(row[axis])) - load8(groups);
      square += offset * offset;
    }
    for (int j = 0; j < kExact && first + j < count; ++j) {
      if (square[j] < best) {
        best = square[j];
        label = first + j;
      }
    }
  }
  return label;
}

template <class T>
void hash(const T* rows, std::size_t count, int dim, const std::uint64_t* factors,
          std::uint64_t* hashes) {
  typedef std::uint64_t Words __attribute__((vector_size(64)));
  typedef std::uint64_t LooseWords __attribute__((vector_size(64), aligned(8)));
  const auto width = static_cast<std::size_t>(dim);
  for (std::size_t i = 0; i < count; ++i) {
    const T* row = rows + i * width;
    Words sums = {};
    std::size_t axis = 0;
    // + 0.0 makes -0 the same as 0. Small whole numbers differ in their upper bits alone.
    for (; axis + 8 <= width; axis += 8) {
      const Words bits = (Words)(load8(row + axis) + all8(0.0));
      sums += (bits ^ (bits >> 32)) * *reinterpret_cast<const LooseWords*>(factors + axis);
    }
    std::uint64_t sum = 0;
    for (int lane = 0; lane < 8; ++lane) sum += sums[lane];
    for (; axis < width; ++axis) {
      const double value = static_cast<double>(row[axis]) + 0.0;
      std::uint64_t bits;
      __builtin_memcpy(&bits, &value, sizeof bits);
      sum += (bits ^ (bits >> 32)) * factors[axis];
    }
    hashes[i] = sum;
  }
}

/// A vector of distances fills a register; a group of centres is a whole number of those.
template <class T>
struct Wide {
  static constexpr int kSize = kLanes * 4 / static_cast<int>(sizeof(T));
  typedef T Vector __attribute__((vector_size(kLanes * 4)));
  typedef T Loose __attribute__((vector_size(kLanes * 4), aligned(sizeof(T))));
};

#if defined(__AVX512F__)
inline Floats roots(Floats v) { return _mm512_sqrt_ps(v); }
inline Wide<double>::Vector roots(Wide<double>::Vector v) { return _mm512_sqrt_pd(v); }
#elif defined(__AVX2__)
inline Floats roots(Floats v) { return _mm256_sqrt_ps(v); }
inline Wide<double>::Vector roots(Wide<double>::Vector v) { return _mm256_sqrt_pd(v); }
#else
inline Floats roots(Floats v) {
  for (int i = 0; i < kLanes; ++i) v[i] = __builtin_sqrtf(v[i]);
  return v;
}
inline Wide<double>::Vector roots(Wide<double>::Vector v) {
  for (int i = 0; i < kLanes / 2; ++i) v[i] = __builtin_sqrt(v[i]);
  return v;
}
#endif

template <int kRowsAtOnce, int kAtOnce, class T>
inline void distances_of(const T* rows, std::size_t width, const T* centers, int count, T* out,
                         std::size_t stride) {
  using Vector = typename Wide<T>::Vector;
  using Loose = typename Wide<T>::Loose;
  constexpr int kSize = Wide<T>::kSize;
  Vector sums[kRowsAtOnce][kAtOnce] = {};
  for (std::size_t axis = 0; axis < width; ++axis, centers += RowKernels::kFar) {
    Vector center[kAtOnce];
#pragma GCC unroll 8
    for (int v = 0; v < kAtOnce; ++v) {
      center[v] = *reinterpret_cast<const Loose*>(centers + v * kSize);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRowsAtOnce; ++r) {
      const T x = rows[static_cast<std::size_t>(r) * width + axis];
#pragma GCC unroll 8
      for (int v = 0; v < kAtOnce; ++v) {
        const Vector offset = x - center[v];
        sums[r][v] += offset * offset;
      }
    }
  }
  for (int r = 0; r < kRowsAtOnce; ++r) {
    for (int v = 0; v < kAtOnce; ++v) {
      const Vector far = roots(sums[r][v]);
      T* to = out + static_cast<std::size_t>(r) * stride + v * kSize;
      if ((v + 1) * kSize <= count) {
        *reinterpret_cast<Loose*>(to) = far;
      } else {
        for (int i = 0; v * kSize + i < count; ++i) to[i] = far[i];
      }
    }
  }
}

template <class T>
void distances(const T* rows, std::size_t count, int dim, const T* groups, int k, T* out) {
  constexpr int kSize = Wide<T>::kSize;
  constexpr std::size_t kAtOnce = kLanes >= 16 ? 8 : 4;
  const auto width = static_cast<std::size_t>(dim);
  const auto stride = static_cast<std::size_t>(k);
  for (int j = 0; j < k;) {
    const T* from = groups +
                    static_cast<std::size_t>(j / RowKernels::kFar) * width * RowKernels::kFar +
                    j % RowKernels::kFar;
    const bool both = k - j > kSize;
    std::size_t i = 0;
    for (; i + kAtOnce <= count; i += kAtOnce) {
      const T* some = rows + i * width;
      T* to = out + i * stride + j;
      if (both) {
        distances_of<kAtOnce, 2>(some, width, from, k - j, to, stride);
      } else {
        distances_of<kAtOnce, 1>(some, width, from, k - j, to, stride);
      }
    }
    for (; i < count; ++i) {
      const T* some = rows + i * width;
      T* to = out + i * stride + j;
      if (both) {
        distances_of<1, 2>(some, width, from, k - j, to, stride);
      } else {
        distances_of<1, 1>(some, width, from, k - j, to, stride);
      }
    }
    j += both ? 2 * kSize : kSize;
  }
}

// ---- blocks of rows, for the draws of a start ----

template <int kCount>
inline void squares_of(const float* block, int dim, const float* points, int stride, float* out) {
  constexpr int kAtOnce = kLanes >= 16 ? 4 : 2;
  for (std::size_t first = 0; first < kRows; first += kAtOnce * kLanes) {
    Floats sums[kCount][kAtOnce] = {};
    const float* point = points;
    for (int axis = 0; axis < dim; ++axis, point += stride) {
      Floats x[kAtOnce];
#pragma GCC unroll 8
      for (int v = 0; v < kAtOnce; ++v) {
        x[v] = load(block + static_cast<std::size_t>(axis) * kRows + first +
                    static_cast<std::size_t>(v) * kLanes);
      }
#pragma GCC unroll 8
      for (int j = 0; j < kCount; ++j) {
#pragma GCC unroll 8
        for (int v = 0; v < kAtOnce; ++v) {
          const Floats offset = x[v] - all(point[j]);
          sums[j][v] += offset * offset;
        }
      }
    }
    for (int j = 0; j < kCount; ++j) {
      for (int v = 0; v < kAtOnce; ++v) {
        store(out + static_cast<std::size_t>(j) * kRows + first +
                  static_cast<std::size_t>(v) * kLanes,
              sums[j][v]);
      }
    }
  }
}

void squares_to(const float* block, int dim, const float* points, int count, float* out) {
  for (int j = 0; j < count;) {
    float* to = out + static_cast<std::size_t>(j) * kRows;
    switch (count - j) {
      case 1:
        squares_of<1>(block, dim, points + j, count, to);
        j += 1;
        break;
      case 2:
        squares_of<2>(block, dim, points + j, count, to);
        j += 2;
        break;
      case 3:
        squares_of<3>(block, dim, points + j, count, to);
        j += 3;
        break;
      case 4:
        squares_of<4>(block, dim, points + j, count, to);
        j += 4;
        break;
      default:
        squares_of<5>(block, dim, points + j, count, to);
        j += 5;
    }
  }
}

double sum_least(const float* a, const float* b, const double* weights, float* out) {
  Doubles sum = {};
  for (std::size_t i = 0; i < kRows; i += 8) {
    const Halves left = *reinterpret_cast<const LooseHalves*>(a + i);
    const Halves right = *reinterpret_cast<const LooseHalves*>(b + i);
    const Halves least = left < right ? left : right;
    if (out != nullptr) *reinterpret_cast<LooseHalves*>(out + i) = least;
    const Doubles values = __builtin_convertvector(least, Doubles);
    sum += weights == nullptr ? values : values * load8(weights + i);
  }
  return sum8(sum);
}

// ---- rows of an image ----

template <int kVectors>
inline void mix_some(const float* const* rows, const float* weights, std::size_t count,
                     std::size_t at, float* out) {
  Floats sums[kVectors] = {};
  for (std::size_t row = 0; row < count; ++row) {
    const Floats weight = all(weights[row]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[v] += load(rows[row] + at + v * kLanes) * weight;
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) store(out + at + v * kLanes, sums[v]);
}

void mix(const float* const* rows, const float* weights, std::size_t count, std::size_t width,
         float* out) {
  std::size_t at = 0;
  for (; at + 8 * kLanes <= width; at += 8 * kLanes) mix_some<8>(rows, weights, count, at, out);
  for (; at + kLanes <= width; at += kLanes) mix_some<1>(rows, weights, count, at, out);
  for (; at < width; ++at) {
    float sum = 0;
    for (std::size_t row = 0; row < count; ++row) sum += rows[row][at] * weights[row];
    out[at] = sum;
  }
}

// ---- sparse rows ----

template <int kVectors, class T, class Index>
inline void dots_of(const T* values, const Index* columns, std::size_t count, const double* panel,
                    std::size_t k, double* out) {
  Doubles sums[kVectors] = {};
  for (std::size_t i = 0; i < count; ++i) {
    const Doubles value = all8(static_cast<double>(values[i]));
    const double* column = panel + static_cast<std::size_t>(columns[i]) * k;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[v] += value * load8(column + v * 8);
  }
  for (int v = 0; v < kVectors; ++v) store8(out + v * 8, sums[v]);
}

template <class T, class Index>
void dots(const T* values, const Index* columns, std::size_t count, const double* panel,
          std::size_t k, double* out) {
  std::size_t j = 0;
  if (kLanes >= 16) {
    for (; j + 64 <= k; j += 64) dots_of<8>(values, columns, count, panel + j, k, out + j);
  }
  for (; j + 16 <= k; j += 16) dots_of<2>(values, columns, count, panel + j, k, out + j);
  for (; j < k; j += 8) dots_of<1>(values, columns, count, panel + j, k, out + j);
}

}  // namespace

#define KPALETTE_JOIN(a, b) a##b
#define KPALETTE_TABLE(isa) KPALETTE_JOIN(row_kernels_, isa)

extern const RowKernels KPALETTE_TABLE(KPALETTE_ISA_NAME);
const RowKernels KPALETTE_TABLE(KPALETTE_ISA_NAME) = {
#if defined(KPALETTE_COLORS_ONLY)  // none calls the others, which the linker cannot know
    {},  {}, {}, {}, {}, {}, nullptr, nullptr,
#else
    {range<float>, load_block<float>, add<float>, squares<float>, nearest<float>, hash<float>,
     distances<float>},
    {range<double>, load_block<double>, add<double>, squares<double>, nearest<double>, hash<double>,
     distances<double>},
    {dots<float, std::int32_t>},
    {dots<double, std::int32_t>},
    {dots<float, std::int64_t>},
    {dots<double, std::int64_t>},
    squares_to,
    sum_least,
#endif
    mix,
};

}  // namespace kpalette
