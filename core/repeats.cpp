#include "repeats.hpp"

#include <algorithm>
#include <atomic>
#include <bit>

namespace kpalette {
namespace {

constexpr std::size_t kRowsPerTask = 4096;

/// Calls body(first, hashes) for pieces of n samples, whose hashes are zeros that body is to fill.
template <class Body>
void for_pieces(std::size_t n, Team& team, const Body& body) {
  team.run((n + kRowsPerTask - 1) / kRowsPerTask, [&](std::size_t task, int) {
    const std::size_t first = task * kRowsPerTask;
    std::vector<std::uint64_t> hashes(std::min(kRowsPerTask, n - first));
    body(first, std::span<std::uint64_t>(hashes));
  });
}

/// Takes a number in.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t bits) {
  hash ^= bits;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  return hash ^ (hash >> 31);
}

std::vector<std::uint64_t> factors_for(int dim) {
  std::vector<std::uint64_t> factors;
  for (int axis = 0; axis < dim; ++axis) {
    factors.push_back(mixed(0x9e3779b97f4a7c15u, static_cast<std::uint64_t>(axis)) | 1);
  }
  return factors;
}

/// Calls body(first, hashes) for pieces of the samples, on all threads.
template <class Body>
void for_hashes(const Samples& samples, Team& team, const Body& body) {
  const std::vector<std::uint64_t> factors = factors_for(samples.dim());
  std::visit(
      [&](const auto values) {
        using T = std::remove_cv_t<typename decltype(values)::element_type>;
        for_pieces(samples.size(), team, [&](std::size_t first, std::span<std::uint64_t> hashes) {
          const T* rows = values.data() + first * factors.size();
          row_loops<T>().hash(rows, hashes.size(), samples.dim(), factors.data(), hashes.data());
          body(first, hashes);
        });
      },
      samples.values());
}
template <class Body>
void for_hashes(const SparseSamples& samples, Team& team, const Body& body) {
  const std::vector<std::uint64_t> factors = factors_for(samples.dim());
  std::visit(
      [&](const auto& matrix) {
        for_pieces(samples.size(), team, [&](std::size_t first, std::span<std::uint64_t> hashes) {
          for (std::size_t i = 0; i < hashes.size(); ++i) {
            const auto row = matrix.row(first + i);
            for (std::size_t at = 0; at < row.count; ++at) {
              const auto bits =
                  std::bit_cast<std::uint64_t>(static_cast<double>(row.values[at]) + 0.0);
              hashes[i] +=
                  (bits ^ (bits >> 32)) * factors[static_cast<std::size_t>(row.columns[at])];
            }
          }
          body(first, hashes);
        });
      },
      samples.matrix());
}

/// A set of bits that threads set at once.
class Bits {
 public:
  explicit Bits(std::size_t least) : words_(std::bit_ceil(std::max<std::size_t>(least, 64)) / 64) {}

  /// Sets the bit of a hash; whether it was set before.
  bool set(std::uint64_t hash) {
    const std::uint64_t bit = std::uint64_t{1} << hash % 64;
    const std::size_t word = hash / 64 % words_.size();
    return (words_[word].fetch_or(bit, std::memory_order_relaxed) & bit) != 0;
  }
  bool get(std::uint64_t hash) const {
    const std::size_t word = hash / 64 % words_.size();
    return ((words_[word].load(std::memory_order_relaxed) >> hash % 64) & 1) != 0;
  }

 private:
  std::vector<std::atomic<std::uint64_t>> words_;
};

template <class Data>
std::vector<std::uint64_t> hashes_of(const Data& samples, Team& team) {
  std::vector<std::uint64_t> all(samples.size());
  for_hashes(samples, team, [&](std::size_t first, std::span<std::uint64_t> hashes) {
    for (std::size_t i = 0; i < hashes.size(); ++i) all[first + i] = mixed(hashes[i], 0);
  });
  return all;
}

/// Most samples have a bit of their own. Those that meet another's, one in sixteen, are few enough
/// to be looked for among all.
template <class Data>
bool repeats_among(const Data& samples, Team& team) {
  const std::size_t n = samples.size();
  Bits seen(8 * n);
  std::vector<std::vector<std::uint64_t>> met((n + kRowsPerTask - 1) / kRowsPerTask);
  for_hashes(samples, team, [&](std::size_t first, std::span<std::uint64_t> hashes) {
    for (std::uint64_t& hash : hashes) {
      hash = mixed(hash, 0);
      if (seen.set(hash)) met[first / kRowsPerTask].push_back(hash);
    }
  });
  std::vector<std::uint64_t> suspects;
  for (const auto& part : met) suspects.insert(suspects.end(), part.begin(), part.end());
  std::sort(suspects.begin(), suspects.end());
  if (std::adjacent_find(suspects.begin(), suspects.end()) != suspects.end()) return true;
  Bits wanted(8 * suspects.size());
  for (const std::uint64_t hash : suspects) wanted.set(hash);
  std::atomic<std::size_t> found = 0;
  for_hashes(samples, team, [&](std::size_t, std::span<std::uint64_t> hashes) {
    for (const std::uint64_t plain : hashes) {
      const std::uint64_t hash = mixed(plain, 0);
      if (wanted.get(hash) && std::binary_search(suspects.begin(), suspects.end(), hash)) ++found;
    }
  });
  return found > suspects.size();  // each is there once, as itself
}

}  // namespace

std::vector<std::uint64_t> hash_samples(const Samples& samples, Team& team) {
  return hashes_of(samples, team);
}

std::vector<std::uint64_t> hash_samples(const SparseSamples& samples, Team& team) {
  return hashes_of(samples, team);
}

bool any_repeats(const Samples& samples, Team& team) { return repeats_among(samples, team); }

bool any_repeats(const SparseSamples& samples, Team& team) { return repeats_among(samples, team); }

}  // namespace kpalette
