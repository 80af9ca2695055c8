#include "repeats.hpp"

#include <algorithm>
#include <atomic>
#include <bit>

namespace kpalette {
namespace {

constexpr std::size_t kRowsPerTask = 4096;

/// A thorough hash, by whose order samples are sorted.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t bits) {
  hash ^= bits;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  return hash ^ (hash >> 31);
}

/// A quick one.
std::uint64_t stirred(std::uint64_t hash, std::uint64_t bits) {
  hash = (hash ^ bits) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

/// Takes in a value and where it stands, but for zeros: so that sparse samples have the same hash.
template <class Mix>
void take(std::uint64_t& hash, const Mix& mix, std::size_t axis, double value) {
  if (value == 0) return;
  hash = mix(mix(hash, axis), std::bit_cast<std::uint64_t>(value));
}

/// Calls body(hash_of) where hash_of(i, mix) hashes sample i.
template <class Body>
auto with_hash(const Samples& samples, const Body& body) {
  return std::visit(
      [&](const auto values) {
        const auto dim = static_cast<std::size_t>(samples.dim());
        return body([values, dim](std::size_t i, const auto& mix) {
          std::uint64_t hash = 0;
          const auto* row = values.data() + i * dim;
          for (std::size_t axis = 0; axis < dim; ++axis) {
            take(hash, mix, axis, static_cast<double>(row[axis]));
          }
          return hash;
        });
      },
      samples.values());
}
template <class Body>
auto with_hash(const SparseSamples& samples, const Body& body) {
  return std::visit(
      [&](const auto& matrix) {
        return body([&matrix](std::size_t i, const auto& mix) {
          std::uint64_t hash = 0;
          const auto row = matrix.row(i);
          for (std::size_t at = 0; at < row.count; ++at) {
            take(hash, mix, static_cast<std::size_t>(row.columns[at]),
                 static_cast<double>(row.values[at]));
          }
          return hash;
        });
      },
      samples.matrix());
}

/// Calls body(task, i) for all samples, on all threads.
template <class Body>
void for_samples(std::size_t n, Team& team, const Body& body) {
  team.run((n + kRowsPerTask - 1) / kRowsPerTask, [&](std::size_t task, int) {
    const std::size_t end = std::min(n, (task + 1) * kRowsPerTask);
    for (std::size_t i = task * kRowsPerTask; i < end; ++i) body(task, i);
  });
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

/// Most samples have a bit of their own. Those that meet another's, one in sixteen, are few enough
/// to be looked for among all.
template <class Hash>
bool repeats_among(std::size_t n, Team& team, const Hash& hash_of) {
  const auto hashed = [&](std::size_t i) { return hash_of(i, stirred) * 0xd6e8feb86659fd93u; };
  Bits seen(8 * n);
  std::vector<std::vector<std::uint64_t>> met((n + kRowsPerTask - 1) / kRowsPerTask);
  for_samples(n, team, [&](std::size_t task, std::size_t i) {
    const std::uint64_t hash = hashed(i);
    if (seen.set(hash)) met[task].push_back(hash);
  });
  std::vector<std::uint64_t> suspects;
  for (const auto& part : met) suspects.insert(suspects.end(), part.begin(), part.end());
  std::sort(suspects.begin(), suspects.end());
  if (std::adjacent_find(suspects.begin(), suspects.end()) != suspects.end()) return true;
  Bits wanted(8 * suspects.size());
  for (const std::uint64_t hash : suspects) wanted.set(hash);
  std::atomic<std::size_t> found = 0;
  for_samples(n, team, [&](std::size_t, std::size_t i) {
    const std::uint64_t hash = hashed(i);
    if (wanted.get(hash) && std::binary_search(suspects.begin(), suspects.end(), hash)) ++found;
  });
  return found > suspects.size();  // each is there once, as itself
}

template <class Data>
std::vector<std::uint64_t> hashes_of(const Data& samples, Team& team) {
  return with_hash(samples, [&](const auto& hash_of) {
    std::vector<std::uint64_t> hashes(samples.size());
    for_samples(samples.size(), team,
                [&](std::size_t, std::size_t i) { hashes[i] = hash_of(i, mixed); });
    return hashes;
  });
}

}  // namespace

std::vector<std::uint64_t> hash_samples(const Samples& samples, Team& team) {
  return hashes_of(samples, team);
}

std::vector<std::uint64_t> hash_samples(const SparseSamples& samples, Team& team) {
  return hashes_of(samples, team);
}

bool any_repeats(const Samples& samples, Team& team) {
  return with_hash(
      samples, [&](const auto& hash_of) { return repeats_among(samples.size(), team, hash_of); });
}

bool any_repeats(const SparseSamples& samples, Team& team) {
  return with_hash(
      samples, [&](const auto& hash_of) { return repeats_among(samples.size(), team, hash_of); });
}

}  // namespace kpalette
